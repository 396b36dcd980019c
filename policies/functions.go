package policies

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/conf"

	"tasks/golem"
	"tasks/spec"
)

// MaxChunks is how many chunks one call of chunks gives at most.
const MaxChunks = 1_000_000

// A Chunk is a half-open stretch of whole numbers: From is in it, To is not.
type Chunk struct {
	From int `expr:"from" json:"from" doc:"first number of the chunk"`
	To   int `expr:"to" json:"to" doc:"first number after it"`
}

var errTooLong = fmt.Errorf("makes more than %d MiB of text", maxText>>20)

// A function is one of ours: what it does, and how it is declared to the
// expression library. Its types are pointers to functions.
type function struct {
	doc   FuncDoc
	call  func(args ...any) (any, error)
	types []any
}

// functions are those that every expression may call.
func functions() []function {
	return []function{
		{FuncDoc{"duration", `duration("1h30m")`, "a duration", `a duration from text: ns, us, ms, s, m, h and d for days`},
			func(a ...any) (any, error) { return parseDuration(a[0].(string)) },
			[]any{new(func(string) time.Duration)}},
		{FuncDoc{"seconds", "seconds(run.age)", "a number", "how many seconds a duration has"},
			func(a ...any) (any, error) { return a[0].(time.Duration).Seconds(), nil },
			[]any{new(func(time.Duration) float64)}},
		{FuncDoc{"date", `date("2026-12-31")`, "a time", "a time from text, with hour or RFC 3339 if wanted; UTC unless it says otherwise"},
			func(a ...any) (any, error) { return parseDate(a[0].(string)) },
			[]any{new(func(string) time.Time)}},
		{FuncDoc{"hour", "hour(run.now)", "a number", "the hour of a time in UTC, 0 to 23"},
			func(a ...any) (any, error) { return a[0].(time.Time).UTC().Hour(), nil },
			[]any{new(func(time.Time) int)}},
		{FuncDoc{"weekday", "weekday(run.now)", "a number", "the day of the week in UTC, 1 for Monday to 7 for Sunday"},
			func(a ...any) (any, error) { return (int(a[0].(time.Time).UTC().Weekday())+6)%7 + 1, nil },
			[]any{new(func(time.Time) int)}},
		{FuncDoc{"chunks", "chunks(0, 10000, 4096)", "a list", "the whole numbers from the first up to and without the second, in stretches of at most the third: a list of {from, to}, to not included"},
			chunks, []any{new(func(int, int, int) []Chunk)}},
		{FuncDoc{"lines", "lines(stdout)", "a list", "the lines of a text that are not blank, without line ends"},
			func(a ...any) (any, error) { return lines(a[0].(string)), nil },
			[]any{new(func(string) []string)}},
		{FuncDoc{"int", `int("42")`, "a number", "text or a number as a whole number, blanks around it left out; fails where text is none"},
			integer, []any{new(func(string) int), new(func(int) int), new(func(float64) int), new(func(any) int)}},
		{FuncDoc{"float", `float("0.5")`, "a number", "text or a number as a number, blanks around it left out; fails where text is none"},
			decimalOf, []any{new(func(string) float64), new(func(int) float64), new(func(float64) float64), new(func(any) float64)}},
		{FuncDoc{"string", "string(run.pending)", "text", "any value as text, as a template would write it"},
			func(a ...any) (any, error) { return text(a[0]) },
			[]any{new(func(any) string)}},
		{FuncDoc{"toJSON", "toJSON(task.item)", "text", "any value as JSON on one line"},
			toJSON, []any{new(func(any) string)}},
		{FuncDoc{"join", `join(["a", "b"], ",")`, "text", "the texts of a list in one, with the second text between them"},
			join, []any{new(func([]string) string), new(func([]string, string) string), new(func([]any) string), new(func([]any, string) string)}},
		{FuncDoc{"repeat", `repeat("ab", 3)`, "text", "a text so many times"},
			repeat, []any{new(func(string, int) string)}},
		{FuncDoc{"replace", `replace("a-b", "-", "+")`, "text", "a text with every occurrence of the second replaced by the third"},
			replace, []any{new(func(string, string, string) string)}},
		{FuncDoc{"uniq", "uniq([1, 1, 2])", "a list", "the elements, each once"},
			uniq, []any{new(func([]any) []any), new(func([]string) []any), new(func([]int) []any)}},
	}
}

// commands are those that activity.prepare may call besides.
func commands() []function {
	return []function{
		{FuncDoc{"deploy", "deploy()", "a command", "fetches the image and makes the volumes of the payload; comes first"},
			func(...any) (any, error) { return do(golem.Command{Deploy: &golem.Deploy{}}), nil },
			[]any{new(func() Step)}},
		{FuncDoc{"start", "start()", "a command", "starts the runtime with the given texts as arguments; comes second"},
			start, []any{new(func(...string) Step)}},
		{FuncDoc{"run", `run("mkdir -p /golem/work")`, "a command", `runs text with /bin/sh -c, or a list of texts, such as run(["ls", "-l"]), with no shell`},
			run, []any{new(func(string) Step), new(func([]string) Step), new(func([]any) Step)}},
		{FuncDoc{"upload", `upload("model.bin", "/golem/input/model.bin")`, "a command", "copies a file of this computer, or the file at an http address, to a path of the machine; where that ends with /, the first text is a pattern of file names, and each keeps its name"},
			upload, []any{new(func(string, string) Step)}},
		{FuncDoc{"uploadText", `uploadText("a = 1\n", "/golem/input/settings")`, "a command", "writes a text to a path of the machine"},
			uploadText, []any{new(func(string, string) Step)}},
		{FuncDoc{"quote", "quote(offer.id)", "text", "a text as one word of a shell command"},
			func(a ...any) (any, error) { return spec.ShellQuote(a[0].(string)), nil },
			[]any{new(func(string) string)}},
	}
}

// internal is the name under which the expression library knows a function of
// ours. No expression can write it, so a function and a name such as run or
// duration can be called the same.
func internal(name string) string { return name + "()" }

// declare makes functions known to the expression library.
func declare(c *conf.Config, list []function) {
	for _, f := range list {
		expr.Function(internal(f.doc.Name), f.call, f.types...)(c)
	}
}

func parseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, errDuration(s)
		}
		return d, nil
	}
	whole, err := time.ParseDuration(days + "h")
	if err != nil {
		return 0, errDuration(s)
	}
	if rest == "" {
		return whole * 24, nil
	}
	part, err := time.ParseDuration(rest)
	if err != nil {
		return 0, errDuration(s)
	}
	return whole*24 + part, nil
}

func errDuration(s string) error {
	return fmt.Errorf(`%q is no duration; write one like "90s", "5m", "1h30m" or "2d"`, short(s, 40))
}

func parseDate(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%q is no date; write one like "2026-12-31" or "2026-12-31 18:00"`, short(s, 40))
}

func chunks(a ...any) (any, error) {
	from, to, size, err := threeWhole(a)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, fmt.Errorf("chunks of size %d: the size is at least 1", size)
	}
	if from >= to {
		return []Chunk{}, nil
	}
	span := uint64(to) - uint64(from)
	n := (span-1)/uint64(size) + 1
	if n > MaxChunks {
		return nil, fmt.Errorf("chunks(%d, %d, %d) makes %d chunks, and %d is the most", from, to, size, n, MaxChunks)
	}
	out := make([]Chunk, n)
	for i := range out {
		out[i] = Chunk{From: from, To: to}
		if i < len(out)-1 {
			out[i].To = from + size
		}
		from += size
	}
	return out, nil
}

func threeWhole(a []any) (x, y, z int, err error) {
	var n [3]int
	for i := range n {
		if n[i], err = whole(a[i]); err != nil {
			return 0, 0, 0, err
		}
	}
	return n[0], n[1], n[2], nil
}

// whole reads a whole number; those of JSON come as float64.
func whole(v any) (int, error) {
	if n, ok := v.(int); ok {
		return n, nil
	}
	f, ok := toFloat(v)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%s is no whole number", told(v))
	}
	return int(f), nil
}

func lines(s string) []string {
	out := []string{}
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			out = append(out, line)
		}
	}
	return out
}

func toJSON(a ...any) (any, error) {
	plain, err := normal(a[0])
	if err != nil {
		return nil, err
	}
	return encode(plain)
}

func join(a ...any) (any, error) {
	between := ""
	if len(a) == 2 {
		between = a[1].(string)
	}
	parts, err := texts(a[0])
	if err != nil {
		return nil, err
	}
	size := len(between) * len(parts)
	for _, part := range parts {
		size += len(part)
	}
	if size > maxText {
		return nil, errTooLong
	}
	return strings.Join(parts, between), nil
}

// texts is a list whose elements must all be text.
func texts(v any) ([]string, error) {
	if list, ok := v.([]string); ok {
		return list, nil
	}
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, fmt.Errorf("element %d of the list is %s, not text; string(#) makes text of it", i, wordOf(e))
		}
		out[i] = s
	}
	return out, nil
}

func repeat(a ...any) (any, error) {
	s := a[0].(string)
	n, err := whole(a[1])
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("repeats text %d times", n)
	}
	if len(s) > 0 && n > maxText/len(s) {
		return nil, errTooLong
	}
	return strings.Repeat(s, n), nil
}

func replace(a ...any) (any, error) {
	s, old, by := a[0].(string), a[1].(string), a[2].(string)
	if len(s)+strings.Count(s, old)*(len(by)-len(old)) > maxText {
		return nil, errTooLong
	}
	return strings.ReplaceAll(s, old, by), nil
}

func start(a ...any) (any, error) {
	args := make([]string, len(a))
	for i := range a {
		args[i] = a[i].(string)
	}
	return do(golem.Command{Start: &golem.Start{Args: args}}), nil
}

func run(a ...any) (any, error) {
	if line, ok := a[0].(string); ok {
		return do(shell(line, captured())), nil
	}
	argv, err := texts(a[0])
	if err != nil {
		return nil, err
	}
	if len(argv) == 0 {
		return nil, errors.New("run([]) names no program")
	}
	return do(golem.Command{Run: &golem.Run{EntryPoint: argv[0], Args: argv[1:], Capture: captured()}}), nil
}

// captureLimit is how much of a stream is kept, in bytes.
const captureLimit = 1 << 20

func captured() *golem.Capture {
	mode := &golem.CaptureMode{Stream: &golem.CaptureStream{Limit: captureLimit}}
	return &golem.Capture{Stdout: mode, Stderr: mode}
}

func shell(line string, capture *golem.Capture) golem.Command {
	return golem.Command{Run: &golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", line}, Capture: capture}}
}
