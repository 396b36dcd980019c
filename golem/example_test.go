package golem_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"tasks/golem"
)

// offers is what the daemon of the examples has to say of any demand.
const offers = `[{"eventType":"ProposalEvent","eventDate":"2026-04-01T10:00:02Z","proposal":{
	"proposalId":"R-b5e1","issuerId":"0x60526e8be075e6c3c29735dfb88249f308371e8c","state":"Initial",
	"timestamp":"2026-04-01T10:00:02Z","constraints":"(&)","properties":{
		"golem.node.id.name":"keeper-07","golem.inf.cpu.threads":4,"golem.com.pricing.model":"linear",
		"golem.com.usage.vector":["golem.usage.duration_sec","golem.usage.cpu_sec"],
		"golem.com.pricing.model.linear.coeffs":[2e-05,1e-05,0]}}}]`

// Ask the market what an hour of a computer costs.
func Example() {
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `"4ce8765e720c576f6f5a34ca380b3de5-a7e5"`)
			return
		}
		io.WriteString(w, offers)
	}))
	defer daemon.Close()

	client := &golem.Client{BaseURL: daemon.URL, AppKey: "secret"}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	demand, err := client.PublishDemand(ctx, golem.DemandSpec{
		Properties:  golem.Properties{golem.PropExpiration: time.Now().Add(time.Hour).UnixMilli()},
		Constraints: "(&(golem.runtime.name=vm)(golem.node.debug.subnet=public))",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for event, err := range client.OfferStream(ctx, demand) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if event.Proposal == nil {
			continue
		}
		offer := event.Proposal.Properties
		pricing, err := golem.PricingOf(offer)
		if err != nil {
			fmt.Println(err)
			continue
		}
		threads, _ := offer.Number(golem.PropThreads)
		fmt.Printf("%s: at most %s GLM an hour\n", offer.Text(golem.PropNodeName), pricing.Estimate(time.Hour, int(threads)))
		break
	}
	// Output: keeper-07: at most 0.216 GLM an hour
}

// A bill is checked by computing it again.
func ExamplePricing_Cost() {
	pricing, err := golem.PricingOf(golem.Properties{
		golem.PropPricingModel:  golem.PricingLinear,
		golem.PropUsageVector:   []string{golem.UsageCPU, golem.UsageDuration},
		golem.PropPricingCoeffs: []float64{0.0001, 0.00005, 0},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := pricing.Cost([]float64{44.017951, 103.002864998})
	fmt.Println(cost, err)
	// Output: 0.0095519383499 <nil>
}
