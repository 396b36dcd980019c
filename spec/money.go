package spec

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"gopkg.in/yaml.v3"
)

var (
	amountForm = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)
	unitForm   = regexp.MustCompile(`(?s)^(.*?)\s*/\s*(hour|h|day|d)\s*$`)
	otherUnit  = regexp.MustCompile(`^\s*([+-]?[\d.]+)\s*(?:GLM)?\s*/\s*([a-zA-Z]+)\s*$`)
)

// glmPlaces is how many decimal places an amount of GLM has at most.
const glmPlaces = 18

var windows = map[string]time.Duration{"h": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour}

// workers reads how many workers a run has.
func (d *decoder) workers(v value) {
	const wants = "a number or an expression"
	e := d.expr(v, wants)
	if amountForm.MatchString(e.Text) {
		d.integer(v, "a whole number of at least 1, or an expression", 1)
	}
	if !e.IsZero() {
		d.spec.Workers = e
	}
}

// maxPrice reads what one result may cost.
func (d *decoder) maxPrice(v value) {
	e := d.expr(v, "an amount of GLM or an expression")
	fact, hint := oddAmount(e.Text)
	switch {
	case fact != "":
		d.report(v, fact, hint)
		e = byDefault("max_price", "0") // for what else speaks of it
	case amountForm.MatchString(e.Text) && d.amount(v, e.Text).IsNegative():
		d.report(v, "wants an amount of 0 or more, and this is "+e.Text, "")
	}
	if !e.IsZero() {
		d.spec.MaxPrice = e
	}
}

// amount is the exact value of a literal amount; it reports one that is finer
// than GLM.
func (d *decoder) amount(v value, s string) decimal.Decimal {
	a, err := decimal.NewFromString(s)
	if err != nil {
		d.wrong(v, "an amount of GLM", "")
		return decimal.Zero
	}
	if !a.Equal(a.Truncate(glmPlaces)) {
		d.report(v, fmt.Sprintf("GLM has %d decimal places, and this has more", glmPlaces), "")
	}
	return a
}

// budget reads what may be spent: a rate, or a mapping of limits.
func (d *decoder) budget(v value) {
	b := Budget{WhenExhausted: d.spec.Budget.WhenExhausted} // which a flag leaves alone
	if v.node.Kind == yaml.ScalarNode {
		d.rate(v, &b)
		d.setBudget(b)
		return
	}
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a rate such as 10/h, or a mapping", "several rates are {rate: [1/h, 10/day]}")
		return
	}
	d.fields(v,
		// a limit for every stretch of an hour, or of a day
		field{"rate", func(v value) { d.rates(v, &b) }},
		// a limit for the whole run
		field{"total", func(v value) { d.total(v, &b) }},
		// what happens when the budget is used up: the run winds down, or waits until there is room again
		field{"when_exhausted", func(v value) {
			s, ok := d.scalar(v, "stop or pause", "")
			switch {
			case ok && (s == Stop || s == Pause):
				b.WhenExhausted = s
			case ok:
				const hint = "stop winds the run down; pause waits until the budget has room"
				d.wrong(v, "stop or pause", strings.TrimSpace(didYouMean(nearestOf(s, Stop, Pause))+" "+hint))
			}
		}},
	)
	d.setBudget(b)
}

// setBudget keeps a budget; without a limit the default one stays.
func (d *decoder) setBudget(b Budget) {
	if len(b.Limits) == 0 {
		b.Limits = d.spec.Budget.Limits
	}
	d.spec.Budget = b
}

// rates reads one rate or several.
func (d *decoder) rates(v value, b *Budget) {
	if v.node.Kind != yaml.SequenceNode {
		d.rate(v, b)
		return
	}
	d.list(v, "a rate", "", func(v value) { d.rate(v, b) })
}

// rate reads an amount over a unit of time. The unit is the last /h, /hour, /d
// or /day of the text, and must be its end; all before it is the amount.
func (d *decoder) rate(v value, b *Budget) {
	const hint = "write 10/h or 10/day for a rate, or {total: 10} for the whole run"
	s, ok := d.scalar(v, "a rate such as 10/h", hint)
	if !ok || !d.isExpression(v, s) {
		return
	}
	m := unitForm.FindStringSubmatch(s)
	if m == nil {
		if o := otherUnit.FindStringSubmatch(s); o != nil {
			d.report(v, "unknown unit of time "+shown(o[2]), fmt.Sprintf("write %s/h or %s/day", o[1], o[1]))
			return
		}
		d.report(v, v.kind()+" has no unit of time", rateHint(s))
		return
	}
	window := windows[m[2]]
	for _, l := range b.Limits {
		if l.Window == window {
			d.report(v, "there is a second limit for the same time", "keep one of the two")
			return
		}
	}
	d.limit(v, exprAt(m[1], v.at()), window, b)
}

// rateHint is the two fixes of a rate without a unit.
func rateHint(s string) string {
	s = strings.TrimSpace(s)
	if !amountForm.MatchString(s) {
		return "end it in /h or /day for a rate, or write {total: …} for the whole run"
	}
	return fmt.Sprintf("write %s/h or %s/day for a rate, or {total: %s} for the whole run", s, s, s)
}

// total reads the limit of the whole run.
func (d *decoder) total(v value, b *Budget) {
	e := d.expr(v, "an amount of GLM or an expression")
	if m := unitForm.FindStringSubmatch(e.Text); m != nil && amountForm.MatchString(m[1]) {
		d.report(v, "total is for the whole run, and this has a unit of time", fmt.Sprintf("write total: %s, or rate: %s", m[1], e.Text))
		return
	}
	if !e.IsZero() {
		d.limit(v, e, 0, b)
	}
}

// limit keeps a limit whose amount, where it is a literal, is above 0.
func (d *decoder) limit(v value, e Expr, window time.Duration, b *Budget) {
	fact, hint := oddAmount(e.Text)
	switch {
	case e.IsZero():
		d.report(v, "there is no amount before the unit of time", "write 10/h or 10/day")
		return
	case fact != "":
		d.report(v, fact, hint)
		return
	case amountForm.MatchString(e.Text) && !d.amount(v, e.Text).IsPositive():
		d.report(v, "wants an amount above 0, and this is "+e.Text, "")
		return
	}
	b.Limits = append(b.Limits, Limit{Amount: e, Window: window})
}

var glmForm = regexp.MustCompile(`(?i)^[\d.]+\s*t?glm$`)
