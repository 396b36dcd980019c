package scenario

import (
	"fmt"
	"os"

	"tasks/golem/devnet"
	"tasks/spec"
	"tasks/spec/diag"
)

// Overrides are what flags say in the place of the file.
type Overrides struct {
	Seed      *uint64 // nil means the file's
	Providers *int    // how many are drawn, those with names not counted; nil means the file's
}

// A Scenario is a market and what goes wrong in it, ready for a devnet.Server.
type Scenario struct {
	Text      []byte            // the document
	Seed      uint64            // 1 when the file has none
	Providers []devnet.Provider // those with names first; never nil
	Faults    []devnet.Fault
	Table     devnet.Table   // of an instant runtime; nil means real processes
	Timings   devnet.Timings // zero fields mean the devnet's own
}

// Load reads the scenario in the file at path, and gives every mistake in it, in
// file order; beside a mistake only Text is worth something. The error is that of
// reading the file, wrapped.
func Load(path string, o Overrides) (*Scenario, diag.List, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read scenario: %w", err)
	}
	s, list := Parse(path, text, o)
	return s, list, nil
}

// Parse is Load for a document that is in memory; file is its name in messages.
func Parse(file string, text []byte, o Overrides) (*Scenario, diag.List) {
	s := &Scenario{Text: text, Seed: 1, Providers: []devnet.Provider{}}
	list := spec.ReadDocument(file, text, func(doc *spec.Document, top spec.Value) {
		d := &decoder{Document: doc, scenario: s}
		d.top(top)
		d.build(o)
	})
	return s, list
}

// Apply makes a server's market and daemon those of the scenario, and its runtime
// if the scenario has one.
func (s *Scenario) Apply(server *devnet.Server) {
	server.Seed, server.Providers, server.Faults, server.Timings = s.Seed, s.Providers, s.Faults, s.Timings
	if s.Table != nil {
		server.Runtime = s.Table.Runtime(s.Seed)
	}
}

// A decoder walks one document.
type decoder struct {
	*spec.Document
	scenario *Scenario
	count    *int
	traits   []setting
	prices   *spec.Value // where the market's prices stand
	named    []named
	rules    []rule
}

func (d *decoder) top(v spec.Value) {
	if !v.IsMapping() {
		d.Wrong(v, "a mapping with seed, market, misbehaviour, daemon, runtime and timings", "start with a line such as market:")
		return
	}
	d.Fields(v,
		spec.Field{Key: "seed", Read: func(v spec.Value) {
			d.scenario.Seed = uint64(d.Integer(v, "a whole number of 0 or more", 0))
		}},
		spec.Field{Key: "market", Read: d.market},
		spec.Field{Key: "misbehaviour", Read: func(v spec.Value) {
			d.List(v, "a list of who does what", "begin each with a dash, such as - {share: 20%, never_answers: true}", d.rule)
		}},
		spec.Field{Key: "daemon", Read: func(v spec.Value) {
			d.List(v, "a list of what goes wrong", "begin each with a dash, such as - {share: 5%, fails: 500}", d.fault)
		}},
		spec.Field{Key: "runtime", Read: d.runtime},
		spec.Field{Key: "timings", Read: d.timings},
	)
}
