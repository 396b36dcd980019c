package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"syscall"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
)

// daemonEmbedded is how a run names the devnet in its own process.
const daemonEmbedded = "embedded"

// embeddedSeed draws the market of the embedded devnet: always the same one, so
// that two runs of a spec meet the same providers and can be compared.
const embeddedSeed = 1

// A daemon is what a run is carried out on.
type daemon struct {
	name   string // daemonEmbedded, or its URL
	client *golem.Client
	close  func() error
}

// openDaemon is the daemon that the environment names, or an embedded devnet.
func (a *app) openDaemon() (*daemon, error) {
	url, key := os.Getenv("YAGNA_API_URL"), os.Getenv("YAGNA_APPKEY")
	if url == "" && key == "" {
		fmt.Fprintln(a.err, "no daemon is configured (YAGNA_APPKEY): running on an embedded devnet, with play money")
		return embeddedDaemon(), nil
	}
	url = cmp.Or(url, golem.DefaultBaseURL)
	if key == "" {
		return nil, &hintedError{
			error: &daemonError{url: url, error: errors.New("YAGNA_API_URL is set and YAGNA_APPKEY is not")},
			hint:  `the daemon wants a key: "yagna app-key list" shows those it knows`,
		}
	}
	client := &golem.Client{BaseURL: url, AppKey: key}
	return &daemon{name: url, client: client, close: func() error {
		client.CloseIdleConnections()
		return nil
	}}, nil
}

func embeddedDaemon() *daemon {
	server := &devnet.Server{Seed: embeddedSeed}
	client := &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: server.Client()}
	return &daemon{name: daemonEmbedded, client: client, close: server.Close}
}

// A daemonError is a daemon that cannot be used.
type daemonError struct {
	error
	url string
}

func (e *daemonError) Unwrap() error { return e.error }

// blame names the daemon in an error that comes from not being able to use it.
func (d *daemon) blame(err error) error {
	var answer *golem.Error
	if errors.Is(err, runner.ErrDaemon) || errors.Is(err, golem.ErrUnreachable) || errors.As(err, &answer) {
		return &daemonError{url: d.name, error: err}
	}
	return err
}

// explain says what is wrong with the daemon, and what would help.
func (e *daemonError) explain() (fact, hint string) {
	if old, ok := errors.AsType[*runner.OldDaemonError](e.error); ok {
		return fmt.Sprintf("the yagna daemon at %s is version %s, and tasks needs 0.17.0 or newer", e.url, old.Version),
			"update yagna: older ones pay bills beyond what is set aside, and no budget is safe with them"
	}
	switch status := golem.StatusOf(e.error); {
	case errors.Is(e.error, golem.ErrUnreachable):
		reason := "it gives no answer"
		if errno, ok := errors.AsType[syscall.Errno](e.error); ok {
			reason = errno.Error()
		}
		return fmt.Sprintf("cannot reach the yagna daemon at %s: %s", e.url, reason),
			`start it with "yagna service run", or leave out YAGNA_APPKEY and YAGNA_API_URL to try this spec on the embedded devnet`
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("the yagna daemon at %s refuses the key in YAGNA_APPKEY", e.url),
			`"yagna app-key list" shows the keys it knows`
	}
	return e.error.Error(), ""
}
