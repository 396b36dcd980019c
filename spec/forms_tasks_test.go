package spec_test

import (
	"slices"

	"tasks/spec/schema"
)

// taskForms are what the keys of a stage take.
var taskForms = map[string]schema.Form{
	"tasks":         tasksForm,
	"tasks.from":    sourceForm,
	"tasks.after":   afterForm,
	"tasks.run":     schema.Is(commandNode("; ${{ expression }} is filled in", schema.Node{"type": schema.Scalar})),
	"tasks.steps":   stepsForm,
	"tasks.timeout": duration("1s", "30d"),
	"tasks.batch": schema.Is(schema.AnyOf(schema.Enum("auto"), wholeNode.With(schema.Node{"minimum": 1, "maximum": 256})).
		With(schema.Node{"default": 1, schema.Takes: "auto, or a whole number from 1 to 256"})),
	"tasks.result": expression("any value, or nil for no result", `stdout == "" ? nil : trim(stdout)`),
	"tasks.emit":   emitForm,

	"tasks.steps.run":           schema.Is(commandNode("; ${{ expression }} is filled in", schema.Node{"type": schema.Scalar})),
	"tasks.steps.upload":        uploadForm,
	"tasks.steps.upload.from":   filledIn("a path of this computer, or an address", "input/${{ task.item }}"),
	"tasks.steps.upload.data":   schema.Is(schema.Text("text; ${{ expression }} is filled in", "")),
	"tasks.steps.upload.to":     filledIn("a path in a volume of the machine", "/golem/input/data"),
	"tasks.steps.download":      requires("from", "to"),
	"tasks.steps.download.from": filledIn("a path in a volume of the machine", "/golem/output/result"),
	"tasks.steps.download.to":   filledIn("a path of this computer, or an address", "results/${{ task.id }}"),
	"tasks.emit.stage":          schema.Is(scalarText("the name of a stage")),
	"tasks.emit.each":           expression("a list", "lines(stdout)"),

	"tasks.from.range":         rangeForm,
	"tasks.from.range.from":    schema.Is(wholeNode.With(schema.Node{"default": 1})),
	"tasks.from.range.to":      schema.Is(wholeNode),
	"tasks.from.range.step":    schema.Is(wholeNode.With(schema.Node{"default": 1, "not": schema.Node{"const": 0}})),
	"tasks.from.items":         schema.Is(schema.List(itemNode)),
	"tasks.from.matrix":        matrixForm,
	"tasks.from.lines":         schema.Is(fileNode),
	"tasks.from.jsonl":         schema.Is(fileNode),
	"tasks.from.csv":           csvForm,
	"tasks.from.csv.file":      schema.Is(fileNode),
	"tasks.from.csv.delimiter": schema.Is(schema.Text("one character, or tab", `^(tab|[^"\r\n])$`, ";").With(schema.Node{"default": ","})),
	"tasks.from.csv.columns":   schema.Is(schema.List(scalarText("the name of a column"))),
	"tasks.from.files":         schema.Is(scalarText("a pattern of file names", "input/**/*.png")),
	"tasks.from.results":       schema.Is(scalarText("the name of a stage")),
	"tasks.from.command":       schema.Is(commandNode("", scalarText("an argument"))),
	"tasks.from.repeat":        schema.Is(schema.AnyOf(schema.Enum("forever"), wholeNode.With(schema.Node{"minimum": 1})).With(schema.Node{"default": 1, schema.Takes: "forever, or a whole number from 1"})),

	"tasks.from.matrix.exclude":    schema.Is(schema.Node{"type": "array", "items": schema.Node{"type": "object", "minProperties": 1}}),
	"tasks.from.matrix.range":      rangeForm,
	"tasks.from.matrix.range.from": schema.Is(wholeNode),
	"tasks.from.matrix.range.to":   schema.Is(wholeNode),
	"tasks.from.matrix.range.step": schema.Is(wholeNode),
}

var (
	wholeNode = schema.Whole("a whole number")
	itemNode  = schema.Node{"type": append(schema.Scalar, "object", "array")}
	fileNode  = scalarText("the name of a file, or - for standard input")
)

// tasksForm is a stage, or stages by name, which is none of a stage's keys.
func tasksForm(stage schema.Node) schema.Node {
	var keys []string
	for key := range stage["properties"].(schema.Node) {
		keys = append(keys, key)
	}
	// Editors complete the keys of a stage only where names are a pattern.
	named := schema.Node{
		"type":                 "object",
		"patternProperties":    schema.Node{stageWord: schema.Node{"$ref": "#/properties/tasks/anyOf/0"}},
		"additionalProperties": false,
		"minProperties":        1,
	}
	return schema.AnyOf(stage.With(schema.One("run", "steps")), named.With(schema.None(slices.Sorted(slices.Values(keys))...)))
}

// sourceForm is a mapping with one kind of source, or a list of items.
func sourceForm(m schema.Node) schema.Node {
	kinds := schema.One("range", "items", "matrix", "lines", "csv", "jsonl", "files", "results", "command")
	return schema.AnyOf(schema.List(itemNode), m.With(kinds))
}

// afterForm is a stage or several.
func afterForm(schema.Node) schema.Node {
	stage := scalarText("the name of a stage")
	return schema.AnyOf(stage, schema.List(stage).With(schema.Node{"minItems": 1}))
}

func stepsForm(step schema.Node) schema.Node {
	return schema.List(step.With(schema.Node{"minProperties": 1, "maxProperties": 1}))
}

func emitForm(emit schema.Node) schema.Node {
	emit = requires("stage", "each")(emit)
	return schema.AnyOf(emit, schema.Node{"type": "array", "items": emit})
}

func uploadForm(m schema.Node) schema.Node {
	return requires("to")(m).With(schema.One("from", "data"))
}

func csvForm(m schema.Node) schema.Node { return schema.AnyOf(fileNode, requires("file")(m)) }

func rangeForm(m schema.Node) schema.Node {
	list := schema.Node{"type": "array", "items": wholeNode, "minItems": 2, "maxItems": 3, "examples": []any{[]int{1, 10}}}
	return schema.AnyOf(list, m).With(schema.Node{schema.Takes: "[first, last], [first, last, step], or a mapping"})
}

// matrixForm is names that the document chooses, beside one of our own. What
// stands below is of the mapping that may be in the place of an axis.
func matrixForm(m schema.Node) schema.Node {
	properties := m["properties"].(schema.Node)
	axis := m.With(schema.Node{"properties": schema.Node{"range": properties["range"]}, "required": []string{"range"}})
	return schema.Node{
		"type":                 "object",
		"properties":           schema.Node{"exclude": properties["exclude"]},
		"additionalProperties": schema.AnyOf(schema.List(itemNode), axis),
		"minProperties":        1,
	}
}

// commandNode is text for the shell, or a program with its arguments.
func commandNode(more string, argument schema.Node) schema.Node {
	text := argument.With(schema.Node{"minLength": 1})
	return schema.AnyOf(text, schema.List(argument)).
		With(schema.Node{schema.Takes: "text for the shell, or a list of a program and its arguments" + more})
}

// requires is a mapping that has some keys.
func requires(keys ...string) schema.Form {
	return func(m schema.Node) schema.Node { return m.With(schema.Node{"required": keys}) }
}
