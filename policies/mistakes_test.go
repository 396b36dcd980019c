package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
)

func TestMistakes(t *testing.T) {
	tests := []struct {
		kind, expr string
		want       string // "column+width fact", then " | hint" if there is one
	}{
		// Names.
		{"offer.accept", `offr.price.start == 0`, `1+4 unknown name "offr" | did you mean "offer"? offer.accept sees offer, provider, run and max_price`},
		{"offer.accept", `offer.price.hours < 1`, `13+5 offer.price has no "hours" | did you mean "hour"? offer.price has start, cpu_sec, duration_sec, hour and busy`},
		{"offer.accept", `zebra`, `1+5 unknown name "zebra" | offer.accept sees offer, provider, run and max_price`},
		{"offer.accept", `null`, `1+4 unknown name "null" | nothing is written nil`},
		{"offer.accept", `True`, `1+4 unknown name "True" | write true`},
		{"offer.accept", `$env.offer.memory > 1`, `1+4 unknown name "$env" | name what you need of it`},
		{"offer.accept", `now > run.now`, `1+3 unknown name "now" | run.now is the time of the decision`},
		{"offer.accept", `offer.cpu == nil`, `7+3 offer.cpu is a group of names, not a value | name one of them: cores, threads, arch, brand, vendor and capabilities`},
		{"offer.accept", `offer.cpu.cores.x > 1`, `17+1 offer.cpu.cores is a number and has no "x"`},
		{"offer.accept", `offer["price"]["houre"] < 1`, `16+7 offer.price has no "houre" | did you mean "hour"? offer.price has start, cpu_sec, duration_sec, hour and busy`},
		{"offer.accept", `task.id > 1`, `1+4 unknown name "task" | offer.accept sees offer, provider, run and max_price`},
		{"task.result", `result`, `1+6 unknown name "result" | task.result sees task, run, provider, stdout, stderr, exit_code, duration, steps and downloads`},
		{"task.result", `steps[0].stdot`, `10+5 steps[0] has no "stdot" | did you mean "stdout"? steps[0] has stdout, stderr and exit_code`},
		{"task.result", `map(steps, #.out)`, `14+3 a whole step has no "out"`},

		// Keys of items.
		{"run", `task.maks`, `6+4 task has no "maks" | did you mean "mask"? task has id, stage, item, index, attempt, mask, size and word`},
		{"run", `task.item.maks`, `11+4 task.item has no "maks" | did you mean "mask"? task.item has mask, size and word`},
		{"run", `task.mask + task.size`, `11+1 "+" does not work between text and a number | string(x) makes text of anything`},
		{"emit", `[task.masc]`, `7+4 task has no "masc" | did you mean "mask"? task has id, stage, item, index, attempt, mask, size and word`},

		// Functions.
		{"offer.accept", `now() > run.now`, `1+3 unknown function "now" | an expression reads no clock: run.now is the time of the decision`},
		{"offer.accept", `chunk(1, 2, 3) == nil`, `1+5 unknown function "chunk" | did you mean "chunks"?`},
		{"offer.accept", `frobnicate(1)`, `1+10 unknown function "frobnicate" | docs/policies.md lists the functions`},
		{"offer.accept", `deploy() == nil`, `1+6 unknown function "deploy" | only activity.prepare can call it`},
		{"offer.accept", `run("x") == nil`, `1+3 "run" is no function`},
		{"offer.accept", `trim == nil`, `1+4 "trim" is a function | call it: trim(...)`},
		{"offer.accept", `trim(1) == ""`, `1+4 trim does not take a number | it is called as in trim(stdout)`},
		{"offer.accept", `int() == 1`, `1+3 int is given nothing | it is called as in int("42")`},
		{"offer.accept", `chunks("a", 2, 3) == nil`, `8+3 chunks wants a number, and this is text | it is called as in chunks(0, 10000, 4096)`},
		{"offer.accept", `duration("5 min") > run.age`, `10+7 "5 min" is no duration; write one like "90s", "5m", "1h30m" or "2d"`},
		{"offer.accept", `date("tomorrow") > run.now`, `6+10 "tomorrow" is no date; write one like "2026-12-31" or "2026-12-31 18:00"`},
		{"offer.accept", `run.age.Hours() > 1`, `9+5 nothing can be called after a dot | compare it with duration("5m"), or take seconds(...) of it`},
		{"offer.accept", `run.now.Hour() > 1`, `9+4 nothing can be called after a dot | take hour(...) or weekday(...) of it`},
		{"offer.accept", `timezone("Europe/Warsaw") == nil`, `1+8 unknown function "timezone" | docs/policies.md lists the functions`},
		{"offer.accept", `map(1, #) == nil`, `5+1 map wants a list, and this is a number`},
		{"offer.accept", `any(offer.capabilities, #)`, `25+1 the condition gives text, and true or false is wanted`},
		{"offer.accept", `all(offer.capabilities, offr)`, `25+4 unknown name "offr" | did you mean "offer"? offer.accept sees offer, provider, run and max_price`},

		// Types inside.
		{"offer.accept", `offer.price.hour < "a"`, `18+1 "<" does not work between a number and text`},
		{"offer.accept", `run.age > 300`, `9+1 ">" does not work between a duration and a number`},
		{"offer.accept", `1 in offer.capabilities`, `3+2 "in" looks for a number among elements that are text`},
		{"offer.accept", `not offer.id`, `1+3 "not" does not work on text`},
		{"offer.accept", `1 ? true : false`, `1+1 the condition gives a number, and true or false is wanted`},
		{"offer.accept", `offer.id matches "["`, "10+7 this is no regular expression: missing closing ]: `[`"},
		{"offer.accept", `let run = 1; true`, `5+3 let cannot name run again | choose another name`},

		// What is given.
		{"offer.accept", `1`, `1+1 this gives a number, and offer.accept wants true or false | write true, false or a comparison`},
		{"offer.accept", `offer.id`, `1+8 this gives text, and offer.accept wants true or false | compare it with something, as in offer.id == "…"`},
		{"offer.accept", `nil`, `1+3 this gives nothing, and offer.accept wants true or false`},
		{"offer.accept", `run.failed > 0 ? true : 1`, `1+25 this can give a number, and offer.accept wants true or false | write true, false or a comparison`},
		{"offer.score", `offer.memory > 1`, `1+16 this gives true or false, and offer.score wants a number, or nil to reject | write (offer.memory > 1) ? 1 : 0 to make a number of it`},
		{"workers", `"many"`, `1+6 this gives text, and workers wants a number | leave out the quotes if it is a number`},
		{"workers", `nil`, `1+3 this gives nothing, and workers wants a number`},
		{"budget", `run.age`, `1+7 this gives a duration, and budget wants a number | write seconds(run.age) for the number of its seconds`},
		{"max_price", `true`, `1+4 this gives true or false, and max_price wants a number | write 1 or 0`},
		{"activity.prepare", `deploy()`, `1+8 this gives a command, and activity.prepare wants a list of commands | put it in brackets: [deploy()]`},
		{"activity.prepare", `[deploy(), start(), upload("a", "/tmp/a")]`, `33+8 this path is in no volume of the machine | files are copied to and from /golem/work, /golem/input, /golem/output and /golem/resource; name another volume in payload.volumes`},
		{"activity.prepare", `[deploy(), start(), upload(offer.id, "/golem/input/../a")]`, `38+19 a path of the machine cannot have .. in it`},
		{"activity.prepare", `[deploy(), start(), uploadText(offer.id, "/golem/work/")]`, `42+14 the name of the file is missing | only files of this computer keep their names in a folder that ends with /`},
		{"activity.prepare", `[deploy(), start(), upload("https://a.example/b", "/golem/work/")]`, `51+14 the name of the file is missing | only files of this computer keep their names in a folder that ends with /`},
		{"activity.prepare", `[deploy(), start(), upload("", "/golem/work/a")]`, `28+2 this names no file`},
		{"activity.prepare", `[deploy(), start(), upload("[", "/golem/work/")]`, `28+3 the pattern of file names is broken | * stands for any characters, ? for one, [a-z] for one of several`},
		{"activity.prepare", `[deploy(), start(), upload("a")]`, `21+6 upload does not take text | it is called as in upload("model.bin", "/golem/input/model.bin")`},
		{"offer.accept", `upload("a", "/golem/work/a") == nil`, `1+6 unknown function "upload" | only activity.prepare can call it`},
		{"activity.prepare", `["deploy"]`, `1+10 this gives a list of something else, and activity.prepare wants a list of commands`},
		{"task.result", `json(stdout)`, `1+4 unknown function "json" | did you mean "fromJSON" or "toJSON"?`},
		{"emit", `stdout`, `1+6 this gives text, and tasks.keyspace.emit.each wants a list | lines(stdout) makes a list of its lines, [stdout] one of all of it`},
		{"task.retry", `3`, `1+1 this gives a number, and task.retry wants true or false | write attempt.number < 3 for so many attempts`},
		{"offer.accept", `offer.price.hour`, `1+16 this gives a number, and offer.accept wants true or false | compare it with something, as in offer.price.hour < 10`},
		{"offer.accept", `failures < 3`, `1+8 unknown name "failures" | did you mean "provider.failures"? offer.accept sees offer, provider, run and max_price`},
		{"task.retry", `"yes"`, `1+5 this gives text, and task.retry wants true or false | write true, false or a comparison`},
		{"task.result", `deploy`, `1+6 unknown name "deploy" | task.result sees task, run, provider, stdout, stderr, exit_code, duration, steps and downloads`},
		{"emit", `1`, `1+1 this gives a number, and tasks.keyspace.emit.each wants a list | put it in brackets: [1]`},
		{"run", `nil`, `1+3 this gives nothing, and tasks.keyspace.run wants a value to put into text`},
		{"results.file", `nil`, `1+3 this gives nothing, and results.file wants a value to put into text`},
		{"results.count", `"1"`, `1+3 this gives text, and results.count wants a number | leave out the quotes if it is a number`},

		// Grammar.
		{"offer.accept", ` `, `1+1 the expression is empty`},
		{"offer.accept", `offer.price.hour = 1`, `18+1 "=" is no operator | "==" compares`},
		{"offer.accept", `offer.price.hour => 1`, `18+1 "=>" is no operator | write ">="`},
		{"offer.accept", `offer.price.hour =< 1`, `18+1 "=<" is no operator | write "<="`},
		{"offer.accept", `offer.price.hour <`, `18+1 the expression ends too early | is a bracket or an operand missing?`},
		{"offer.accept", `(true`, `5+1 the expression ends too early | is a bracket or an operand missing?`},
		{"offer.accept", `true & false`, `6+1 "&" is no operator | write "&&" or "and"`},
		{"offer.accept", `offer.id == 'abc`, `17+1 the text has no closing quote`},
		{"offer.accept", `true false`, `6+5 unexpected "false"`},
		{"offer.accept", `offer.memory > 1GiB`, `17+1 this is no number`},
		{"offer.accept", `#`, `1+1 unexpected "#"`},

		// Several at once.
		{"offer.accept", `offer.nope > 1 and nada or chunk(run.idd)`,
			`7+4 offer has no "nope" | offer has id, provider, price, cpu, memory, storage, runtime, version, capabilities, subnet and properties` + "\n" +
				`20+4 unknown name "nada" | offer.accept sees offer, provider, run and max_price` + "\n" +
				`28+5 unknown function "chunk" | did you mean "chunks"?` + "\n" +
				`38+3 run has no "idd" | did you mean "id"? run has id, name, age, pending, running, done, failed, results, workers, spent, reserved, cost_per_result and now`},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.expr, func(t *testing.T) {
			var got []string
			for _, d := range mistakes(t, tt.kind, tt.expr) {
				line := fmt.Sprintf("%d+%d %s", d.Place.Col, d.Place.Width, d.Fact)
				if d.Hint != "" {
					line += " | " + d.Hint
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// What diagnostics say is in the words of the file.
func TestMistakesNameNoGoTypes(t *testing.T) {
	for _, e := range []string{"offer.properties + 1", "offer.capabilities + 1", "run.now + 1", "run.age + 'a'", "offer.memory + 'a'",
		"deploy + 1", "offer.properties.x.y + offer.price", "max([1], 'a')", "sum(['a'])", "len(1)", "offer.cpu.capabilities[1:'a']", "keys(1)", "1[0]", "1.5 % 2"} {
		for _, d := range mistakes(t, "offer.accept", e) {
			for _, word := range []string{"int", "float64", "string", "bool", "interface", "map[", "[]", "policies.", "time.", "reflect", "func("} {
				if strings.Contains(" "+d.Fact+" ", " "+word) {
					t.Errorf("%s: %q names the Go type %q", e, d.Fact, word)
				}
			}
		}
	}
}

// Diagnostics point into the file, whatever way the expression is written there.
func TestMistakesHavePlaces(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string
	}{
		{"plain", "workers: 1", "workers: run.pendin / 2", `
run.yaml:3:14: workers: run has no "pendin"

   2 | payload: golem/alpine:latest
 > 3 | workers: run.pendin / 2
     |              ^^^^^^
   hint: did you mean "pending"? run has id, name, age, pending, running, done, failed, results, workers, spent, reserved, cost_per_result and now
`},
		{"block", "workers: 1", "workers: |\n  min(10,\n    1 + rum.pending)", `
run.yaml:5:9: workers: unknown name "rum"

   4 |   min(10,
 > 5 |     1 + rum.pending)
     |         ^^^
   hint: did you mean "run"? workers sees run
`},
		{"quoted, in braces", `{accept: "true", score`, `{accept: 'offer.memory > "x"', score`, `
run.yaml:14:33: policies.offer.accept: ">" does not work between a number and text

   13 | policies:
 > 14 |   offer: {accept: 'offer.memory > "x"', score: "-offer.price.hour"}
      |                                 ^
`},
		{"template", "run: hashcat --skip=${{ task.skip }}", "run: hashcat --skip=${{ tsk.skip }}", `
run.yaml:12:29: tasks.attack.run: unknown name "tsk"

   11 |   attack:
 > 12 |     run: hashcat --skip=${{ tsk.skip }}
      |                             ^^^
   hint: did you mean "task"? tasks.attack.run sees task and run
`},
		{"template of a list", "run: hashcat --skip=${{ task.skip }}", "run: [hashcat, \"--skip=${{ task.index + 'a' }}\"]", `
run.yaml:12:43: tasks.attack.run: "+" does not work between a number and text

   11 |   attack:
 > 12 |     run: [hashcat, "--skip=${{ task.index + 'a' }}"]
      |                                           ^
   hint: string(x) makes text of anything
`},
		{"template in a block", "run: hashcat --skip=${{ task.skip }}", "run: |\n      cd /tmp\n      hashcat ${{ task.ähm }} ${{ oops }}", `
run.yaml:14:35: tasks.attack.run: unknown name "oops"

   13 |       cd /tmp
 > 14 |       hashcat ${{ task.ähm }} ${{ oops }}
      |                                   ^^^^
   hint: tasks.attack.run sees task and run
`},
		{"behind a map", "each: '[]'", "each: 'map([1], {a: #, b: tsk.id})'", `
run.yaml:10:53: tasks.keyspace.emit.each: unknown name "tsk"

    9 |     run: hashcat --keyspace ${{ task.mask }}
 > 10 |     emit: {stage: attack, each: 'map([1], {a: #, b: tsk.id})'}
      |                                                     ^^^
   hint: did you mean "task"? tasks.keyspace.emit.each sees task, run, provider, stdout, stderr, exit_code, duration, steps, downloads and result
`},
		{"wrong result", `count: "1"`, `count: "stdout"`, `
run.yaml:17:48: results.count: this gives text, and results.count wants a number

   16 |   task: {retry: "attempt.number < 3", result: "trim(stdout)"}
 > 17 | results: {file: "${{ run.id }}.jsonl", count: "stdout"}
      |                                                ^^^^^^
   hint: write float(stdout) if it is the text of a number
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := with(t, tt.old, tt.new)
			_, list := policies.Compile(parse(t, text))
			if diff := cmp.Diff(strings.TrimSpace(tt.want), strings.TrimSpace(rendered(t, text, list))); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// All mistakes of a document come at once, in file order.
func TestMistakesComeInFileOrder(t *testing.T) {
	text := strings.NewReplacer("workers: 1", "workers: a", "budget: 10/h", "budget: b/h", "task.mask }}", "c }}", `each: '[]'`, `each: 'd'`,
		`"attempt.number < 3"`, `"e"`, "${{ run.id }}.jsonl", "${{ f }}").Replace(document)
	_, list := policies.Compile(parse(t, text))
	var got []string
	for _, d := range list {
		got = append(got, d.Path)
	}
	want := []string{"workers", "budget", "tasks.keyspace.run", "tasks.keyspace.emit.each", "policies.task.retry", "results.file"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// A name that is not there everywhere says so.
func TestMaxPriceHasToBeSet(t *testing.T) {
	text := strings.Replace(with(t, "max_price: 0.001\n", ""), `keep: "true"`, `keep: "activity.cost <= max_price"`, 1)
	_, list := policies.Compile(parse(t, text))
	if len(list) != 1 || list[0].Fact != "max_price is not set" || list[0].Hint != "set max_price: in the file to use it here" {
		t.Errorf("mistakes = %+v", list)
	}
}

// An item's key that is also a name of the task is nobody's guess.
func TestAmbiguousKey(t *testing.T) {
	text := strings.NewReplacer("word: x", "id: 7", "task.mask }}", "task.id }}").Replace(document)
	_, list := policies.Compile(parse(t, text))
	if len(list) != 1 || list[0].Fact != "task.id could be the task's own or the item's" {
		t.Fatalf("mistakes = %+v", list)
	}
	compile(t, strings.Replace(text, "task.id }}", "task.item.id ?? 0 }}", 1))
}

// A policy that all stages share is reported once, though each compiles it.
func TestSharedPolicyIsReportedOnce(t *testing.T) {
	_, list := policies.Compile(parse(t, with(t, "trim(stdout)", "trim(stdot)")))
	if len(list) != 1 {
		t.Errorf("%d mistakes, want 1: %v", len(list), list)
	}
}
