package devnet

import (
	"fmt"
	"time"

	"tasks/golem"
)

// publish makes the provider's offer, with the properties of a stock provider
// (protocol section 3.3).
func (p *provider) publish(at time.Time) golem.Offer {
	properties := golem.Properties{
		golem.PropTransferProtocols:   []any{"http", "https", "gftp"},
		golem.PropProtocolVersion:     float64(3),
		golem.PropAcceptTimeout:       float64(240),
		golem.PropDebitNoteInterval:   float64(120),
		golem.PropPaymentTimeout:      float64(120),
		golem.PropScheme:              "payu",
		golem.PropArchitecture:        "x86_64",
		golem.PropCPUBrand:            "Simulated CPU @ 3.20GHz",
		golem.PropCPUCapabilities:     []any{"sse3", "ssse3", "fma", "sse41", "sse42", "aesni", "avx", "avx2", "rdrand", "fpu"},
		golem.PropCores:               float64(p.Cores),
		golem.PropCPUModel:            "Stepping 10 Family 6 Model 302",
		golem.PropThreads:             float64(p.Threads),
		golem.PropCPUVendor:           "GenuineIntel",
		golem.PropMemory:              p.MemoryGiB,
		golem.PropStorage:             p.StorageGiB,
		golem.PropSubnet:              p.Subnet,
		golem.PropNodeName:            p.Name,
		golem.PropIsPublic:            false,
		golem.PropRuntimeCapabilities: []any{"inet", "vpn", "manifest-support", "start-entrypoint"},
		golem.PropRuntimeName:         p.Runtime,
		golem.PropRuntimeVersion:      "0.4.0",
		golem.PropMultiActivity:       true,
		golem.PropPayloadManifest:     true,
		golem.PropDeployProgress:      false,
		golem.PropTransferProgress:    true,
	}
	p.setPrices(properties)
	for _, platform := range platforms {
		properties[platform.addressKey()] = string(p.NodeID)
	}
	return golem.Offer{
		Properties: properties,
		Constraints: fmt.Sprintf("(&\n  (golem.srv.comp.expiration>%d)\n  (golem.node.debug.subnet=%s)\n)",
			at.UnixMilli(), p.Subnet),
		OfferID:    golem.OfferID(newSubscription()),
		ProviderID: p.NodeID,
		Timestamp:  at.UTC().Truncate(time.Microsecond),
	}
}

func (p *provider) setPrices(properties golem.Properties) {
	cpu, duration := p.CPU.InexactFloat64(), p.Duration.InexactFloat64()
	vector := []any{golem.UsageCPU, golem.UsageDuration}
	coeffs := []any{cpu, duration, p.Start.InexactFloat64()}
	if p.DurationFirst {
		vector[0], vector[1] = vector[1], vector[0]
		coeffs[0], coeffs[1] = coeffs[1], coeffs[0]
	}
	properties[golem.PropPricingModel] = golem.PricingLinear
	properties[golem.PropPricingCoeffs] = coeffs
	properties[golem.PropUsageVector] = vector
}
