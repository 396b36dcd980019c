package spec

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// An EnvVar is a variable of this computer's environment that commands know as
// env.name. Value is what it was when the document was loaded, or the default; ""
// where the environment was not asked for.
type EnvVar struct {
	Name        string
	Value       string
	Default     *string // nil: it has to be set
	Secret      bool    // Value is for machines alone: Secrets blots it out of all else
	Description string
}

// leastSecret is how many characters a secret has at least: every text with a
// shorter one in it would be blotted out.
const leastSecret = 6

var envForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// env reads the variables of the environment that the document uses: a list of
// names, or a mapping of names to what more is said of them.
func (d *decoder) env(v value) {
	switch v.node.Kind {
	case yaml.SequenceNode:
		d.list(v, "", "", func(v value) {
			if name, ok := d.fixed(v, "the name of a variable", ""); ok && d.isEnvName(v, name) {
				d.addEnv(v, EnvVar{Name: name})
			}
		})
	case yaml.MappingNode:
		d.entries(v, func(name string, e value) {
			if k := (value{in: e.in, node: e.key, path: v.path}); d.isEnvName(k, name) {
				d.addEnv(k, d.envVar(e, name))
			}
		})
	default:
		d.wrong(v, "the names of variables", "write [API_TOKEN], or {API_TOKEN: {secret: true}, MODE: {default: fast}}")
	}
}

func (d *decoder) isEnvName(v value, name string) bool {
	if !envForm.MatchString(name) {
		d.report(v, "the name of a variable has letters, digits and underscores, and this is "+shown(name), "")
		return false
	}
	for _, other := range d.spec.Env {
		if other.Name == name {
			d.report(v, shown(name)+" is named twice", "keep one of the two")
			return false
		}
	}
	return true
}

// envVar reads what is said of a variable: nothing, its default, or more.
func (d *decoder) envVar(v value, name string) EnvVar {
	e := EnvVar{Name: name}
	if v.isNull() {
		return e
	}
	text := func(v value) {
		if v.node.Kind != yaml.ScalarNode || v.isNull() {
			d.wrong(v, "text", "")
			return
		}
		e.Default = &v.node.Value
	}
	if v.node.Kind != yaml.MappingNode {
		text(v)
		return e
	}
	var is value
	d.fields(v,
		// whether it is to be kept out of the database, the logs and all that is shown
		field{"secret", func(v value) { e.Secret = d.truth(v) }},
		// the value where the environment does not have the variable; without it the environment must have it
		field{"default", func(v value) { is = v; text(v) }},
		// what the variable is for
		field{"description", func(v value) { e.Description, _ = d.fixed(v, "text", "") }},
	)
	if e.Secret && is.node != nil {
		d.report(is, "a secret cannot have a default, which would be kept with the file", "leave it out, and set the variable where tasks is started")
		e.Default = nil
	}
	return e
}

// truth reads true or false.
func (d *decoder) truth(v value) bool {
	text, ok := d.scalar(v, "true or false", "")
	if ok && text != "true" && text != "false" {
		d.wrong(v, "true or false", "")
	}
	return text == "true"
}

// addEnv keeps a variable with its value, if the environment is asked.
func (d *decoder) addEnv(v value, e EnvVar) {
	if e.Default != nil {
		e.Value = *e.Default
	}
	if d.given.Env != nil {
		is, ok := d.given.Env(e.Name)
		switch {
		case !ok && e.Default == nil, ok && is == "" && e.Secret:
			d.report(v, fmt.Sprintf("the environment has no variable %s", e.Name), d.howToSet(e))
		case !ok:
		case !utf8.ValidString(is):
			d.report(v, fmt.Sprintf("the variable %s of the environment is not UTF-8 text", e.Name), "")
		case e.Secret && utf8.RuneCountInString(is) < leastSecret:
			d.report(v, fmt.Sprintf("the secret %s is shorter than %d characters", e.Name, leastSecret), "every text with so short a secret in it would be blotted out; use a longer one, or leave out secret")
		default:
			e.Value = is
		}
	}
	d.spec.Env = append(d.spec.Env, e)
}

func (d *decoder) howToSet(e EnvVar) string {
	if e.Secret {
		return "set it where tasks is started, such as: read -rs " + e.Name + " && export " + e.Name
	}
	return "set it, such as: export " + e.Name + "=…, or give it a default here"
}
