package spec

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Blot stands where a secret was.
const Blot = "***"

// Secrets blots the secrets of documents out of what is to be shown or kept. The
// zero Secrets, and a nil one, knows none. It may be used by many at once.
type Secrets struct {
	mu       sync.Mutex // held by Learn
	forms    []string
	replacer atomic.Pointer[strings.Replacer]
}

// Learn adds the secrets of a document, as far as their values are known.
func (s *Secrets) Learn(from *Spec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.forms)
	for _, e := range from.Env {
		if !e.Secret {
			continue
		}
		for _, form := range formsOf(e.Value) {
			if !slices.Contains(s.forms, form) {
				s.forms = append(s.forms, form)
			}
		}
	}
	if len(s.forms) == n {
		return
	}
	// The longest first, so that nothing is left of one that begins like another.
	slices.SortFunc(s.forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(s.forms))
	for _, form := range s.forms {
		pairs = append(pairs, form, Blot)
	}
	s.replacer.Store(strings.NewReplacer(pairs...))
}

// Known reports whether there is a secret to blot out.
func (s *Secrets) Known() bool { return s != nil && s.replacer.Load() != nil }

// Text is a text without the secrets.
func (s *Secrets) Text(text string) string {
	if !s.Known() {
		return text
	}
	return s.replacer.Load().Replace(text)
}

// Bytes is Text for bytes, which are not changed.
func (s *Secrets) Bytes(text []byte) []byte {
	if !s.Known() {
		return text
	}
	return []byte(s.Text(string(text)))
}

// formsOf is a secret as it may be written: as it is, within JSON, Go's quotes, the
// shell's, and addresses. Of one with several lines, each long enough to be told
// from other text counts by itself.
func formsOf(secret string) []string {
	var forms []string
	parts := []string{secret, strings.TrimSpace(secret)}
	if strings.Contains(secret, "\n") {
		for line := range strings.Lines(secret) {
			parts = append(parts, strings.TrimSpace(line))
		}
	}
	for _, part := range parts {
		if len(part) < leastSecret {
			continue
		}
		forms = append(forms, part, ShellQuote(part), strings.Trim(ShellQuote(part), "'"), url.QueryEscape(part), url.PathEscape(part),
			strings.Trim(strconv.Quote(part), `"`))
		for _, escape := range []bool{true, false} {
			var b strings.Builder
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(escape)
			_ = e.Encode(part) // text can be encoded
			quoted := strings.TrimSpace(b.String())
			forms = append(forms, quoted[1:len(quoted)-1])
		}
	}
	return forms
}
