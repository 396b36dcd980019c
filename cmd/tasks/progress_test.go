package main

import (
	"testing"
	"time"
)

func TestEndingTextCountsDown(t *testing.T) {
	for since, want := range map[time.Duration]string{
		0:                "running tasks have 30s left",
		29 * time.Second: "running tasks have 1s left",
		30 * time.Second: "agreements end; their invoices have 30s left to come",
		59 * time.Second: "agreements end; their invoices have 1s left to come",
		90 * time.Second: "what is set aside is given back",
	} {
		if got := endingText(since); got != want {
			t.Errorf("after %s: %q, want %q", since, got, want)
		}
	}
}
