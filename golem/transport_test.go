package golem_test

import (
	"io"
	"net/http"
	"strings"

	"tasks/golem"
)

// transport answers requests in place, without a network, so that it works in a
// bubble of fake time.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// answering returns a client whose daemon always answers the same.
func answering(status int, body string) *golem.Client {
	return through(func(*http.Request) (*http.Response, error) { return response(status, body), nil })
}

func through(f transport) *golem.Client {
	return &golem.Client{BaseURL: "http://daemon", AppKey: testKey, HTTP: &http.Client{Transport: f}}
}
