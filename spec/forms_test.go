package spec_test

import "tasks/spec/schema"

// Patterns that values have, as far as a schema can say. They are of the kind that
// both Go and JavaScript read.
const (
	unfilled    = `^(?:[^$]|\$+(?:\{\$+)*(?:[^${]|\{[^${]))*(?:\$+(?:\{\$+)*\{?)?$` // has no ${{
	wordPattern = `^[A-Za-z0-9._-]+$`
	stageWord   = `^[A-Za-z0-9_-]+$`
	timePattern = `^\+?([0-9]+([.][0-9]+)?d)?(([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))*$`
	sizePattern = `^\s*[0-9]+([.][0-9]+)?\s*([kKmMgGtT][iI]?)?[bB]\s*$`
	ratePattern = `^([^$]|[$][^{])*\S\s*/\s*(h|hour|d|day)\s*$`
	imageForm   = `^([0-9a-f]{56}|[0-9a-fA-F]{1,39}|[^\s"]*[^\s"0-9a-fA-F][^\s"]*)$` // many hex digits are a hash
	volumePath  = `^(/[A-Za-z0-9_+@%=-][A-Za-z0-9._+@%=-]*)+/?$`
)

// scalarText is a node for what the decoder takes as text that it does not look into.
func scalarText(takes string, examples ...any) schema.Node {
	return schema.Text(takes, unfilled, examples...)
}

func word(what string) schema.Node {
	return schema.Text(what+": letters, digits, dots, dashes and underscores", wordPattern)
}

func duration(from, to string) schema.Form {
	return schema.Is(schema.String("a time from "+from+" to "+to+" with its unit, such as 90s, 2m or 1h30m", timePattern).
		With(schema.Node{"minLength": 1}))
}

func size(examples ...any) schema.Form {
	return schema.Is(schema.String("a size with its unit, such as 512MiB or 2GiB", sizePattern, examples...))
}

// expression is a formula; gives is what comes of it, in words.
func expression(gives string, examples ...any) schema.Form {
	n := schema.Text("an expression that gives "+gives, unfilled, examples...)
	return schema.Is(n.With(schema.Node{"minLength": 1}))
}

// count is a whole number from 1.
func count(examples ...any) schema.Form {
	return schema.Is(schema.Whole("a whole number from 1", examples...).With(schema.Node{"minimum": 1}))
}

// filledIn is text with ${{ }} in it.
func filledIn(takes string, examples ...any) schema.Form {
	return schema.Is(schema.Text(takes+"; ${{ expression }} is filled in", "", examples...).With(schema.Node{"minLength": 1}))
}

// specForms are what the keys of a document take.
var specForms = map[string]schema.Form{
	"": func(m schema.Node) schema.Node {
		return m.With(schema.Node{"required": []string{"name", "payload", "tasks"}})
	},
	"name": schema.Is(word("a name")),

	"payload":              payloadForm,
	"payload.image":        schema.Is(imageNode),
	"payload.url":          schema.Is(schema.String("an http or https address", "^https?://[^/\\s]")),
	"payload.runtime":      schema.Is(word("the name of a runtime")),
	"payload.min.cores":    count(2),
	"payload.min.threads":  count(4),
	"payload.min.memory":   size("512MiB", "1.5 GB"),
	"payload.min.storage":  size("2GiB"),
	"payload.capabilities": schema.Is(schema.Node{"type": "array", "items": word("the name of a capability"), "examples": []any{[]string{"vpn"}}}),
	"payload.constraints":  schema.Is(schema.String("constraints in parentheses", `^\s*(\([\s\S]*\)\s*)?$`, "(golem.inf.cpu.cores>=4)")),
	"payload.volumes":      schema.Is(schema.Node{"type": "array", "items": schema.String("a folder of the machine, such as /data", volumePath)}),

	"golem.network":             schema.Is(word("the name of a network")),
	"golem.subnet":              schema.Is(word("the name of a subnet")),
	"golem.debit_note_interval": duration("1s", "1d"),
	"golem.accept_timeout":      duration("5s", "4m"),
	"golem.payment_timeout":     duration("1s", "1d"),

	"workers": schema.Is(schema.Text("a whole number from 1, or an expression", unfilled, 10, "min(10, 1 + run.pending / 20)").
		With(schema.Node{"type": []string{"integer", "string"}, "minimum": 1, "minLength": 1})),
	"budget":                schema.Or(rateNode),
	"budget.rate":           schema.Is(schema.AnyOf(rateNode, schema.List(rateNode))),
	"budget.total":          schema.Is(amount("an amount of GLM above 0, or an expression", 50).With(schema.Node{"exclusiveMinimum": 0})),
	"budget.when_exhausted": schema.Is(schema.Enum("stop", "pause")),
	"max_price":             schema.Is(amount("an amount of GLM from 0, or an expression", 0.001).With(schema.Node{"minimum": 0})),
	"env":                   envForm,
	"env.secret":            schema.Is(schema.Node{"type": "boolean", "default": false}),
	"env.default":           schema.Is(schema.Node{"type": schema.Scalar}),
	"env.description":       schema.Is(scalarText("text")),
	"params":                paramsForm,
	"params.type":           schema.Is(schema.Enum("text", "int", "number", "bool")),
	"params.default":        schema.Is(schema.Node{"type": schema.Scalar}),
	"params.description":    schema.Is(scalarText("text")),

	"policies.offer.accept":      expression("true or false", "offer.price.start == 0 && provider.failures < 3"),
	"policies.offer.score":       expression("a number, the highest first, or nil", "-offer.price.hour / offer.cpu.threads"),
	"policies.activity.prepare":  expression("a list of commands", `[deploy(), start(), run("mkdir -p /golem/work")]`),
	"policies.activity.keep":     expression("true or false", "activity.cost_per_result <= max_price"),
	"policies.activity.reuse":    expression("true or false"),
	"policies.debit_note.accept": expression("true or false"),
	"policies.invoice.accept":    expression("true or false"),
	"policies.task.retry":        expression("true or false", `attempt.number < 5 && attempt.fault != "task"`),
	"policies.task.result":       expression("any value, or nil for no result", `stdout == "" ? nil : trim(stdout)`),

	"results.file":  filledIn("the name of a file", "results/${{ run.id }}.jsonl"),
	"results.count": expression("a number", "len(result)"),
	"results.keep": schema.Or(schema.AnyOf(
		schema.Enum("all"),
		schema.Whole("a whole number of tasks from 1", 10000).With(schema.Node{"minimum": 1}),
		schema.String("a time from 1s with its unit, such as 12h or 7d", timePattern).With(schema.Node{"minLength": 1}),
	)),
	"results.keep.tasks": count(10000),
	"results.keep.time":  duration("1s", "100000d"),

	"tests":       testsForm,
	"tests.name":  schema.Is(scalarText("text")),
	"tests.given": schema.Is(schema.Node{"type": "object", schema.Takes: "names and their values", "examples": []any{map[string]any{"offer": map[string]any{"price": map[string]any{"start": 0.1}}}}}),
	"tests.want":  schema.Is(schema.Node{schema.Takes: "any value"}),
	"tests.fails": schema.Is(scalarText("text")),
}

var (
	imageNode = schema.Text("an image hash (56 digits from 0 to f), a registry tag, or an http or https address", imageForm, "golem/alpine:latest")
	rateNode  = schema.String("an amount of GLM over a unit of time: h, hour, d or day", ratePattern, "10/h", "100/day")
)

func amount(takes string, examples ...any) schema.Node {
	return schema.Text(takes, unfilled, examples...).With(schema.Node{"type": []string{"number", "string"}, "minLength": 1})
}

// payloadForm is an image, or a mapping, which wants an image for the usual
// runtime.
func payloadForm(m schema.Node) schema.Node {
	m = m.With(schema.Node{
		"if":   schema.Node{"properties": schema.Node{"runtime": schema.Node{"const": "vm"}}},
		"then": schema.Node{"required": []string{"image"}},
	})
	return schema.AnyOf(imageNode, m)
}

// envForm is names, or a mapping of names to nothing, a default or a mapping.
func envForm(m schema.Node) schema.Node {
	const name = "^[A-Za-z_][A-Za-z0-9_]*$"
	return schema.AnyOf(
		schema.List(schema.Text("the name of a variable", name, "API_TOKEN")),
		schema.Node{
			"type":                 "object",
			"propertyNames":        schema.Node{"pattern": name},
			"additionalProperties": schema.AnyOf(schema.Node{"type": append(schema.Scalar, "null")}, m),
		})
}

// paramsForm is names that the document chooses, with a value or a mapping each.
func paramsForm(m schema.Node) schema.Node {
	return schema.Node{
		"type":                 "object",
		"propertyNames":        schema.Node{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
		"additionalProperties": schema.AnyOf(schema.Node{"type": schema.Scalar}, m),
	}
}

// testsForm is policies by their names, each with a list of cases.
func testsForm(m schema.Node) schema.Node {
	m = m.With(schema.One("want", "fails"))
	return schema.Node{"type": "object", "additionalProperties": schema.Node{"type": "array", "items": m}}
}
