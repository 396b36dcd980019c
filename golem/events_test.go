package golem_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"tasks/golem"
)

// A requestor is told of payments only if it asks (protocol section 6.6).
func TestEventPollsAskForPayments(t *testing.T) {
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("X-Requestor-Events"))
		w.Write([]byte("[]"))
	}))
	defer srv.Close()
	client := &golem.Client{BaseURL: srv.URL}
	if _, err := client.DebitNoteEvents(t.Context(), "", "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := client.InvoiceEvents(t.Context(), "", "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Accounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	const all = "RECEIVED,CANCELLED,SETTLED"
	if len(asked) != 3 || asked[0] != all || asked[1] != all || asked[2] != "" {
		t.Errorf("headers: %q", asked)
	}
}
