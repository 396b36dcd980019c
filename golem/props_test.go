package golem_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

func TestPropertyReaders(t *testing.T) {
	p := golem.Properties{
		golem.PropNodeName:                            "keeper",
		golem.PropCores:                               6.0,
		golem.PropThreads:                             int64(11),
		golem.PropProtocolVersion:                     "3",
		golem.PropMultiActivity:                       true,
		golem.PropRuntimeCapabilities:                 []any{"vpn", 7.0, "inet"},
		golem.PropTransferProtocols:                   []string{"http"},
		golem.PropPlatformAddress("erc20-hoodi-tglm"): "0x6052",
		golem.PropPlatformAddress("erc20-amoy-tglm"):  "0x6052",
		"golem.com.payment.platform.address":          "0x6052",
	}
	if got := p.Text(golem.PropNodeName); got != "keeper" {
		t.Errorf("Text = %q", got)
	}
	if got := p.Text(golem.PropCores); got != "" {
		t.Errorf("Text of a number = %q", got)
	}
	if !p.Bool(golem.PropMultiActivity) || p.Bool(golem.PropIsPublic) {
		t.Error("Bool is wrong")
	}
	if diff := cmp.Diff([]string{"vpn", "inet"}, p.Texts(golem.PropRuntimeCapabilities)); diff != "" {
		t.Errorf("Texts (-want +got):\n%s", diff)
	}
	if got := p.Texts(golem.PropTransferProtocols); len(got) != 1 || p.Texts(golem.PropNodeName) != nil {
		t.Errorf("Texts = %v", got)
	}
	if diff := cmp.Diff([]string{"erc20-amoy-tglm", "erc20-hoodi-tglm"}, p.Platforms()); diff != "" {
		t.Errorf("Platforms (-want +got):\n%s", diff)
	}
	for key, want := range map[string]float64{golem.PropCores: 6, golem.PropThreads: 11} {
		if got, ok := p.Number(key); !ok || got != want {
			t.Errorf("Number(%s) = %v, %t", key, got, ok)
		}
	}
	for _, key := range []string{golem.PropProtocolVersion, golem.PropMultiActivity, golem.PropMemory} {
		if got, ok := p.Number(key); ok {
			t.Errorf("Number(%s) = %v", key, got)
		}
	}
}

func TestPropertyTimes(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  time.Duration
		ok    bool
	}{
		{120.0, 2 * time.Minute, true},
		{0.5, 500 * time.Millisecond, true},
		{0.1, 100 * time.Millisecond, true},
		{0.0, 0, true},
		{-1.0, 0, false},
		{1e300, 0, false},
		{9223372036.9, 0, false},
		{math.NaN(), 0, false},
		{"120", 0, false},
		{nil, 0, false},
	} {
		p := golem.Properties{golem.PropAcceptTimeout: tc.value}
		if got, ok := p.Duration(golem.PropAcceptTimeout); got != tc.want || ok != tc.ok {
			t.Errorf("Duration of %v = %v, %t, want %v, %t", tc.value, got, ok, tc.want, tc.ok)
		}
	}
	p := golem.Properties{golem.PropExpiration: float64(epoch.UnixMilli())}
	if got, ok := p.Time(golem.PropExpiration); !ok || !got.Equal(epoch) {
		t.Errorf("Time = %v, %t, want %v", got, ok, epoch)
	}
	if got, ok := p.Time("other"); ok {
		t.Errorf("Time of nothing = %v", got)
	}
}
