package ledger_test

import (
	"testing"

	"tasks/golem"
	"tasks/runner/ledger"
)

func TestAuditInvoice(t *testing.T) {
	ended := func(final string) ledger.InvoiceActivity {
		return ledger.InvoiceActivity{
			Meter:    ledger.Meter{Pricing: stock(), Threads: 2, StartedAt: noon},
			LastNote: ledger.Note{Total: glm(final), IssuedAt: after(100)},
			EndedAt:  after(100),
		}
	}
	// Of 100 s: 115.1 s of both threads, so 0.029926 GLM.
	silent := ended("0")
	silent.LastNote = ledger.Note{}
	reported := silent
	reported.Usage, reported.UsageAt, reported.Billed = []float64{10, 90}, after(90), glm("0.0055")
	custom := silent
	custom.Pricing = pricing("0", golem.UsageDuration, "0.00005", "golem.usage.tokens", "0.5")
	custom.Usage, custom.UsageAt = []float64{90, 6}, after(90)

	for _, tt := range []struct {
		name             string
		amount, accepted string
		acts             []ledger.InvoiceActivity
		want             string
	}{
		{"the sum of the final notes", "0.03", "0.02", []ledger.InvoiceActivity{ended("0.01"), ended("0.02")}, ""},
		{"rounded by the provider", "0.030000000000001", "0.02", []ledger.InvoiceActivity{ended("0.01"), ended("0.02")}, ""},
		{"more than the final notes", "0.031", "0.02", []ledger.InvoiceActivity{ended("0.01"), ended("0.02")}, ledger.CodeTotalMismatch},
		{"less than the final notes", "0.029", "0.02", []ledger.InvoiceActivity{ended("0.01"), ended("0.02")}, ledger.CodeTotalMismatch},
		{"less than was accepted", "0.01", "0.010000000000000001", []ledger.InvoiceActivity{ended("0.02")}, ledger.CodeBelowAccepted},
		{"just what was accepted", "0.01", "0.01", []ledger.InvoiceActivity{ended("0.02")}, ""},

		{"no activities", "0", "0", nil, ""},
		{"no activities, and money", "0.001", "0", nil, ledger.CodeAboveBound},

		{"no final note, possible", "0.029", "0", []ledger.InvoiceActivity{silent}, ""},
		{"no final note, impossible", "0.031", "0", []ledger.InvoiceActivity{silent}, ledger.CodeAboveBound},
		{"usage known to be less, possible", "0.0120", "0.0055", []ledger.InvoiceActivity{reported}, ""},
		{"usage known to be less, impossible", "0.0145", "0.0055", []ledger.InvoiceActivity{reported}, ledger.CodeAboveBound},
		{"one final note of two, possible", "0.039", "0", []ledger.InvoiceActivity{ended("0.01"), silent}, ""},
		{"one final note of two, impossible", "0.041", "0", []ledger.InvoiceActivity{ended("0.01"), silent}, ledger.CodeAboveBound},

		{"a counter of its own, as last known", "3.005", "0", []ledger.InvoiceActivity{custom}, ""},
		{"a counter of its own, and more", "3.5", "0", []ledger.InvoiceActivity{custom}, ledger.CodeUnbounded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := ledger.AuditInvoice(glm(tt.amount), tt.acts, glm(tt.accepted))
			if code(f) != tt.want {
				t.Errorf("AuditInvoice = %+v, want %q", f, tt.want)
			}
		})
	}
}
