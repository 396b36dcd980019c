package policies_test

import (
	"strings"
	"testing"
	"time"

	"tasks/policies"
)

// No expression takes the machine, or the day, with it.
func TestBounds(t *testing.T) {
	tests := []struct{ name, expr, want string }{
		{"long range", `len(1..999999999)`, "makes lists too long to hold"},
		{"loops in loops", `let x = 1..3000000; count(x, count(x, count(x, true) > 0) > 0)`, "loops more than 5000000 times"},
		{"doubling text", `let a = repeat("x", 1000000); let b = a + a + a + a + a + a + a + a; let c = b + b + b + b + b + b + b + b; c + c`, "makes more than 64 MiB of text"},
		{"doubling in reduce", `reduce(1..100, #acc + #acc, "x")`, "makes more than 64 MiB of text"},
		{"repeat of repeat", `repeat(repeat("x", 1000000), 1000000)`, "makes more than 64 MiB of text"},
		{"long join", `join(map(1..100000, repeat("x", 1000)))`, "makes more than 64 MiB of text"},
		{"long replace", `let a = repeat("x", 1000000); replace(a, "x", a)`, "makes more than 64 MiB of text"},
		{"many chunks", `chunks(0, 1000000000, 1)`, "chunks(0, 1000000000, 1) makes 1000000000 chunks, and 1000000 is the most"},
		{"shared lists", `let a = map(1..1000, #); let b = map(1..1000, a); let c = map(1..1000, b); c`, "gives more than 4194304 values, or lists more than 100 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "loops in loops" && testing.Short() {
				t.Skip("takes five million steps")
			}
			s := parse(t, document)
			put(s, "task.result", tt.expr)
			set, list := policies.Compile(s)
			if len(list) > 0 {
				t.Fatal(list)
			}
			begin := time.Now()
			_, keep, f := set.Stage("attack").Result(policies.ResultEnv{})
			if f == nil || keep || f.Err.Error() != tt.want {
				t.Errorf("failure = %v, want %q", f, tt.want)
			}
			if d := time.Since(begin); d > time.Minute {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestBoundsOfTheText(t *testing.T) {
	tests := []struct{ name, expr, want string }{
		{"long", "true" + strings.Repeat(" ", 1<<16), "is longer than 65536 characters"},
		{"many parts", "0 == 1" + strings.Repeat(" || true", 5000), "the expression has more than 5000 parts"},
		{"deep", strings.Repeat("(", 30000) + "true" + strings.Repeat(")", 30000), ""},
		{"deep in signs", strings.Repeat("!", 4000) + "true", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := mistakes(t, "offer.accept", tt.expr)
			switch {
			case tt.want == "" && len(list) > 0:
				t.Errorf("mistakes = %v", list)
			case tt.want != "" && (len(list) != 1 || list[0].Fact != tt.want):
				t.Errorf("mistakes = %v, want %q", list, tt.want)
			}
		})
	}
}

// A million tasks from one result is within the bounds.
func TestEmitManyItems(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a million maps")
	}
	st := stage(t, "  run: x\n  emit: {stage: tasks, each: 'map(chunks(0, 1000000, 1), {mask: task.mask, skip: #.from, limit: #.to - #.from})'}\n")
	got, f := st.Emit(policies.ResultEnv{Task: item(map[string]any{"mask": "?a"}).Task}, "")
	if f != nil || len(got) != 1000000 {
		t.Errorf("%d items, %v", len(got), f)
	}
}
