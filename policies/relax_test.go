package policies_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/policies"
)

func TestRelax(t *testing.T) {
	var offers []policies.OfferEnv
	for i := range 10 {
		o := policies.OfferEnv{}
		o.Offer.Price.Start, o.Offer.CPU.Threads, o.Offer.Memory = float64(i)/10, i%4+1, 8
		offers = append(offers, o)
	}
	tests := []struct {
		name, accept string
		enough       int
		want         []policies.Relaxation
	}{
		{"nothing is kept out", "true", 1, nil},
		{"one part", "offer.price.start < 0.1", 1, []policies.Relaxation{{Part: "offer.price.start < 0.1", Instead: "offer.price.start <= 0.1", Lets: 1, Without: 9}}},
		{"enough", "offer.price.start <= 0.1", 3, []policies.Relaxation{{Part: "offer.price.start <= 0.1", Instead: "offer.price.start <= 0.4", Lets: 3, Without: 8}}},
		{"two parts, the smaller change first", "offer.cpu.threads >= 4 and offer.price.start <= 0.5", 1, []policies.Relaxation{
			{Part: "offer.cpu.threads >= 4", Instead: "offer.cpu.threads >= 3", Lets: 1, Without: 5},
			{Part: "offer.price.start <= 0.5", Instead: "offer.price.start <= 0.7", Lets: 1, Without: 1}}},
		{"no comparison", `offer.runtime == "vm"`, 1, []policies.Relaxation{{Part: `offer.runtime == "vm"`, Without: 10}}},
		{"two parts that both keep out", `offer.runtime == "vm" && offer.memory > 10`, 1, nil},
		{"a choice is one part", "offer.memory > 10 || offer.cpu.threads > 9", 1, []policies.Relaxation{{Part: "offer.memory > 10 || offer.cpu.threads > 9", Without: 10}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := parse(t, document)
			put(s, "offer.accept", tt.accept)
			got := policies.Relax(s, offers, tt.enough)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(policies.Relaxation{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
