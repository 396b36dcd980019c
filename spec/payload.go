package spec

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

var (
	hashForm = regexp.MustCompile(`^[0-9a-f]{56}$`)
	hexForm  = regexp.MustCompile(`^[0-9a-fA-F]{40,}$`)
)

// payload reads what runs on the provider, in the short form or the long one.
func (d *decoder) payload(v value) {
	p := &d.spec.Payload
	if v.node.Kind == yaml.ScalarNode {
		p.Image = d.image(v)
		return
	}
	var source value
	has := d.fields(v,
		// the image that commands run in
		field{"image", func(v value) { p.Image = d.image(v) }},
		// where an image that is named by its hash is fetched from
		field{"url", func(v value) { p.URL, source = d.url(v), v }},
		// the runtime that a provider must have
		field{"runtime", func(v value) { p.Runtime = cmp.Or(d.word(v, "the name of a runtime, such as vm", nameForm), p.Runtime) }},
		// what a machine must have at least
		field{"min", d.minimum},
		// capabilities that the runtime must have, such as `vpn`
		field{"capabilities", func(v value) {
			d.list(v, "a list of capabilities", "write [vpn]", func(v value) {
				p.Capabilities = append(p.Capabilities, d.word(v, "the name of a capability, such as vpn", nameForm))
			})
		}},
		// more constraints for the market, in the market's own language, all of which must hold as well
		field{"constraints", func(v value) { p.Constraints = d.constraints(v) }},
		// more places that files can be copied to and from
		field{"volumes", d.volumes},
	)
	if v.node.Kind == yaml.MappingNode && p.Runtime == "vm" && !has["image"] {
		d.missing(v, "there is no image", "the vm runtime needs one: an image hash, a registry tag such as golem/alpine:latest, or a URL")
	}
	if p.URL != "" && p.Image != "" && !hashForm.MatchString(p.Image) {
		d.report(source, "a url needs an image named by its hash", "give image: the 56 digits of the image's hash, or put the URL there and leave out url")
	}
}

// image reads the name of an image: a hash, a registry tag, or a URL.
func (d *decoder) image(v value) string {
	const wants = "an image hash, a registry tag such as golem/alpine:latest, or a URL"
	s, ok := d.fixed(v, wants, "")
	switch {
	case !ok:
		return ""
	case strings.ContainsAny(s, " \t\n\""):
		d.wrong(v, wants, "")
		return ""
	case hexForm.MatchString(s) && !hashForm.MatchString(s):
		d.report(v, fmt.Sprintf("an image hash has 56 digits from 0 to f, and this has %d", len(s)), "")
		return ""
	case strings.Contains(s, "://"):
		return d.url(v)
	}
	return s
}

// url reads an address that images are fetched from.
func (d *decoder) url(v value) string {
	const wants = "an address that starts with http:// or https://"
	s, ok := d.fixed(v, wants, "")
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		d.wrong(v, wants, "")
		return ""
	}
	return s
}

// minimum reads what an offer must have at least.
func (d *decoder) minimum(v value) {
	m := &d.spec.Payload.Min
	const whole = "a whole number of at least 1"
	d.fields(v,
		// processor cores
		field{"cores", func(v value) { m.Cores = int(d.integer(v, whole, 1)) }},
		// processor threads
		field{"threads", func(v value) { m.Threads = int(d.integer(v, whole, 1)) }},
		// memory
		field{"memory", func(v value) { m.Memory = d.size(v) }},
		// disk space
		field{"storage", func(v value) { m.Storage = d.size(v) }},
	)
}

// constraints reads raw demand constraints. Only their brackets are checked: the
// daemon knows the rest.
func (d *decoder) constraints(v value) string {
	if v.node.Kind == yaml.ScalarNode && !v.isNull() && strings.TrimSpace(v.node.Value) == "" {
		return ""
	}
	const wants, hint = "constraints", "write them as the market does, such as (golem.inf.cpu.cores>=4), several as (&(…)(…))"
	s, ok := d.fixed(v, wants, hint)
	if !ok {
		return ""
	}
	s = strings.TrimSpace(s)
	depth := 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 || depth == 0 && i < len(s)-1 {
			d.report(v, "constraints are one pair of parentheses around all of it, and these are not", hint)
			return ""
		}
	}
	if depth != 0 {
		d.report(v, "a parenthesis of the constraints is not closed", hint)
		return ""
	}
	return s
}

// golem reads which part of the network to use and how often to be billed.
func (d *decoder) golem(v value) {
	g := &d.spec.Golem
	set := func(t *time.Duration, low, high time.Duration) func(value) {
		return func(v value) {
			if got := d.duration(v, low, high); got != 0 {
				*t = got
			}
		}
	}
	d.fields(v,
		// the payment network; `hoodi` is a test network, whose GLM is worth nothing
		field{"network", func(v value) { g.Network = d.word(v, "the name of a payment network, such as hoodi", nameForm) }},
		// the part of the market to look in
		field{"subnet", func(v value) { g.Subnet = d.word(v, "the name of a subnet, such as public", nameForm) }},
		// how often a provider may send a bill for a running machine
		field{"debit_note_interval", set(&g.DebitNoteInterval, time.Second, 24*time.Hour)},
		// how soon we promise to answer such a bill
		field{"accept_timeout", set(&g.AcceptTimeout, 5*time.Second, 4*time.Minute)},
		// how soon we promise to pay accepted bills
		field{"payment_timeout", set(&g.PaymentTimeout, time.Second, 24*time.Hour)},
	)
}
