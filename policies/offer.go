package policies

import (
	"fmt"
	"time"

	"tasks/golem"
)

// NewOffer reads a proposal of a provider as expressions see it, and its price
// formula, from which bills are audited. Properties that are missing are zero;
// a price that cannot be read is an error, because nothing can be decided, or
// paid, without one (protocol sections 3.3 and 4).
//
// Price.Hour takes every thread to be busy: it is the most an hour can cost, and
// what an hour of a worker that is kept busy is expected to cost. An offer that
// names no threads counts as one. Price.Busy takes one thread to be busy, until
// SetBusy knows better.
func NewOffer(p golem.Proposal) (Offer, golem.Pricing, error) {
	pricing, err := golem.PricingOf(p.Properties)
	if err != nil {
		return Offer{}, golem.Pricing{}, fmt.Errorf("read offer: %w", err)
	}
	props := p.Properties
	o := Offer{
		ID:           string(p.ProposalID),
		Provider:     ProviderRef{ID: string(p.IssuerID), Name: props.Text(golem.PropNodeName)},
		CPU:          newCPU(props),
		Memory:       numberAt(props, golem.PropMemory),
		Storage:      numberAt(props, golem.PropStorage),
		Runtime:      props.Text(golem.PropRuntimeName),
		Version:      props.Text(golem.PropRuntimeVersion),
		Capabilities: props.Texts(golem.PropRuntimeCapabilities),
		Subnet:       props.Text(golem.PropSubnet),
		Properties:   props,
	}
	o.Price = newPrice(pricing, max(o.CPU.Threads, 1))
	return o, pricing, nil
}

func newPrice(p golem.Pricing, threads int) Price {
	return Price{
		Start:       p.Start.InexactFloat64(),
		CPUSec:      p.Coeffs[golem.UsageCPU].InexactFloat64(),
		DurationSec: p.Coeffs[golem.UsageDuration].InexactFloat64(),
		Hour:        p.Estimate(time.Hour, threads).InexactFloat64(),
		Busy:        p.Estimate(time.Hour, 1).InexactFloat64(),
	}
}

// SetBusy makes Price.Busy the price of an hour in which so many threads are busy,
// of those that there are.
func (o *Offer) SetBusy(threads float64) {
	used := min(threads, float64(max(o.CPU.Threads, 1)))
	o.Price.Busy = o.Price.Start + 3600*(o.Price.DurationSec+o.Price.CPUSec*used)
}

func newCPU(p golem.Properties) CPU {
	return CPU{
		Cores:        int(numberAt(p, golem.PropCores)),
		Threads:      int(numberAt(p, golem.PropThreads)),
		Arch:         p.Text(golem.PropArchitecture),
		Brand:        p.Text(golem.PropCPUBrand),
		Vendor:       p.Text(golem.PropCPUVendor),
		Capabilities: p.Texts(golem.PropCPUCapabilities),
	}
}

func numberAt(p golem.Properties, key string) float64 {
	n, _ := p.Number(key)
	return n
}
