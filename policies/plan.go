package policies

import (
	"fmt"
	"path/filepath"
	"strings"

	"tasks/golem"
	"tasks/spec"
)

// A Step is one part of a task, or of a preparation, with its values put in:
// exactly one field is set.
type Step struct {
	Run      *golem.Command
	Upload   *Upload
	Download *Download
}

// An Upload copies a file to To, a path in the machine. From is an address that
// the machine fetches, or an absolute path of this computer; where it is "", the
// file is Data. Where To ends with a slash, From is a pattern of filepath.Match,
// and every file it fits keeps its name.
type Upload struct {
	From, Data string
	To         string
}

// Many reports whether From is a pattern.
func (u *Upload) Many() bool { return strings.HasSuffix(u.To, "/") }

// A Download copies the file at From, a path in the machine, to an absolute path
// of this computer or, by PUT, to an address.
type Download struct{ From, To string }

// transfer is an upload or a download to be rendered; what is nil is not there.
type transfer struct {
	upload         bool
	from, data, to *template
}

// transfer compiles the templates of an upload or a download.
func (b *builder) transfer(path string, s spec.Step, known items) *transfer {
	k := b.kind("run")
	part := func(what string, t *spec.Template) *template {
		if t == nil {
			return nil
		}
		at := path + what
		out := b.template(at, at, *t, k, known)
		return &out
	}
	if u := s.Upload; u != nil {
		return &transfer{upload: true, from: part(".upload.from", u.From), data: part(".upload.data", u.Data), to: part(".upload.to", &u.To)}
	}
	if l := s.Download; l != nil {
		return &transfer{from: part(".download.from", &l.From), to: part(".download.to", &l.To)}
	}
	return nil
}

// render puts the values in; dir is what paths of this computer are relative to.
func (t *transfer) render(env any, dir string) (Step, *Failure) {
	if !t.upload {
		from, f := t.from.machinePath(env)
		if f != nil {
			return Step{}, f
		}
		to, f := t.to.path(env, asItIs)
		return Step{Download: &Download{From: from, To: absolute(dir, to)}}, f
	}
	to, f := t.to.machinePath(env)
	if f != nil {
		return Step{}, f
	}
	u := &Upload{To: to}
	if t.data != nil {
		u.Data, f = t.data.render(env, asItIs)
		return Step{Upload: u}, f
	}
	quote := asItIs
	if u.Many() {
		quote = globQuote
	}
	u.From, f = t.from.path(env, quote)
	u.From = absolute(dir, u.From)
	return Step{Upload: u}, f
}

// absolute is a path made absolute; an address stays as it is.
func absolute(dir, path string) string {
	if spec.IsAddress(path) || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// globQuote is text that a pattern takes literally.
func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// path renders a path. A value inside it cannot lead upwards, because items may
// come from outside; a value that is all of it is what its author asked for.
func (t *template) path(env any, quote func(string) string) (string, *Failure) {
	climbs := ""
	out, f := t.render(env, func(v string) string {
		if len(t.parts) > 1 && strings.Contains("/"+v+"/", "/../") {
			climbs = v
		}
		return quote(v)
	})
	switch {
	case f != nil:
		return "", f
	case climbs != "":
		return "", t.fail(env, fmt.Errorf("gives %q, and a value in a path cannot have .. in it", climbs))
	case out == "":
		return "", t.fail(env, fmt.Errorf("gives an empty path"))
	}
	return out, nil
}

// machinePath renders a path in the machine. Only the document itself can end it
// with a slash.
func (t *template) machinePath(env any) (string, *Failure) {
	out, f := t.path(env, asItIs)
	last := t.parts[len(t.parts)-1]
	if f == nil && last.program != nil && strings.HasSuffix(out, "/") {
		return "", t.fail(env, fmt.Errorf("gives a path without the name of a file, %q", out))
	}
	return out, f
}

// fail blames the first expression of a template.
func (t *template) fail(env any, err error) *Failure {
	for _, p := range t.parts {
		if p.program != nil {
			return p.program.fail(env, err)
		}
	}
	return &Failure{Policy: t.policy, Err: err}
}

// Transfers reports whether any step copies a file: Plan is what gives the steps
// then.
func (st *Stage) Transfers() bool { return st.transfers }

// ReadsDownloads reports whether what becomes of a task depends on the contents
// of its downloads, so that they have to be in the ResultEnv.
func (st *Stage) ReadsDownloads() bool { return st.reads }

// Plan is the steps of a task, in order. Its Failure is as for Commands, or a
// path that leaves its folder.
func (st *Stage) Plan(t TaskEnv) ([]Step, *Failure) {
	out := make([]Step, len(st.steps))
	for i := range st.steps {
		s := &st.steps[i]
		var f *Failure
		switch {
		case s.transfer != nil:
			out[i], f = s.transfer.render(&t, st.dir)
		case s.fixed != nil:
			out[i].Run = s.fixed
		default:
			var c golem.Command
			c, f = s.command(&t, st.capture)
			out[i].Run = &c
		}
		if f != nil {
			return nil, f
		}
	}
	return out, nil
}

// mentions reports whether an expression has a name in it.
func mentions(e spec.Expr, name string) bool { return strings.Contains(e.Text, name) }
