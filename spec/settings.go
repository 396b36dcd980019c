package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tasks/spec/diag"
)

// A Change is a setting that two documents differ in, in the words of the
// document. Before or After is "" where it is not set.
type Change struct {
	Path   string `json:"path"` // such as "policies.offer.score"
	Before string `json:"before"`
	After  string `json:"after"`
}

// String is the change in one line.
func (c Change) String() string {
	shown := func(text string) string {
		if text == "" {
			return "(not set)"
		}
		return text
	}
	return c.Path + ": " + shown(c.Before) + " -> " + shown(c.After)
}

// Changes lists what differs from one document to another, in the order of the
// documents: settings that are gone come last. How something is written, such as
// in a short form or a long one, is no difference, and neither is the place of
// the file.
func Changes(before, after *Spec) []Change {
	return differ(settings(before), settings(after))
}

// StageChanges lists the same of one stage.
func StageChanges(before, after *Stage) []Change {
	return differ(before.settings(), after.settings())
}

func differ(old, now []setting) []Change {
	was := map[string]string{}
	for _, s := range old {
		was[s.path] = s.text
	}
	changes := []Change{}
	seen := map[string]bool{}
	for _, s := range now {
		seen[s.path] = true
		if was[s.path] != s.text {
			changes = append(changes, Change{Path: s.path, Before: was[s.path], After: s.text})
		}
	}
	for _, s := range old {
		if !seen[s.path] && s.text != "" {
			changes = append(changes, Change{Path: s.path, Before: s.text})
		}
	}
	return changes
}

// A setting is one value of a document by its path.
type setting struct{ path, text string }

// settings are all values of a document, defaults filled in.
func settings(s *Spec) []setting {
	p, m, g := s.Payload, s.Payload.Min, s.Golem
	list := []setting{
		{"name", s.Name},
		{"payload.image", p.Image},
		{"payload.url", p.URL},
		{"payload.runtime", p.Runtime},
		{"payload.min.cores", numberText(float64(m.Cores), "")},
		{"payload.min.threads", numberText(float64(m.Threads), "")},
		{"payload.min.memory", numberText(m.Memory, "GiB")},
		{"payload.min.storage", numberText(m.Storage, "GiB")},
		{"payload.capabilities", listText(p.Capabilities)},
		{"payload.constraints", p.Constraints},
		{"payload.volumes", listText(p.Volumes)},
		{"golem.network", g.Network},
		{"golem.subnet", g.Subnet},
		{"golem.debit_note_interval", g.DebitNoteInterval.String()},
		{"golem.accept_timeout", g.AcceptTimeout.String()},
		{"golem.payment_timeout", g.PaymentTimeout.String()},
		{"workers", s.Workers.Text},
		{"budget", s.Budget.text()},
		{"budget.when_exhausted", s.Budget.WhenExhausted},
		{"max_price", s.MaxPrice.Text},
	}
	for _, p := range s.Params {
		list = append(list, setting{"params." + p.Name, fmt.Sprint(p.Value)})
	}
	for _, e := range s.Env {
		list = append(list, setting{"env." + e.Name, e.text()})
	}
	for i := range s.Stages {
		list = append(list, s.Stages[i].settings()...)
	}
	q := s.Policies
	list = append(list,
		setting{"policies.offer.accept", q.OfferAccept.Text},
		setting{"policies.offer.score", q.OfferScore.Text},
		setting{"policies.activity.prepare", q.ActivityPrepare.Text},
		setting{"policies.activity.keep", q.ActivityKeep.Text},
		setting{"policies.activity.reuse", q.ActivityReuse.Text},
		setting{"policies.debit_note.accept", q.DebitNoteAccept.Text},
		setting{"policies.invoice.accept", q.InvoiceAccept.Text},
		setting{"policies.task.retry", q.TaskRetry.Text},
		setting{"policies.task.result", q.TaskResult.Text},
		setting{"results.file", s.Results.File.text()},
		setting{"results.count", s.Results.Count.Text},
		setting{"results.keep", s.Results.Keep.text()},
	)
	list = append(list, casesSettings(s.Tests)...)
	return list
}

// Path is where the stage stands in the document.
func (s *Stage) Path() string {
	if s.Name == "tasks" {
		return "tasks"
	}
	return "tasks." + s.Name
}

func (s *Stage) settings() []setting {
	at := s.Path()
	list := []setting{
		{at + ".from", s.From.text()}, {at + ".after", s.afterText()}, {at + ".timeout", durationText(s.Timeout)},
		{at + ".batch", s.Batch.text()}, {at + ".result", s.Result.Text},
	}
	for i := range s.Steps {
		list = append(list, setting{fmt.Sprintf("%s.steps[%d]", at, i), s.Steps[i].text()})
	}
	for i, e := range s.Emit {
		list = append(list, setting{fmt.Sprintf("%s.emit[%d]", at, i), e.Stage + ": " + e.Each.Text})
	}
	return list
}

// text is what a document says of a variable, not its value.
func (e EnvVar) text() string {
	switch {
	case e.Secret:
		return "secret"
	case e.Default != nil:
		return "default " + *e.Default
	}
	return "required"
}

// afterText is the stages that one waits for, in any order.
func (s *Stage) afterText() string {
	var names []string
	for _, a := range s.After {
		names = append(names, a.Stage)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (b Budget) text() string {
	parts := make([]string, len(b.Limits))
	for i, l := range b.Limits {
		switch l.Window {
		case 0:
			parts[i] = l.Amount.Text + " in all"
		case time.Hour:
			parts[i] = l.Amount.Text + "/h"
		case 24 * time.Hour:
			parts[i] = l.Amount.Text + "/d"
		default:
			parts[i] = l.Amount.Text + "/" + l.Window.String()
		}
	}
	return strings.Join(parts, ", ")
}

// text is a source in its short form. A kind that has none is written with all
// its fields, so that every difference shows.
func (s *Source) text() string {
	if s == nil || s.Kind == SourceOnce {
		return ""
	}
	text := ""
	switch {
	case s.Kind == SourceRange && s.Endless:
		text = fmt.Sprintf("range: {from: %d, step: %d}", s.First, s.Step)
	case s.Kind == SourceRange:
		text = fmt.Sprintf("range: [%d, %d, %d]", s.First, s.Last, s.Step)
	default:
		rest := *s
		rest.Place, rest.Repeat = diag.Place{}, 0
		all, _ := json.Marshal(rest)
		var fields map[string]any
		_ = json.Unmarshal(all, &fields)
		if s.Delimiter != 0 {
			fields["Delimiter"] = string(s.Delimiter)
		}
		text = s.Kind + ": " + fieldsText(fields)
	}
	switch s.Repeat {
	case 0:
		text += ", repeat: forever"
	case 1:
	default:
		text += ", repeat: " + strconv.Itoa(s.Repeat)
	}
	return text
}

// fieldsText is the fields that say something, by their names; a single one is
// written without it.
func fieldsText(fields map[string]any) string {
	delete(fields, "Place")
	for name, v := range fields {
		switch v := v.(type) {
		case nil:
			delete(fields, name)
		case string:
			if v == "" || name == "Kind" || name == "Dir" {
				delete(fields, name)
			}
		case float64:
			if v == 0 {
				delete(fields, name)
			}
		case bool:
			if !v {
				delete(fields, name)
			}
		}
	}
	var shown any = fields
	if len(fields) == 1 {
		for _, v := range fields {
			shown = v
		}
	}
	text, _ := json.Marshal(shown)
	return string(text)
}

func (s *Step) text() string {
	switch {
	case s.Shell != nil:
		return "run: " + s.Shell.Text
	case s.Upload != nil && s.Upload.Data != nil:
		return "upload: data " + strconv.Quote(s.Upload.Data.Text) + " to " + s.Upload.To.Text
	case s.Upload != nil:
		return "upload: " + s.Upload.From.text() + " to " + s.Upload.To.Text
	case s.Download != nil:
		return "download: " + s.Download.From.Text + " to " + s.Download.To.Text
	}
	words := make([]string, len(s.Argv))
	for i := range s.Argv {
		words[i] = s.Argv[i].Text
	}
	return "run: " + listText(words)
}

func (t *Template) text() string {
	if t == nil {
		return ""
	}
	return t.Text
}

func listText(words []string) string {
	if len(words) == 0 {
		return ""
	}
	text, _ := json.Marshal(words)
	return string(text)
}

func numberText(n float64, unit string) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'g', -1, 64) + unit
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
