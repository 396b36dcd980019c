package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/spec"
	"tasks/spec/diag"
)

type evalOptions struct {
	args      []string
	files     []string
	policy    string
	groups    map[string]*string // files or texts, by the names they are for
	with      []string
	overrides spec.Overrides
}

// givenGroups are the names that have a flag of their own: those with names inside.
var givenGroups = []string{
	"offer", "provider", "run", "activity", "task", "attempt", "bill", "usage", "audit", "budget", "agreement",
}

func (a *app) policyEvalCommand() *cobra.Command {
	o := evalOptions{groups: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "eval [EXPR]",
		Short: "Evaluate an expression, or a policy of a spec, with values that you give",
		Long: `eval prints what an expression gives, with the values of the names it saw. Without
--policy the expression sees every name; with it, only what that policy sees, and it
has to give what that policy wants. With --file instead of an expression, a policy of
that spec is evaluated.

  tasks policy eval '1 / offer.price.hour' --offer offer.json
  tasks policy eval --file run.yaml --policy offer.score --offer plan.json
  tasks policy eval 'attempt.number < 3' --with attempt.number=3

A value is JSON or YAML: the name of a file, - for standard input, or the text itself,
such as '{price: {start: 0.1}}'. What is not given is empty. --offer takes one offer, a
list of them, or what "tasks plan run.yaml -o json" prints: then every offer in it is
judged. An offer may have the names of expressions, or the properties of the network,
such as golem.inf.cpu.threads.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{
					fact: fmt.Sprintf("eval takes one expression, and got %d", len(args)),
					hint: "put it between quotes: '" + oneLine(strings.Join(args, " ")) + "'",
				}
			}
			o.args = args
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.policyEval(o, cmd.InOrStdin()) },
	}
	flags := cmd.Flags()
	fileFlag(flags, &o.files, "a spec: its params and max_price are seen, and its policies can be evaluated")
	flags.StringVar(&o.policy, "policy", "", "which policy, such as offer.score or tasks.run")
	for _, name := range givenGroups {
		o.groups[name] = new(string)
		flags.StringVar(o.groups[name], name, "", "value of "+name+": a file or a text")
	}
	flags.StringArrayVar(&o.with, "with", nil, "name=value for any name, such as provider.failures=2; may be repeated")
	documentFlags(flags, &o.overrides)
	return cmd
}

// policyEval answers for each of the offers given, or once.
func (a *app) policyEval(o evalOptions, stdin io.Reader) error {
	q, s, text, err := o.question(a)
	if err != nil {
		return err
	}
	g := &givenValues{stdin: stdin, sources: map[string][]byte{exprName: text}}
	maps.Copy(g.sources, s.Sources)
	offers, err := g.read(o)
	if err != nil {
		return err
	}
	answers := make([]policies.Answer, len(offers))
	for i, offer := range offers {
		q.Given = g.values(offer)
		var list diag.List
		answers[i], list, err = policies.Ask(s, q)
		switch {
		case len(list) > 0:
			return &invalidError{list: list, sources: g.sources}
		case err != nil:
			return g.misfit(err, offer)
		}
	}
	if err := a.showAnswers(answers, offers); err != nil {
		return err
	}
	for _, answer := range answers {
		if answer.Failure != nil {
			return &hintedError{answer.Failure, safeAnswer(answer.Policy)}
		}
	}
	return nil
}

// exprName is the file of an expression on the command line.
const exprName = "EXPR"

// question is what is asked, of which spec, and the text of the expression.
func (o evalOptions) question(a *app) (q policies.Question, s *spec.Spec, text []byte, err error) {
	s = &spec.Spec{}
	if len(o.files) > 0 {
		if s, _, err = a.loadMerged(o.files, o.overrides); err != nil {
			return q, nil, nil, err
		}
	} else if len(o.overrides.Set)+len(o.overrides.Vars) > 0 {
		return q, nil, nil, &usageError{fact: "--set and --var are for a spec", hint: "name it with --file"}
	}
	q.Policy = o.policy
	if len(o.args) == 1 {
		text = []byte(o.args[0])
		if strings.TrimSpace(o.args[0]) == "" {
			return q, nil, nil, &usageError{fact: "the expression is empty", hint: "write such as '1 - offer.price.hour'"}
		}
		q.Expr, err = spec.ReadExpr(exprName, text)
		return q, s, text, err
	}
	switch {
	case len(o.files) == 0:
		err = &usageError{fact: "there is nothing to evaluate", hint: "give an expression, or --file and --policy for one of a spec"}
	case o.policy == "":
		err = &usageError{fact: "--file without an expression wants --policy", hint: "the policies are " + strings.Join(policies.Askable(s), ", ")}
	}
	return q, s, nil, err
}

// safeAnswer is what a run does when a policy fails.
func safeAnswer(policy string) string {
	switch policy {
	case "offer.accept", "offer.score":
		return "a run would pass the offer over"
	case "activity.keep":
		return "a run would keep the worker"
	case "activity.reuse":
		return "a run would use the worker again"
	case "debit_note.accept", "invoice.accept":
		return "a run would not accept the bill"
	case "task.retry":
		return "a run would try the task again"
	case "workers", "budget":
		return "a run would take it for 0"
	case "activity.prepare":
		return "a run would give the machine up"
	case "eval":
		return ""
	}
	return "a run would give the task up"
}

// An evaluated is an answer as policy eval -o json prints it.
type evaluated struct {
	Policy  string         `json:"policy"`
	Expr    string         `json:"expr"`
	Answer  any            `json:"answer"`
	Error   string         `json:"error"`   // why there is no answer, or ""
	Values  map[string]any `json:"values"`  // of the names in the expression
	Assumed []string       `json:"assumed"` // those of them that were not given
	Offer   any            `json:"offer"`   // identifier and provider of the offer judged; null without --offer
}

func (a *app) showAnswers(answers []policies.Answer, offers []givenOffer) error {
	if a.json() {
		return a.printAnswers(answers, offers)
	}
	if len(answers) == 1 {
		return a.drawAnswer(answers[0])
	}
	g := &grid{columns: []column{
		{name: "PROVIDER", cut: 8}, {name: "ANSWER", cut: 12}, {name: "VALUES", cut: 20, wrap: true},
	}}
	for i, answer := range answers {
		g.add(oneLine(offers[i].name()), answerText(answer), valuesText(answer))
	}
	return g.draw(a.out, a.out.width())
}

func (a *app) printAnswers(answers []policies.Answer, offers []givenOffer) error {
	all := make([]evaluated, len(answers))
	for i, answer := range answers {
		all[i] = evaluated{
			Policy: answer.Policy, Expr: answer.Expr, Answer: answer.Value, Values: answer.Values,
			Assumed: append([]string{}, answer.Assumed...), Offer: offers[i].ref(),
		}
		if answer.Failure != nil {
			all[i].Error = answer.Failure.Error()
		}
	}
	if len(all) == 1 && !offers[0].many {
		return a.printJSON(all[0])
	}
	return a.printJSON(all)
}

// drawAnswer shows one answer and what it saw, a line each.
func (a *app) drawAnswer(answer policies.Answer) error {
	if answer.Failure == nil {
		if err := a.printAnswer(answer); err != nil {
			return err
		}
	}
	width := 0
	for _, name := range answer.Names {
		width = max(width, len(name))
	}
	for _, name := range answer.Names {
		note := ""
		if slices.Contains(answer.Assumed, name) {
			note = a.out.paint(styleDim, "   not given")
		}
		if _, err := fmt.Fprintf(a.out, "  %-*s = %s%s\n", width, name, oneLine(policies.Shown(answer.Values[name])), note); err != nil {
			return err
		}
	}
	return nil
}

// printAnswer prints a list of commands, or of other values, a line each.
func (a *app) printAnswer(answer policies.Answer) error {
	list, ok := answer.Value.([]any)
	if !ok || len(list) == 0 {
		_, err := fmt.Fprintln(a.out, answerText(answer))
		return err
	}
	for _, v := range list {
		answer.Value = v
		if _, err := fmt.Fprintln(a.out, "- "+answerText(answer)); err != nil {
			return err
		}
	}
	return nil
}

func answerText(answer policies.Answer) string {
	if answer.Failure != nil {
		return "fails: " + oneLine(errors.Unwrap(answer.Failure).Error())
	}
	switch v := answer.Value.(type) {
	case string:
		return printable(v)
	case []any, map[string]any:
		text, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return printable(string(text))
	}
	return oneLine(policies.Shown(answer.Value))
}

func valuesText(answer policies.Answer) string {
	parts := make([]string, len(answer.Names))
	for i, name := range answer.Names {
		parts[i] = name + " = " + oneLine(policies.Shown(answer.Values[name]))
	}
	return strings.Join(parts, ", ")
}
