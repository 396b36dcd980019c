package spec

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// SingleStage is the name of the stage of a document that has only one.
const SingleStage = "tasks"

const (
	defaultTimeout = 10 * time.Minute
	maxTimeout     = DefaultDeadline
)

var stageForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// stageKeys mark a mapping as a stage, and so cannot name one.
var stageKeys = []string{"from", "after", "run", "steps", "timeout", "batch", "result", "emit"}

// tasks reads a single stage or a mapping of named ones.
func (d *decoder) tasks(v value) {
	if v.node.Kind != yaml.MappingNode {
		hint := `write {from: {range: [1, 10]}, run: "echo ${{ task.item }}"}`
		if v.node.Kind == yaml.SequenceNode {
			hint = "the commands of a task are a list below steps: inside it; several stages have names, such as tasks: {first: …, second: …}"
		}
		d.wrong(v, "a stage or a mapping of named stages", hint)
		return
	}
	if len(v.node.Content) == 0 {
		d.report(v, "there are no tasks", "add run, and from if there is more than one thing to do")
		return
	}
	if single(v.node) {
		d.stage(v, SingleStage)
		return
	}
	d.entries(v, func(name string, e value) {
		if !stageForm.MatchString(name) {
			k := value{in: e.in, node: e.key, path: v.path}
			d.report(k, "the name of a stage has letters, digits, dashes and underscores, and this is "+shown(name), "")
		}
		d.stage(e, name)
	})
}

// single reports whether a mapping is meant to be a stage, even a misspelt one,
// rather than stages by name.
func single(n *yaml.Node) bool {
	stages := 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		if slices.Contains(stageKeys, n.Content[i].Value) {
			return true
		}
		e := n.Content[i+1]
		if e.Kind == yaml.AliasNode {
			e = e.Alias
		}
		if e.Kind == yaml.MappingNode {
			stages++
		}
	}
	return stages == 0
}

// stage reads one stage and keeps it.
func (d *decoder) stage(v value, name string) {
	s := Stage{Name: name, Timeout: defaultTimeout}
	var run, steps, batch value
	has := d.fields(v,
		// where the items come from, one task for each
		field{"from", func(v value) { s.From = d.source(v) }},
		// the stages that have to end before this one begins
		field{"after", func(v value) { s.After = d.afters(v) }},
		// the only command of the task
		field{"run", func(v value) { run, s.Steps = v, d.step(v, nil) }},
		// several steps, one after another, each with one of the three keys below
		field{"steps", func(v value) { steps, s.Steps = v, d.steps(v) }},
		// how long one attempt at a task may take, all its commands together
		field{"timeout", func(v value) {
			if t := d.duration(v, time.Second, maxTimeout); t != 0 {
				s.Timeout = t
			}
		}},
		// how many tasks may share one batch
		field{"batch", func(v value) { batch = v; s.Batch = d.batch(v) }},
		// what to keep of the output
		field{"result", func(v value) { s.Result = d.expr(v, "") }},
		// the tasks that a result makes
		field{"emit", func(v value) { s.Emit = d.emits(v) }},
	)
	s.Place = v.namePlace()
	d.waitFor(&s)
	d.unsure = d.unsure || v.node.Kind != yaml.MappingNode
	switch {
	case v.node.Kind != yaml.MappingNode:
	case run.node != nil && steps.node != nil:
		d.report(steps, "there is a run beside these steps", "put it among them as - run: …, or leave out one of the two")
	case !has["run"] && !has["steps"]:
		d.missing(v, "there is no run", "add the command, such as run: echo hello, or steps: with several")
	}
	d.checkBatch(batch, s)
	d.spec.Stages = append(d.spec.Stages, s)
}

// namePlace is the place of a value's key, or of the value.
func (v value) namePlace() diag.Place {
	if v.key != nil {
		return value{in: v.in, node: v.key}.place()
	}
	return v.place()
}

// step reads one command, text for the shell or a list of arguments, and adds it
// to the steps.
func (d *decoder) step(v value, steps []Step) []Step {
	if v.node.Kind != yaml.SequenceNode {
		t, ok := d.template(v, "a command: text for the shell, or a list of arguments")
		if !ok {
			return steps
		}
		d.add(checkUnfilled(t, v.path)...)
		d.add(v.cutShort(checkShell(t, v.path))...)
		return append(steps, Step{Shell: &t, Place: v.place()})
	}
	var argv []Template
	if len(v.node.Content) == 0 {
		d.report(v, "there is no program in this command", "write a list such as [echo, hello]")
	}
	d.list(v, "", "", func(v value) {
		if t, ok := d.argument(v); ok {
			d.add(checkUnfilled(t, v.path)...)
			argv = append(argv, t)
		}
	})
	if len(argv) == 0 {
		return steps
	}
	d.add(checkArgv(argv, v.path)...)
	return append(steps, Step{Argv: argv, Place: v.place()})
}

// emits reads one emit or a list of them.
func (d *decoder) emits(v value) []Emit {
	var emits []Emit
	read := func(v value) {
		e := Emit{}
		has := d.fields(v,
			// the stage that gets the tasks
			field{"stage", func(v value) {
				e.Stage, _ = d.stageName(v)
				e.Place = v.place()
			}},
			// the items of the new tasks
			field{"each", func(v value) { e.Each = d.expr(v, "") }},
		)
		if v.node.Kind == yaml.MappingNode && !has["stage"] {
			d.missing(v, "there is no stage", "say which stage gets the tasks")
		}
		if v.node.Kind == yaml.MappingNode && !has["each"] {
			d.missing(v, "there is no each", "add an expression that gives a list, one item for each new task")
		}
		d.unsure = d.unsure || e.Stage == ""
		emits = append(emits, e)
	}
	if v.node.Kind == yaml.SequenceNode {
		d.list(v, "", "", read)
	} else {
		read(v)
	}
	return emits
}

// checkStages finds stages that no task can reach, emits into nothing, and stages
// that wait in vain.
func (d *decoder) checkStages() {
	d.singleTasks()
	var names []string
	for _, s := range d.spec.Stages {
		names = append(names, s.Name)
	}
	into := map[string][]string{}
	for _, s := range d.spec.Stages {
		for _, e := range s.Emit {
			if e.Stage == "" {
				continue
			}
			if !slices.Contains(names, e.Stage) {
				d.noStage(e.Stage, e.Place, stagePath(s)+".emit", names)
			}
			into[e.Stage] = append(into[e.Stage], s.Name)
		}
	}
	d.checkAfter(names)
	reached := reach(d.spec.Stages)
	for _, s := range d.spec.Stages {
		if !reached[s.Name] && !d.unsure {
			d.unreached(s, into[s.Name])
		}
	}
}

// reach is the stages that get tasks, at first or from one that does. A stage
// whose source is broken counts as if it had one.
func reach(stages []Stage) map[string]bool {
	reached := map[string]bool{}
	var follow func(Stage)
	follow = func(s Stage) {
		if reached[s.Name] {
			return
		}
		reached[s.Name] = true
		for _, e := range s.Emit {
			for _, t := range stages {
				if t.Name == e.Stage {
					follow(t)
				}
			}
		}
	}
	for _, s := range stages {
		if s.From != nil {
			follow(s)
		}
	}
	return reached
}

// noStage reports the name of a stage that there is not.
func (d *decoder) noStage(stage string, at diag.Place, path string, names []string) {
	hint := "the stages are " + listed(names)
	if near, ok := diag.Nearest(stage, names); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	d.add(diag.Diagnostic{Place: at, Path: path, Fact: "there is no stage " + shown(stage), Hint: hint})
}

func (d *decoder) unreached(s Stage, from []string) {
	f := diag.Diagnostic{Place: s.Place, Path: stagePath(s)}
	if len(from) == 0 {
		f.Fact, f.Hint = "no task reaches this stage", "add from:, or an emit of another stage that names it"
	} else {
		f.Fact = fmt.Sprintf("no task reaches this stage: only %s emits into it, and no task reaches that", listed(from))
		f.Hint = "add from: to one of them"
	}
	if s.Name == SingleStage && len(from) == 0 {
		f.Fact, f.Hint = "there is no from", "say where the tasks come from, such as from: {range: [1, 10]}"
	}
	d.add(f)
}

func stagePath(s Stage) string {
	if s.Name == SingleStage {
		return SingleStage
	}
	return join(SingleStage, s.Name)
}
