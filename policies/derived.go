package policies

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"tasks/golem"
)

// derive fills in what follows from what was given, and gives its names.
func derive(env reflect.Value, given map[string]any) map[string]bool {
	out := map[string]bool{}
	set := func(to *float64, is float64, path ...string) {
		if name := pathName(path); !covered(given, path) {
			*to, out[name] = is, true
		}
	}
	offer, hasOffer := groupOf[Offer](env, "offer")
	if _, ok := given["offer"]; ok && hasOffer {
		p := &offer.Price
		set(&p.Hour, p.Start+3600*(p.DurationSec+p.CPUSec*float64(max(offer.CPU.Threads, 1))), "offer", "price", "hour")
		set(&p.Busy, p.Start+3600*(p.DurationSec+p.CPUSec), "offer", "price", "busy")
	}
	if provider, ok := groupOf[Provider](env, "provider"); ok {
		if hasOffer && provider.ID == "" && provider.Name == "" {
			provider.ID, provider.Name = offer.Provider.ID, offer.Provider.Name
			out["provider.id"], out["provider.name"] = provider.ID != "", provider.Name != ""
		}
		if covered(given, []string{"provider", "cost"}) {
			set(&provider.CostPerResult, perResult(provider.Cost, float64(provider.Results)), "provider", "cost_per_result")
		}
		recent := &provider.Recent
		if covered(given, []string{"provider", "recent", "cost"}) {
			set(&recent.CostPerResult, perResult(recent.Cost, recent.Results), "provider", "recent", "cost_per_result")
		}
		provider.settle()
	}
	if a, ok := groupOf[Activity](env, "activity"); ok && covered(given, []string{"activity", "cost"}) {
		set(&a.CostPerResult, perResult(a.Cost, float64(a.Results)), "activity", "cost_per_result")
	}
	if r, ok := groupOf[Run](env, "run"); ok && covered(given, []string{"run", "spent"}) {
		set(&r.CostPerResult, perResult(r.Spent, float64(r.Results)), "run", "cost_per_result")
	}
	return out
}

func perResult(cost, results float64) float64 {
	switch {
	case results > 0:
		return cost / results
	case cost > 0:
		return math.Inf(1)
	}
	return 0
}

// groupOf is a group of an environment, which can be changed.
func groupOf[T any](env reflect.Value, name string) (*T, bool) {
	field, ok := fieldNamed(env, name)
	if !ok {
		return nil, false
	}
	p, ok := field.Addr().Interface().(*T)
	return p, ok
}

// covered reports whether a tree says something of a path.
func covered(given map[string]any, path []string) bool {
	var at any = given
	for _, name := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return true
		}
		if at, ok = m[name]; !ok {
			return false
		}
	}
	return true
}

// merged is a tree with the leaves of another in place of its own.
func merged(a, b map[string]any) map[string]any {
	for key, v := range b {
		left, isTree := a[key].(map[string]any)
		right, both := v.(map[string]any)
		if isTree && both && key != "properties" {
			a[key] = merged(left, right)
			continue
		}
		a[key] = v
	}
	return a
}

// propertiesRead takes an offer that is given as the properties of the network,
// such as "golem.inf.cpu.threads", for what they say; names that are given beside
// them in an offer with properties beat them.
func propertiesRead(given map[string]any) (map[string]any, error) {
	offer, ok := given["offer"].(map[string]any)
	if !ok {
		return given, nil
	}
	props, beside := offer, map[string]any{}
	if inner, ok := offer["properties"].(map[string]any); ok {
		props, beside = inner, offer
	}
	if !slices.ContainsFunc(sortedKeys(props), func(key string) bool { return strings.HasPrefix(key, "golem.") }) {
		return given, nil
	}
	read, _, err := NewOffer(golem.Proposal{Properties: props})
	if err != nil {
		return nil, &Misfit{Path: []string{"offer"}, Fact: err.Error()}
	}
	out := make(map[string]any, len(given))
	for key, v := range given {
		out[key] = v
	}
	out["offer"] = merged(Values(read), beside)
	return out, nil
}
