package golem

import (
	"math"
	"sort"
	"strings"
	"time"
)

// Keys that a requestor sets in a demand (protocol section 3.2). A question mark
// is part of the key: the value is negotiable, and the provider's answer holds
// what it agreed to.
const (
	// PropExpiration is when the work must be over, in milliseconds since 1970;
	// the provider ends the agreement then. Without it no provider answers.
	PropExpiration = "golem.srv.comp.expiration"
	// PropTaskPackage is the image: "hash:sha3:<hex>:<url>".
	PropTaskPackage = "golem.srv.comp.task_package"
	// PropPackageFormat is "gvmkit-squash" for a VM image.
	PropPackageFormat = "golem.srv.comp.vm.package_format"
	// PropPayload is a base64 computation manifest, instead of PropTaskPackage.
	PropPayload = "golem.srv.comp.payload"
	// PropMultiActivity is true in a demand for several activities one after
	// another, and in offers that allow it.
	PropMultiActivity = "golem.srv.caps.multi-activity"
	// PropSubnet separates markets: "public", or a tag of one's own.
	PropSubnet = "golem.node.debug.subnet"
	// PropNodeName is the display name of a node.
	PropNodeName = "golem.node.id.name"
	// PropChosenPlatform is the payment platform of the agreement. It belongs in
	// counter proposals only, and is mandatory there.
	PropChosenPlatform = "golem.com.payment.chosen-platform"
	// PropProtocolVersion is a string in demands and a number in offers.
	PropProtocolVersion = "golem.com.payment.protocol.version"
	// PropAcceptTimeout is within how many seconds each debit note is accepted.
	PropAcceptTimeout = "golem.com.payment.debit-notes.accept-timeout?"
	// PropDebitNoteInterval is the least distance of the debit notes of one
	// activity, in seconds.
	PropDebitNoteInterval = "golem.com.scheme.payu.debit-note.interval-sec?"
	// PropPaymentTimeout is within how many seconds a payable note is paid.
	PropPaymentTimeout = "golem.com.scheme.payu.payment-timeout-sec?"
)

// Keys that a provider sets in an offer (protocol section 3.3).
const (
	PropPricingModel        = "golem.com.pricing.model"               // "linear"
	PropPricingCoeffs       = "golem.com.pricing.model.linear.coeffs" // numbers, the start price last
	PropUsageVector         = "golem.com.usage.vector"                // names of the usage counters
	PropScheme              = "golem.com.scheme"                      // "payu"
	PropArchitecture        = "golem.inf.cpu.architecture"            // "x86_64"
	PropCPUBrand            = "golem.inf.cpu.brand"
	PropCPUVendor           = "golem.inf.cpu.vendor"
	PropCPUModel            = "golem.inf.cpu.model"
	PropCPUCapabilities     = "golem.inf.cpu.capabilities" // texts
	PropCores               = "golem.inf.cpu.cores"
	PropThreads             = "golem.inf.cpu.threads"
	PropMemory              = "golem.inf.mem.gib"
	PropStorage             = "golem.inf.storage.gib"
	PropRuntimeName         = "golem.runtime.name" // "vm"
	PropRuntimeVersion      = "golem.runtime.version"
	PropRuntimeCapabilities = "golem.runtime.capabilities"            // texts: "vpn", "inet", ...
	PropTransferProtocols   = "golem.activity.caps.transfer.protocol" // texts: "http", "gftp", ...
	PropTransferProgress    = "golem.activity.caps.transfer.report-progress"
	PropDeployProgress      = "golem.activity.caps.deploy.report-progress"
	PropPayloadManifest     = "golem.srv.caps.payload-manifest"
	PropIsPublic            = "golem.node.net.is-public"
)

const (
	platformPrefix = "golem.com.payment.platform."
	platformSuffix = ".address"
)

// PropPlatformAddress is the key under which a side says at which address it
// sends or receives money of a payment platform.
func PropPlatformAddress(platform string) string { return platformPrefix + platform + platformSuffix }

// Platforms lists the payment platforms that the properties give an address for,
// in order of their names.
func (p Properties) Platforms() []string {
	var names []string
	for key := range p {
		name, ok := strings.CutPrefix(key, platformPrefix)
		if !ok {
			continue
		}
		if name, ok = strings.CutSuffix(name, platformSuffix); ok && name != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// Text returns the string under key, "" when there is none or it is no string.
func (p Properties) Text(key string) string {
	s, _ := p[key].(string)
	return s
}

// Texts returns the list of strings under key, nil when there is none. Elements
// of other types are left out.
func (p Properties) Texts(key string) []string {
	switch list := p[key].(type) {
	case []string:
		return list
	case []any:
		var texts []string
		for _, e := range list {
			if s, ok := e.(string); ok {
				texts = append(texts, s)
			}
		}
		return texts
	}
	return nil
}

// Bool reports whether the value under key is true.
func (p Properties) Bool(key string) bool {
	b, _ := p[key].(bool)
	return b
}

// Number returns the finite number under key; ok is false for anything else,
// numbers in strings included.
func (p Properties) Number(key string) (n float64, ok bool) { return number(p[key]) }

func number(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case int64:
		n = float64(v)
	default:
		return 0, false
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

// Duration returns the number of seconds under key; ok is false when there is
// none, or when it is negative or beyond what a time.Duration holds.
func (p Properties) Duration(key string) (d time.Duration, ok bool) {
	n, ok := p.Number(key)
	nanos := n * float64(time.Second)
	if !ok || n < 0 || nanos >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(math.Round(nanos)), true
}

// Time returns the moment under key, a number of milliseconds since 1970 such as
// PropExpiration; ok is false when there is none.
func (p Properties) Time(key string) (t time.Time, ok bool) {
	n, ok := p.Number(key)
	if !ok || n < 0 || n >= math.MaxInt64 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(n)).UTC(), true
}
