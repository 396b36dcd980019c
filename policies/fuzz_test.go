package policies_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"tasks/policies"
)

// Any text compiles or is refused with a place inside it, and what compiles
// answers or fails; nothing panics and nothing hangs.
func FuzzCompile(f *testing.F) {
	kinds := []string{"workers", "max_price", "offer.accept", "offer.score", "activity.prepare", "activity.keep", "debit_note.accept", "invoice.accept", "task.retry", "task.result", "results.count"}
	for _, seed := range []string{
		"", "1", "true", "offer.price.start == 0 && provider.failures < 3", "-offer.price.hour", "[deploy(), start()]",
		`activity.age < duration("300s") || activity.cost_per_result <= max_price`, `stdout == "" ? nil : trim(stdout)`,
		`map(chunks(0, int(result), 4096), {mask: task.mask, skip: #.from, limit: #.to - #.from})`,
		"let x = task.item; x.a ?? x?.b", "reduce(1..3, #acc + #, 0)", "$env", "{a: 1}", "filter(steps, {#.exit_code > 0})", "run(", "((((", "a.b.c()", "\"\\u00e4", "#",
		"1..1e9", "`raw`", "not in", "a\nb", "// c", "/* c */ 1", "\xff", "offer?.price?.hour", "task[\"a\"]", "{(1): 2}", ",{a:", "map(x,{a:1", "::len(1)",
	} {
		for kind := range uint8(len(kinds)) {
			f.Add(kind, seed)
		}
	}
	base := parse(f, document)
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) > 2000 {
			return
		}
		begin, kind, s := time.Now(), kinds[int(which)%len(kinds)], *base
		put(&s, kind, text)
		set, list := policies.Compile(&s)
		for _, d := range list {
			if d.Fact == "" || d.Place.Col < 1 || d.Place.Col > utf8.RuneCountInString(text)+1 {
				t.Errorf("%s %q: diagnostic %+v", kind, text, d)
			}
			if !utf8.ValidString(d.Fact) && utf8.ValidString(text) {
				t.Errorf("%s %q: fact %q", kind, text, d.Fact)
			}
		}
		if len(list) == 0 {
			ask(set)
		}
		if d := time.Since(begin); d > time.Minute {
			t.Errorf("%q took %v", text, d)
		}
	})
}

// ask asks every question once.
func ask(set *policies.Set) {
	price := 1.0
	offer := policies.Offer{Properties: map[string]any{"a": 1.0}, Capabilities: []string{"vpn"}}
	activity := policies.ActivityEnv{Offer: offer, MaxPrice: &price}
	var failures []*policies.Failure
	note := func(f *policies.Failure) { failures = append(failures, f) }
	_, f := set.Workers(policies.Run{})
	note(f)
	_, _, f = set.MaxPrice(policies.Run{})
	note(f)
	_, f = set.AcceptOffer(policies.OfferEnv{Offer: offer, MaxPrice: &price})
	note(f)
	_, _, f = set.ScoreOffer(policies.OfferEnv{Offer: offer})
	note(f)
	_, f = set.Prepare(activity)
	note(f)
	_, f = set.Keep(activity)
	note(f)
	_, f = set.Retry(policies.AttemptEnv{})
	note(f)
	for _, st := range set.Stages() {
		result := policies.ResultEnv{Stdout: "1\n2", Task: policies.Task{Item: map[string]any{"mask": "x"}}}
		v, _, f := st.Result(result)
		note(f)
		_, f = st.Count(result, v)
		note(f)
	}
	for _, f := range failures {
		if f != nil {
			_ = f.Error()
		}
	}
}
