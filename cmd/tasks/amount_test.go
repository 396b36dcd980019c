package main

import (
	"testing"

	"tasks/runner/ledger"

	"github.com/shopspring/decimal"
)

func TestGLM(t *testing.T) {
	for amount, want := range map[string]string{
		"0":                    "0",
		"0.000":                "0",
		"12":                   "12",
		"3.14159265":           "3.1416",
		"1234.5":               "1234.5",
		"0.1":                  "0.1",
		"0.123456":             "0.1235",
		"0.0999999":            "0.1",
		"0.0132":               "0.0132",
		"0.013249":             "0.0132",
		"0.00002134567":        "0.0000213",
		"0.000000000000000001": "0.000000000000000001",
		"-0.0021999":           "-0.0022",
	} {
		if got := ledger.Show(decimal.RequireFromString(amount)); got != want {
			t.Errorf("ledger.Show(%s) = %q, want %q", amount, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for id, want := range map[string]string{"": "", "abc": "abc", "0123456789": "01234567"} {
		if got := short(id); got != want {
			t.Errorf("short(%q) = %q, want %q", id, got, want)
		}
	}
	if got, want := shortProvider("0xabcdef0123456789"), "abcdef01"; got != want {
		t.Errorf("shortProvider() = %q, want %q", got, want)
	}
}
