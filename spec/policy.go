package spec

import "time"

// defaults fills in all that a document may leave out.
func defaults(s *Spec) {
	s.Payload.Runtime = "vm"
	s.Golem = Golem{
		Network:           "hoodi",
		Subnet:            "public",
		DebitNoteInterval: 2 * time.Minute,
		AcceptTimeout:     2 * time.Minute,
		PaymentTimeout:    12 * time.Hour,
	}
	s.Workers = byDefault("workers", "1")
	s.Budget = Budget{
		Limits:        []Limit{{Amount: byDefault("budget", "1"), Window: time.Hour}},
		WhenExhausted: Stop,
	}
	s.Policies = Policies{
		OfferAccept:     byDefault("policies.offer.accept", "true"),
		OfferScore:      byDefault("policies.offer.score", "-offer.price.busy / provider.speed"),
		ActivityPrepare: byDefault("policies.activity.prepare", "[deploy(), start()]"),
		ActivityReuse:   byDefault("policies.activity.reuse", "true"),
		DebitNoteAccept: byDefault("policies.debit_note.accept", "true"),
		InvoiceAccept:   byDefault("policies.invoice.accept", "true"),
		TaskRetry:       byDefault("policies.task.retry", "attempt.number < 3"),
		TaskResult:      byDefault("policies.task.result", "trim(stdout)"),
	}
}

// fillKeep fills in the rule by which activities are kept, which depends on
// whether a result has a maximal price.
func fillKeep(s *Spec) {
	switch {
	case !s.Policies.ActivityKeep.IsZero():
	case s.MaxPrice.IsZero():
		s.Policies.ActivityKeep = byDefault("policies.activity.keep", "activity.saving == 0")
	default:
		s.Policies.ActivityKeep = byDefault("policies.activity.keep",
			`activity.saving == 0 && (activity.age < duration("300s") || activity.cost_per_result <= max_price)`)
	}
}

func byDefault(path, expr string) Expr { return NewExpr(expr, "the default of "+path) }

// policies reads the expressions that decide.
func (d *decoder) policies(v value) {
	p := &d.spec.Policies
	d.fields(v,
		// about offers of providers
		field{"offer", func(v value) {
			d.fields(v,
				// whether to consider an offer
				d.policy("accept", &p.OfferAccept),
				// how good an offer is
				d.policy("score", &p.OfferScore),
			)
		}},
		// about workers
		field{"activity", func(v value) {
			d.fields(v,
				// what is run in a new machine
				d.policy("prepare", &p.ActivityPrepare),
				// whether to go on with a worker
				d.policy("keep", &p.ActivityKeep),
				// whether to go on with a worker that outlived a crash
				d.policy("reuse", &p.ActivityReuse),
			)
		}},
		// about running bills
		field{"debit_note", func(v value) {
			d.fields(v,
				// whether to accept a debit note that passed the audit
				d.policy("accept", &p.DebitNoteAccept),
			)
		}},
		// about closing bills
		field{"invoice", func(v value) {
			d.fields(v,
				// whether to accept an invoice that passed the audit
				d.policy("accept", &p.InvoiceAccept),
			)
		}},
		// about tasks
		field{"task", func(v value) {
			d.fields(v,
				// whether to try a failed task again
				d.policy("retry", &p.TaskRetry),
				// what to keep of the output
				d.policy("result", &p.TaskResult),
			)
		}},
	)
}

// policy is a field that replaces a default expression.
func (d *decoder) policy(key string, to *Expr) field {
	return field{key, func(v value) {
		if e := d.expr(v, ""); !e.IsZero() {
			*to = e
		}
	}}
}
