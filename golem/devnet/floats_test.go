package devnet_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"tasks/golem/devnet"
)

// TestWholeFloats reads whole numbers as a daemon writes them, which keeps
// floating-point numbers apart from integers: yapapi tells 0 from 0.0.
func TestWholeFloats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "one", Threads: 4, MemoryGiB: 4, StorageGiB: 20.5}}})
		r.expect("POST", "/market-api/v1/scan", `{"type":"offer"}`, 201, `"1"`)
		_, offers := r.call("GET", "/market-api/v1/scan/1/events", "")
		for _, want := range []string{
			`"golem.com.pricing.model.linear.coeffs":[0.00001,0.00002,0.0]`,
			`"golem.inf.mem.gib":4.0`,
			`"golem.inf.storage.gib":20.5`,
			`"golem.inf.cpu.threads":4,`,
		} {
			if !strings.Contains(offers, want) {
				t.Errorf("offers = %s\nwant %s in them", offers, want)
			}
		}
	})
}
