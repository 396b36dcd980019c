package policies_test

import (
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
)

// Every name that is documented compiles where it is said to be seen, and has a
// type and a description.
func TestEveryNameCompiles(t *testing.T) {
	for _, policy := range policies.Policies() {
		names := policies.Names(policy)
		if len(names) == 0 {
			t.Errorf("%s sees nothing", policy)
		}
		for _, n := range names {
			if n.Doc == "" || n.Type == "" || strings.Contains(n.Type, ".") {
				t.Errorf("%s: %s has the type %q and the description %q", policy, n.Name, n.Type, n.Doc)
			}
			if n.Type == "names" || strings.HasSuffix(n.Name, "]") {
				continue
			}
			s := waiting(t)
			put(s, policy, "let x = "+n.Name+"; "+neutral(policy))
			if _, list := policies.Compile(s); len(list) > 0 {
				t.Errorf("%s: %s: %v", policy, n.Name, list)
			}
		}
	}
	if policies.Names("nonsense") != nil || policies.Wants("nonsense") != "" {
		t.Error("a policy that is not there has names")
	}
}

// waiting is the document with stages that wait for the stage "name".
func waiting(t *testing.T) *spec.Spec {
	s := parse(t, document)
	for i := range s.Stages {
		s.Stages[i].After = []spec.After{{Stage: "name"}}
	}
	return s
}

// neutral is an expression that every policy of the kind accepts.
func neutral(policy string) string {
	switch policies.Wants(policy) {
	case "true or false":
		return "true"
	case "a list of commands":
		return "[deploy(), start()]"
	case "a list":
		return "[]"
	}
	return "1"
}

// The types that Names states are the types that the checker finds: a number can
// be compared with a number, and so on.
func TestNamesStateTheRightType(t *testing.T) {
	use := map[string]string{
		"a number": "X > 1", "text": "X startsWith 'x'", "true or false": "X && true", "a duration": `X > duration("1s")`,
		"a time": `X > date("2026-01-01")`, "a list": "len(X) > 0 && X[0:1] != nil", "a map": `X["x"] == nil`, "anything": "X == nil",
	}
	for _, policy := range policies.Policies() {
		for _, n := range policies.Names(policy) {
			if n.Type == "names" || strings.HasSuffix(n.Name, "]") {
				continue
			}
			test, ok := use[n.Type]
			if !ok {
				t.Errorf("%s: %s has the type %q", policy, n.Name, n.Type)
			}
			s := waiting(t)
			put(s, policy, "let x = "+strings.ReplaceAll(test, "X", n.Name)+"; "+neutral(policy))
			if _, list := policies.Compile(s); len(list) > 0 {
				t.Errorf("%s: %s as %s: %v", policy, n.Name, test, list)
			}
		}
	}
}

func TestEveryFunctionExampleEvaluates(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range policies.Functions() {
		if f.Doc == "" || f.Type == "" || seen[f.Name] {
			t.Errorf("function %+v is documented badly or twice", f)
		}
		seen[f.Name] = true
		t.Run(f.Name, func(t *testing.T) { exampleEvaluates(t, f) })
	}
	for _, f := range policies.CommandFunctions() {
		t.Run(f.Name, func(t *testing.T) {
			if !strings.HasPrefix(f.Example, f.Name+"(") {
				t.Errorf("the example %q does not begin with %s(", f.Example, f.Name)
			}
			s := parse(t, document)
			put(s, "activity.prepare", "let x = "+f.Example+"; [deploy(), start()]")
			set, list := policies.Compile(s)
			if len(list) > 0 {
				t.Fatal(list)
			}
			if _, fail := set.Prepare(policies.ActivityEnv{}); fail != nil {
				t.Error(fail)
			}
		})
	}
}

func exampleEvaluates(t *testing.T, f policies.FuncDoc) {
	if !strings.HasPrefix(f.Example, f.Name+"(") {
		t.Errorf("the example %q does not begin with %s(", f.Example, f.Name)
	}
	s := parse(t, document)
	switch {
	case strings.Contains(f.Example, "offer."):
		put(s, "offer.accept", "let x = "+f.Example+"; true")
		set, list := policies.Compile(s)
		if len(list) > 0 {
			t.Fatal(list)
		}
		if _, fail := set.AcceptOffer(policies.OfferEnv{Offer: policies.Offer{Properties: map[string]any{"a": 1}, Capabilities: []string{"vpn"}}}); fail != nil {
			t.Error(fail)
		}
	default:
		put(s, "task.result", "["+f.Example+"]")
		set, list := policies.Compile(s)
		if len(list) > 0 {
			t.Fatal(list)
		}
		env := policies.ResultEnv{Stdout: "1\n2\n"}
		env.Task.Item = []any{1, 2}
		if strings.Contains(f.Example, "fromJSON") {
			env.Stdout = "[1]"
		}
		if _, _, fail := set.Stage("attack").Result(env); fail != nil {
			t.Error(fail)
		}
	}
}

func TestFunctionsGiveWhatTheySay(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`duration("1d12h")`, "36h0m0s"},
		{`duration("0.5d")`, "12h0m0s"},
		{`duration("-90s")`, "-1m30s"},
		{`seconds(duration("1m"))`, "60"},
		{`date("2026-12-31")`, "2026-12-31T00:00:00Z"},
		{`date("2026-12-31 18:30")`, "2026-12-31T18:30:00Z"},
		{`date("2026-12-31T18:30:00+02:00") == date("2026-12-31 16:30:00")`, "true"},
		{`hour(date("2026-12-31T01:30:00+02:00"))`, "23"},
		{`weekday(date("2026-11-23")) + weekday(date("2026-11-29")) * 10`, "71"},
		{`lines("a\n\n b \r\n  \nc")`, `["a"," b ","c"]`},
		{`chunks(5, 5, 2)`, "[]"},
		{`chunks(-3, 2, 2)`, `[{"from":-3,"to":-1},{"from":-1,"to":1},{"from":1,"to":2}]`},
		{`chunks(0, 9223372036854775807, 9223372036854775807)`, `[{"from":0,"to":9223372036854775807}]`},
		{`string([1.5, "a", nil, true])`, `[1.5,"a",null,true]`},
		{`string(1.0) + string("x") + string(true)`, "1xtrue"},
		{`toJSON({a: "<"})`, `{"a":"<"}`},
		{`join(map([1, 2], string(#)), "-")`, "1-2"},
		{`join(["a", "b"])`, "ab"},
		{`repeat("ab", 3)`, "ababab"},
		{`replace("aaa", "a", "bb")`, "bbbbbb"},
		{`uniq([1, "1", 1.0, [1], [1], {a: 1}, {a: 1}, nil, nil])`, `[1,"1",[1],{"a":1},null]`},
		{`uniq(["b", "a", "b"])`, `["b","a"]`},
		{`reduce(["a", "b"], #acc + #, "")`, "ab"},
		{`map([{a: 1}], {a: #.a + 1, "b c": 2})`, `[{"a":2,"b c":2}]`},
		{`map([1], {{a: #}})`, `[{"a":1}]`},
		{`map([1], {let x = #; x + 1})`, `[2]`},
		{`filter([1, 2, 3], {# > 1})`, `[2,3]`},
		{`min(3, 1.5) + max([1, 2])`, "3.5"},
		{`"%s" | trimPrefix("%") | upper()`, "S"},
		{`let a = 2; let b = a * 3; a + b`, "8"},
		{`"ä" in ["ä"] ? len("äö") : 0`, "2"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			s := parse(t, document)
			put(s, "task.result", "string("+tt.expr+")")
			if strings.HasPrefix(tt.expr, "let ") {
				put(s, "task.result", tt.expr)
			}
			set, list := policies.Compile(s)
			if len(list) > 0 {
				t.Fatal(list)
			}
			got, _, f := set.Stage("attack").Result(policies.ResultEnv{})
			check(t, got, tt.want, f, "")
		})
	}
}

func TestFunctionsRefuse(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`duration(stdout)`, `"x" is no duration; write one like "90s", "5m", "1h30m" or "2d"`},
		{`duration(stdout + "d")`, `"xd" is no duration; write one like "90s", "5m", "1h30m" or "2d"`},
		{`date(stdout)`, `"x" is no date; write one like "2026-12-31" or "2026-12-31 18:00"`},
		{`join([1])`, `element 0 of the list is a number, not text; string(#) makes text of it`},
		{`repeat(stdout, -1)`, `repeats text -1 times`},
		{`string(nil)`, `gives nothing (nil)`},
		{`trim(fromJSON("1"))`, `gives a number where text is wanted`},
		{`upper(fromJSON("null"))`, `gives nil where text is wanted`},
		{`fromJSON("5").x`, `there is no "x" in a number`},
		{`-fromJSON("\"a\"")`, `"-" does not work on text`},
		{`fromJSON("1") + "a"`, `"+" does not work between a number and text`},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			s := parse(t, document)
			put(s, "task.result", tt.expr)
			set, list := policies.Compile(s)
			if len(list) > 0 {
				t.Fatal(list)
			}
			got, keep, f := set.Stage("attack").Result(policies.ResultEnv{Stdout: "x"})
			if f == nil || keep {
				t.Fatalf("Result = %v, %v, and no failure", got, keep)
			}
			if f.Err.Error() != tt.want {
				t.Errorf("failure = %q, want %q", f.Err, tt.want)
			}
		})
	}
}
