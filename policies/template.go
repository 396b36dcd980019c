package policies

import (
	"errors"
	"fmt"
	"strings"

	"tasks/spec"
)

// A template is a compiled spec.Template: literals and programs in turn.
type template struct {
	policy string
	parts  []part
}

type part struct {
	literal string
	program *program // nil for a literal
}

// template compiles the expressions of a template.
func (b *builder) template(path, name string, t spec.Template, k kind, known items) template {
	out := template{policy: name}
	for _, p := range t.Parts {
		if p.Expr.IsZero() {
			out.parts = append(out.parts, part{literal: p.Literal})
			continue
		}
		out.parts = append(out.parts, part{program: b.compile(path, name, p.Expr, k, known)})
	}
	return out
}

var errZeroByte = errors.New("gives text with a zero byte, which no command can take")

// render puts the values in; quote is applied to each of them.
func (t template) render(env any, quote func(string) string) (string, *Failure) {
	if len(t.parts) == 1 && t.parts[0].program == nil {
		return t.parts[0].literal, nil
	}
	var b strings.Builder
	for i := range t.parts {
		p := t.parts[i].program
		if p == nil {
			b.WriteString(t.parts[i].literal)
			continue
		}
		value, f := p.text(env)
		if f != nil {
			return "", f
		}
		b.WriteString(quote(value))
	}
	return b.String(), nil
}

func asItIs(s string) string { return s }

// text evaluates to text without zero bytes.
func (p *program) text(env any) (string, *Failure) {
	v, f := p.eval(env)
	if f != nil {
		return "", f
	}
	s, err := text(v)
	switch {
	case err != nil:
		return "", p.fail(env, err)
	case strings.IndexByte(s, 0) >= 0:
		return "", p.fail(env, errZeroByte)
	}
	return s, nil
}

// bool, number and list evaluate to what their names say.
func (p *program) bool(env any) (bool, *Failure) {
	v, f := p.eval(env)
	if f != nil {
		return false, f
	}
	yes, ok := v.(bool)
	if !ok {
		return false, p.fail(env, fmt.Errorf("gives %s, and wants true or false", wordOf(v)))
	}
	return yes, nil
}

func (p *program) number(env any) (float64, *Failure) {
	v, f := p.eval(env)
	if f != nil {
		return 0, f
	}
	n, err := number(v)
	if err != nil {
		return 0, p.fail(env, err)
	}
	return n, nil
}
