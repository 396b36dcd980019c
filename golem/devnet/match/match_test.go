package match_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet/match"
)

// properties are those of every evaluation test, as JSON brings them.
func properties(t testing.TB) golem.Properties {
	t.Helper()
	const text = `{
		"name": "vm", "empty": "", "long": "misty-otter-07", "ver": "0.4.10", "pre": "1.0.0-rc.2",
		"price": "0.10", "when": "2026-04-01T12:00:00+02:00", "quoted": "say \"hi\"", "bell": "\u0007", "lines": "a\nb\tc",
		"mem": 28.5, "threads": 11, "big": 1e21, "yes": true, "no": false, "trailing ": "space",
		"list": ["inet", "vpn"], "numbers": [1, 2.5], "none": [], "nested": [["a"], ["b", "c"]],
		"object": {"a": 1}, "null": null, "holey": ["a", null], "payu.timeout?": 120}`
	var p golem.Properties
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	undefined = match.Undefined
	no        = match.False
	yes       = match.True
)

func TestEval(t *testing.T) {
	tests := []struct {
		name, text string
		want       match.Result
	}{
		{"empty expression", "()", yes},
		{"empty and", "(&)", yes},
		{"empty or", "(|)", no},
		{"not", "(!(|))", yes},
		{"not of true", "(!())", no},

		{"and of true", "(&(name=vm)(yes=true))", yes},
		{"and with false", "(&(name=vm)(yes=false))", no},
		{"and with undefined", "(&(name=vm)(missing=1))", undefined},
		{"and: false before undefined", "(&(name=x)(missing=1))", no},
		{"and: false after undefined", "(&(missing=1)(name=x))", no},
		{"or of false", "(|(name=x)(yes=false))", no},
		{"or with true", "(|(name=x)(yes=true))", yes},
		{"or with undefined", "(|(name=x)(missing=1))", undefined},
		{"or: true before undefined", "(|(name=vm)(missing=1))", yes},
		{"or: true after undefined", "(|(missing=1)(name=vm))", yes},
		{"not undefined", "(!(missing=1))", undefined},
		{"nested", "(&(|(name=x)(mem>1))(!(yes=false)))", yes},

		{"present", "(name=*)", yes},
		{"present of empty string", "(empty=*)", yes},
		{"present of empty list", "(none=*)", yes},
		{"not present is false", "(missing=*)", no},
		{"not of not present", "(!(missing=*))", yes},
		{"present ignores the suffix", "(name$v=*)", yes},
		{"present, space before parenthesis", "(name=* )", yes},
		{"object is invisible", "(object=*)", no},
		{"null is invisible", "(null=*)", no},
		{"list with null is invisible", "(holey=*)", no},
		{"control character is invisible", "(bell=*)", no},
		{"comparison of invisible", "(bell=x)", undefined},

		{"string equal", "(name=vm)", yes},
		{"string case", "(name=VM)", no},
		{"string, space in value", "(name=vm )", no},
		{"string, space in key", "(name =vm)", undefined},
		{"key with trailing space", "(trailing =space)", yes},
		{"string lexicographic less", "(ver<0.4.9)", yes},
		{"string lexicographic greater", "(ver>0.4.9)", no},
		{"string less or equal", "(ver<=0.4.10)", yes},
		{"string greater or equal", "(name>=vm)", yes},
		{"string less is strict", "(name<vm)", no},
		{"string greater is strict", "(name>vm)", no},
		{"string that looks like a number", "(price=0.1)", no},
		{"empty value", "(empty=)", yes},
		{"empty value of string", "(name=)", no},
		{"quotes stay escaped", `(quoted=say \"hi\")`, yes},
		{"quotes unescaped", `(quoted=say "hi")`, no},
		{"tab and newline are visible, escaped", `(lines=a\nb\tc)`, yes},
		{"value with operators", "(name=<vm>)", no},
		{"less then greater", "(name<>vm)", no},

		{"wildcard at end", "(long=misty*)", yes},
		{"wildcard in the middle", "(long=misty*07)", yes},
		{"wildcard several", "(long=m*o*7)", yes},
		{"wildcard of nothing", "(long=misty-otter-07*)", yes},
		{"wildcard is anchored", "(long=otter*)", no},
		{"wildcard is anchored at the end", "(long=m*otter)", no},
		{"wildcard only for equality", "(long>=misty*)", yes}, // "-" sorts after "*"
		{"wildcard regexp dot", "(long=mist.-*)", yes},
		{"dot without wildcard", "(long=mist.-otter-07)", no},
		{"wildcard regexp class", "(long=[a-m]isty*)", yes},
		{"wildcard bad regexp", "(long=misty[*)", no},
		{"wildcard against number", "(threads=1*)", no},
		{"wildcard in list", "(list=v*)", yes},

		{"number equal", "(threads=11)", yes},
		{"number equal in another notation", "(threads=1.1e1)", yes},
		{"number compares by value", "(threads>9)", yes},
		{"number less", "(mem<28.5)", no},
		{"number less or equal", "(mem<=28.5)", yes},
		{"number greater or equal", "(mem>=28.50)", yes},
		{"number greater", "(mem>100)", no},
		{"number infinite", "(big<inf)", yes},
		{"number out of range", "(big<1e999)", yes},
		{"number nan", "(mem<nan)", no},
		{"number not nan", "(mem>nan)", no},
		{"number unparsable", "(mem=lots)", no},
		{"number, space in value", "(threads= 11)", no},
		{"number hexadecimal", "(threads=0xbp0)", no},

		{"bool true", "(yes=true)", yes},
		{"bool false", "(no=false)", yes},
		{"bool other", "(yes=false)", no},
		{"bool case", "(yes=True)", no},
		{"bool ordering", "(yes>=true)", no},
		{"bool unparsable", "(yes=1)", no},

		{"list contains", "(list=vpn)", yes},
		{"list does not contain", "(list=gpu)", no},
		{"list of numbers contains", "(numbers=2.50)", yes},
		{"list ordering", "(list>=inet)", no},
		{"list ordering lower", "(list<zzz)", no},
		{"list set equality", "(list=[vpn,inet])", yes},
		{"list set equality, spaces", "(list=[ vpn , inet ])", yes},
		{"list subset", "(list=[vpn])", no},
		{"list superset", "(list=[vpn,inet,gpu])", no},
		{"list other set", "(list=[vpn,gpu])", no},
		{"list repeated item hides a missing one", "(list=[vpn,vpn])", yes},
		{"list wildcard item", "(list=[v*,i*])", yes},
		{"empty list equals itself", "(none=[])", yes},
		{"empty list contains nothing", "(none=)", no},
		{"empty list literal", "(list=[])", no},
		{"list literal of string property", "(name=[vm])", no},
		{"nested list contains", "(nested=c)", yes},
		{"unclosed list is an element", "(list=[vpn)", no},

		{"missing", "(missing=1)", undefined},
		{"missing ordering", "(missing<1)", undefined},
		{"question mark is part of the key", "(payu.timeout?>=60)", yes},
		{"without question mark", "(payu.timeout>=60)", undefined},

		{"decimal", "(price$d=0.1)", yes},
		{"decimal order", "(price$d<0.2)", yes},
		{"decimal unparsable literal", "(price$d=cheap)", no},
		{"decimal of text", "(name$d=1)", undefined},
		{"decimal of number", "(mem$d>1)", undefined},
		{"decimal of missing", "(missing$d>1)", undefined},
		{"decimal with a large exponent", "(price$d<1e2000)", yes},
		{"decimal with an absurd exponent", "(price$d<1e2000000000)", no},
		{"version", "(ver$v>0.4.9)", yes},
		{"version equal", "(ver$v=0.4.10)", yes},
		{"version less", "(ver$v<0.4.9)", no},
		{"version of two numbers", "(ver$v>0.4)", no},
		{"version of text", "(name$v>0.4.9)", undefined},
		{"version pre-release", "(pre$v<1.0.0)", yes},
		{"version pre-release order", "(pre$v<1.0.0-rc.10)", yes},
		{"version pre-release number before name", "(pre$v>1.0.0-9)", yes},
		{"version pre-release name after number", "(pre$v<1.0.0-rc.x)", yes},
		{"version build has no order", "(ver$v=0.4.10+linux)", yes},
		{"version leading zero", "(ver$v=0.04.10)", no},
		{"datetime in another zone", "(when$t=2026-04-01T10:00:00Z)", yes},
		{"datetime order", "(when$t<2026-04-01T11:00:00.5Z)", yes},
		{"datetime unparsable literal", "(when$t<tomorrow)", no},
		{"datetime of text", "(name$t<2026-04-01T11:00:00Z)", undefined},

		{"aspect", "(name[kind]=x)", undefined},
		{"aspect with suffix", "(name[kind]$d=1)", undefined},
		{"aspect presence", "(name[kind]=*)", no},

		{"text after the expression", "(name=vm)(name=x)", yes},
		{"rubbish after the expression", "(name=vm) and so on", yes},
		{"white space", " \t\r\n( & \n\t(name=vm) ( | (yes=true) ) \n)", yes},
		{"white space before the key", "( name=vm)", yes},
		{"white space before an empty expression", "(& ()\n())", yes},
		{"no escapes: first parenthesis ends", `(name=vm\))`, no},
		{"key swallows a parenthesis", "(&(name)(yes=true))", undefined},
	}
	p := properties(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := match.Parse(tt.text)
			if err != nil {
				t.Fatalf("Parse(%q): %v", tt.text, err)
			}
			if got := e.Eval(p); got != tt.want {
				t.Errorf("Eval(%q) = %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}

func TestEvalGoValues(t *testing.T) {
	p := golem.Properties{
		"int": 3, "int64": int64(1790000000000), "uint": uint8(7), "number": json.Number("2.5"),
		"strings": []string{"vm", "wasm"}, "floats": []float64{0.5, 1}, "ints": []int{1},
		"amount": decimal.RequireFromString("0.3"), "func": func() {}, "map": map[string]int{"a": 1},
	}
	tests := []struct {
		text string
		want match.Result
	}{
		{"(int>=3)", yes}, {"(int64>1774900000000)", yes}, {"(uint=7.0)", yes}, {"(number=2.5)", yes},
		{"(strings=wasm)", yes}, {"(floats=0.50)", yes}, {"(ints=2)", no},
		{"(amount=0.3)", yes}, {"(amount$d=0.30)", yes}, {"(func=*)", no}, {"(map=*)", no},
	}
	for _, tt := range tests {
		e, err := match.Parse(tt.text)
		if err != nil {
			t.Fatalf("Parse(%q): %v", tt.text, err)
		}
		if got := e.Eval(p); got != tt.want {
			t.Errorf("Eval(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text string
		offset     int
	}{
		{"empty", "", 0},
		{"white space only", "  ", 2},
		{"no parenthesis", "a=1", 0},
		{"unclosed", "(a=1", 4},
		{"unclosed and", "(&(a=1)", 7},
		{"closed before open", ")", 0},
		{"blank parenthesis", "( )", 2},
		{"not of nothing", "(!)", 2},
		{"not of two", "(!(a=1)(b=2))", 7},
		{"text in and", "(&a=1)", 2},
		{"no operator", "(a)", 1},
		{"no key", "(=1)", 1},
		{"suffix without a key", "($d=1)", 1},
		{"tilde", "(a~=1)", 2},
		{"text after presence", "(a=*foo)", 4},
		{"unknown suffix", "(a$x=1)", 1},
		{"text after suffix", "(a$dd=1)", 1},
		{"unclosed aspect", "(a[b=1)", 1},
		{"text after aspect", "(a[b]c=1)", 1},
		{"stray bracket", "(a]=1)", 1},
		{"error deep inside", "(&(a=1)(|(b=2)(c~3)))", 16},
		{"too deep", strings.Repeat("(!", 128) + "(a=1)" + strings.Repeat(")", 128), 256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := match.Parse(tt.text)
			se, ok := errors.AsType[*match.SyntaxError](err)
			if !ok {
				t.Fatalf("Parse(%q) = %v, want a *SyntaxError", tt.text, err)
			}
			if se.Offset != tt.offset {
				t.Errorf("Parse(%q): %v, want offset %d", tt.text, err, tt.offset)
			}
		})
	}
}

func TestParseDeepest(t *testing.T) {
	text := strings.Repeat("(!", 127) + "()" + strings.Repeat(")", 127)
	e, err := match.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Eval(nil); got != no {
		t.Errorf("Eval = %v, want False after an odd number of negations", got)
	}
}

// The demand is as golem-js sends it, the offer a stock provider's.
const demandConstraints = "(&(golem.com.pricing.model=linear)\n\t(golem.node.debug.subnet=public)\n\t" +
	"(golem.runtime.name=vm)\n\t(golem.inf.mem.gib>=0.5)\n\t(golem.inf.storage.gib>=2)\n\t" +
	"(golem.inf.cpu.cores>=1)\n\t(golem.inf.cpu.threads>=1)\n\t" +
	"(golem.com.payment.platform.erc20-hoodi-tglm.address=*)\n\t(golem.com.payment.protocol.version>1))"

func stockDemand() match.Side {
	return match.Side{
		Properties: golem.Properties{
			"golem.srv.comp.expiration": 1775045000000.0, "golem.node.debug.subnet": "public",
			"golem.com.payment.protocol.version": "3",
		},
		Constraints: demandConstraints,
	}
}

func stockOffer() match.Side {
	return match.Side{
		Properties: golem.Properties{
			"golem.com.pricing.model": "linear", "golem.com.payment.protocol.version": 3.0,
			"golem.com.payment.platform.erc20-hoodi-tglm.address": "0x60526e8be075e6c3c29735dfb88249f308371e8c",
			"golem.inf.cpu.cores": 6.0, "golem.inf.cpu.threads": 11.0, "golem.inf.mem.gib": 28.0,
			"golem.inf.storage.gib": 10.188121795654297, "golem.node.debug.subnet": "public",
			"golem.runtime.name": "vm", "golem.runtime.capabilities": []any{"inet", "vpn"},
		},
		Constraints: "(&\n  (golem.srv.comp.expiration>1774900000000)\n  (golem.node.debug.subnet=public)\n)",
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name              string
		change            func(demand, offer *match.Side)
		inOffer, inDemand []string
	}{
		{name: "stock", change: func(_, _ *match.Side) {}},
		{
			name:    "offer has another subnet",
			change:  func(_, o *match.Side) { o.Properties["golem.node.debug.subnet"] = "mine" },
			inOffer: []string{"golem.node.debug.subnet"},
		},
		{
			name:     "demand expired",
			change:   func(d, _ *match.Side) { d.Properties["golem.srv.comp.expiration"] = 1.0 },
			inDemand: []string{"golem.srv.comp.expiration"},
		},
		{
			name: "both, several, missing",
			change: func(d, o *match.Side) {
				delete(o.Properties, "golem.inf.mem.gib")
				o.Properties["golem.inf.cpu.threads"] = 0.5
				delete(d.Properties, "golem.node.debug.subnet")
			},
			inOffer:  []string{"golem.inf.mem.gib", "golem.inf.cpu.threads"},
			inDemand: []string{"golem.node.debug.subnet"},
		},
		{
			name:    "demand does not parse",
			change:  func(d, _ *match.Side) { d.Constraints = "golem.inf.mem.gib>1" },
			inOffer: []string{"golem.inf.mem.gib>1"},
		},
		{
			name:     "offer wants nothing that exists",
			change:   func(_, o *match.Side) { o.Constraints = "(|)" },
			inDemand: []string{"(|)"},
		},
		{
			name: "alternatives and negations, each name once",
			change: func(d, _ *match.Side) {
				d.Constraints = "(&(|(a=1)(golem.inf.mem.gib>99))(!(|(golem.runtime.name=vm)(b=2)))(golem.inf.mem.gib>50))"
			},
			inOffer: []string{"a", "golem.inf.mem.gib", "golem.runtime.name", "b"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			demand, offer := stockDemand(), stockOffer()
			tt.change(&demand, &offer)
			want := tt.inOffer == nil && tt.inDemand == nil
			if got := match.Match(demand, offer); got != want {
				t.Errorf("Match = %v, want %v", got, want)
			}
			inOffer, inDemand := match.Mismatches(demand, offer)
			if d := cmp.Diff(tt.inOffer, inOffer); d != "" {
				t.Errorf("in offer (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.inDemand, inDemand); d != "" {
				t.Errorf("in demand (-want +got):\n%s", d)
			}
		})
	}
}

func TestResultString(t *testing.T) {
	for want, r := range map[string]match.Result{"Undefined": undefined, "False": no, "True": yes, "Result(7)": 7} {
		if got := r.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// FuzzParse checks that any text either parses or names a place inside itself,
// that evaluation ends, and that a negation is the mirror of what it negates.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "()", "(&)", demandConstraints, "(a=*)", "(a=*foo)", "(long=m[*)", "(list=[vpn,inet])",
		"(ver$v>0.4.9)", "(price$d<1e2000000000)", "(when$t=2026-04-01T10:00:00Z)", "(a[b]$d~=)", "(!(!(!(a=1))))",
	} {
		f.Add(seed)
	}
	p := properties(f)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := match.Parse(text)
		if err != nil {
			se, ok := errors.AsType[*match.SyntaxError](err)
			if !ok || se.Offset < 0 || se.Offset > len(text) {
				t.Fatalf("Parse(%q) = %v, want a place inside the text", text, err)
			}
			return
		}
		mirror := map[match.Result]match.Result{yes: no, no: yes, undefined: undefined}
		negated, err := match.Parse("(!" + text + ")")
		if err != nil {
			return // text after the first expression, or too deep
		}
		if got, want := negated.Eval(p), mirror[e.Eval(p)]; got != want {
			t.Errorf("not %q = %v, want %v", text, got, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := match.Parse(demandConstraints); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	demand, offer := stockDemand(), stockOffer()
	for b.Loop() {
		if !match.Match(demand, offer) {
			b.Fatal("no match")
		}
	}
}
