package policies

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Types that have a word of their own.
var words = map[reflect.Type]string{
	reflect.TypeFor[time.Duration](): "a duration",
	reflect.TypeFor[time.Time]():     "a time",
	reflect.TypeFor[Step]():          "a command",
	reflect.TypeFor[Chunk]():         "a chunk",
	reflect.TypeFor[Run]():           "the whole run",
	reflect.TypeFor[Offer]():         "the whole offer",
	reflect.TypeFor[ProviderRef]():   "the whole offer.provider",
	reflect.TypeFor[Price]():         "the whole offer.price",
	reflect.TypeFor[CPU]():           "the whole offer.cpu",
	reflect.TypeFor[Provider]():      "the whole provider",
	reflect.TypeFor[Activity]():      "the whole activity",
	reflect.TypeFor[Attempt]():       "the whole attempt",
	reflect.TypeFor[Task]():          "the whole task",
	reflect.TypeFor[Output]():        "a whole step",
	reflect.TypeFor[Downloaded]():    "a whole download",
}

// wordOf is what a value is in the words of the file.
func wordOf(v any) string {
	if v == nil {
		return "nothing"
	}
	return word(reflect.TypeOf(v))
}

// word is a type in the words of the file, never Go's.
func word(t reflect.Type) string {
	if t == nil {
		return "anything"
	}
	if w, ok := words[t]; ok {
		return w
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map:
		return "a map"
	case reflect.Func:
		return "a function"
	case reflect.Pointer:
		return word(t.Elem())
	case reflect.Interface:
		return "anything"
	case reflect.Struct:
		return "a group of names"
	}
	return "a number"
}

// goTypes are the names of Go types that the expression library puts into its
// messages, longest first where one begins another.
var goTypes = regexp.MustCompile(`\*?(?:\[\])*(?:map\[\w+\](?:\[\])*)?(?:interface \{\}|func\([^)]*\) ?[\w.{} ]*|(?:policies|golem|time|types)\.\w+|\b(?:u?int(?:8|16|32|64)?|float(?:32|64)|string|bool|any|error|unknown)\b)|<nil>`)

// inWords replaces the Go types of a message by the words of the file.
func inWords(message string) string {
	return goTypes.ReplaceAllStringFunc(message, func(name string) string {
		switch bare := strings.TrimLeft(name, "*"); {
		case bare == "<nil>":
			return "nothing"
		case strings.HasPrefix(bare, "map["):
			return "a map"
		case strings.HasPrefix(bare, "[]"):
			return "a list"
		case strings.HasPrefix(bare, "func"):
			return "a function"
		default:
			return wordNamed(bare)
		}
	})
}

func wordNamed(name string) string {
	for t, w := range words {
		if t.String() == name {
			return w
		}
	}
	switch {
	case name == "string":
		return "text"
	case name == "bool":
		return "true or false"
	case strings.Contains(name, "int"), strings.HasPrefix(name, "float"):
		if strings.HasPrefix(name, "interface") {
			return "anything"
		}
		return "a number"
	case name == "error":
		return "error"
	}
	return "anything"
}

// advice puts a message of the library into plain words, and may say what to do.
// Groups of the pattern that are not called raw are types.
type advice struct {
	pattern *regexp.Regexp
	instead string // with $1 for the first group
	hint    string
}

func advise(pattern, instead, hint string) advice {
	return advice{regexp.MustCompile("(?s)" + pattern), instead, hint}
}

// translate applies the first advice that fits; a message that none fits only
// loses its Go types.
func translate(list []advice, message string) (fact, hint string) {
	for _, a := range list {
		groups := a.pattern.FindStringSubmatch(message)
		if groups == nil {
			continue
		}
		fact = a.instead
		for i := 1; i < len(groups); i++ {
			if a.pattern.SubexpNames()[i] != "raw" {
				groups[i] = inWords(groups[i])
			}
			fact = strings.ReplaceAll(fact, "$"+strconv.Itoa(i), groups[i])
		}
		return fact, a.hint
	}
	return inWords(message), ""
}
