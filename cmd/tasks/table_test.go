package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrid(t *testing.T) {
	g := grid{columns: []column{
		{name: "TASK"}, {name: "PROVIDER", cut: 8}, {name: "GLM", right: true}, {name: "NOTE", cut: 12, wrap: true},
	}}
	g.add("frame-001", "misty-otter-07", "0.0132", "-")
	g.add("frame-2", "", "12", "retried: the provider left before the task was over")
	tests := []struct {
		name  string
		width int
		want  string
	}{
		{"room for all", 200, `
TASK       PROVIDER           GLM  NOTE
frame-001  misty-otter-07  0.0132  -
frame-2                        12  retried: the provider left before the task was over
`},
		{"the note gives first", 60, `
TASK       PROVIDER           GLM  NOTE
frame-001  misty-otter-07  0.0132  -
frame-2                        12  retried: the provider
                                   left before the task was
                                   over
`},
		{"then the provider", 42, `
TASK       PROVIDER      GLM  NOTE
frame-001  misty-ot…  0.0132  -
frame-2                   12  retried: the
                              provider
                              left before
                              the task was
                              over
`},
		{"and nothing below the least widths", 1, `
TASK       PROVIDER     GLM  NOTE
frame-001  misty-o…  0.0132  -
frame-2                  12  retried: the
                             provider
                             left before
                             the task was
                             over
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := g.draw(&b, test.width); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), b.String()); diff != "" {
				t.Errorf("draw(%d) (-want +got):\n%s", test.width, diff)
			}
		})
	}
}

func TestGridWithColour(t *testing.T) {
	out := &screen{colour: true}
	g := grid{columns: []column{{name: "STATE"}, {name: "N", right: true}}}
	g.add(out.paint(styleGreen, "ok"), "1")
	var b strings.Builder
	if err := g.draw(&b, 80); err != nil {
		t.Fatal(err)
	}
	want := "STATE  N\n\x1b[32mok\x1b[0m     1\n"
	if got := b.String(); got != want {
		t.Errorf("draw() = %q, want %q", got, want)
	}
}

func TestFitHeight(t *testing.T) {
	text := "a\nb\nc\nd\n"
	for height, want := range map[int]string{
		0: text, 1: text, 5: text, 6: text,
		4: "a\nb\n... 2 lines more\n",
		2: "... 4 lines more\n",
	} {
		if got := string(fitHeight([]byte(text), height)); got != want {
			t.Errorf("fitHeight(%d) = %q, want %q", height, got, want)
		}
	}
}

// What is missed least is left out where it cannot be cut down far enough, and the
// rows that were added stay as they are.
func TestGridLeavesColumnsOut(t *testing.T) {
	g := grid{columns: []column{{name: "RUN"}, {name: "BEGAN", drop: 1}, {name: "RESULTS", drop: 2}, {name: "NOTE", cut: 4, wrap: true}}}
	g.add("hello", "1m", "7", "a note")
	for _, test := range []struct {
		width int
		want  string
	}{
		{40, "RUN    BEGAN  RESULTS  NOTE\nhello  1m     7        a note\n"},
		{27, "RUN    BEGAN  RESULTS  NOTE\nhello  1m     7        a\n                       note\n"},
		{26, "RUN    BEGAN  NOTE\nhello  1m     a note\n"},
		{12, "RUN    NOTE\nhello  a\n       note\n"},
		{5, "RUN    NOTE\nhello  a\n       note\n"},
	} {
		var b strings.Builder
		h := g
		if err := h.draw(&b, test.width); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("draw(%d) (-want +got):\n%s", test.width, diff)
		}
	}
}
