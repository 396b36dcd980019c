package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
)

// theDaemon checks all that needs one.
func (c *checkup) theDaemon(ctx context.Context) {
	if os.Getenv("YAGNA_API_URL") == "" && os.Getenv("YAGNA_APPKEY") == "" {
		c.say("daemon", findWarn, "none is configured: runs use the embedded devnet, with play money",
			"set YAGNA_APPKEY to run on the network; yagna app-key list shows the keys")
		c.gftp(findOK, "not needed on a devnet")
		return
	}
	d, err := c.openDaemon()
	if err != nil {
		c.fails("daemon", err)
		return
	}
	defer d.close()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	clock := &dated{next: transport}
	d.client.HTTP = &http.Client{Transport: clock}
	if c.version(ctx, d) && c.identity(ctx, d) {
		c.clock(clock)
		if c.account(ctx, d) {
			c.money(ctx, d)
		}
		c.market(ctx, d)
	}
	if c.devnet {
		c.gftp(findOK, "not needed on a devnet")
		return
	}
	if _, err := exec.LookPath("gftp"); err != nil {
		c.gftp(findWarn, "not in PATH: specs with upload or download cannot run")
		return
	}
	c.gftp(findOK, "in PATH")
}

func (c *checkup) gftp(is, fact string) {
	next := ""
	if is != findOK {
		next = "add the folder of the program gftp, which comes with yagna, to PATH"
	}
	c.say("gftp", is, fact, next)
}

func (c *checkup) version(ctx context.Context, d *daemon) bool {
	v, err := d.client.Version(ctx)
	if err != nil {
		c.fails("daemon", d.blame(err))
		return false
	}
	if !v.AtLeast(0, 17, 0) {
		c.fails("daemon", &daemonError{url: d.name, error: &runner.OldDaemonError{Version: v.Current.Version}})
		return false
	}
	c.devnet = strings.Contains(v.Current.Name, "devnet")
	next := ""
	if v.Pending != nil && v.Pending.Version != "" {
		next = "yagna " + v.Pending.Version + " is out"
	}
	c.say("daemon", findOK, "yagna "+v.Current.Version+" at "+d.name, next)
	return true
}

func (c *checkup) identity(ctx context.Context, d *daemon) bool {
	me, err := d.client.Me(ctx)
	if err != nil {
		c.fails("identity", d.blame(err))
		return false
	}
	c.say("identity", findOK, fmt.Sprintf("%s (key %q)", me.Identity, me.Name), "")
	return true
}

// A dated transport notes how far the daemon's clock is from ours.
type dated struct {
	next http.RoundTripper
	skew time.Duration
	ok   bool
}

// RoundTrip implements http.RoundTripper.
func (t *dated) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil && time.Since(began) < 2*time.Second {
		t.skew, t.ok = time.Since(at), true
	}
	return resp, nil
}

// clockSkew is what a whole second in the header, and the way of an answer, explain.
const clockSkew = 5 * time.Second

func (c *checkup) clock(t *dated) {
	switch {
	case !t.ok:
		c.say("clock", findWarn, "the daemon does not say its time", "")
	case t.skew.Abs() > clockSkew:
		c.say("clock", findWarn, fmt.Sprintf("this computer's clock and the daemon's differ by %s", t.skew.Abs().Round(time.Second)),
			"set both by a time server: debit notes are judged by this clock")
	default:
		c.say("clock", findOK, "agrees with the daemon's", "")
	}
}

func (c *checkup) account(ctx context.Context, d *daemon) bool {
	platform := golem.PlatformOf(c.spec.Golem.Network)
	accounts, err := d.client.Accounts(ctx)
	if err != nil {
		c.fails("account", d.blame(err))
		return false
	}
	for _, acc := range accounts {
		if acc.Platform == platform {
			c.say("account", findOK, platform+", "+acc.Address, "")
			return true
		}
	}
	c.daemon = true
	c.say("account", findFail, "the daemon has no account on "+platform+" to pay from",
		"yagna payment init --sender --network "+c.spec.Golem.Network)
	return false
}

func (c *checkup) money(ctx context.Context, d *daemon) {
	all, err := d.client.Allocations(ctx)
	if err != nil {
		c.fails("money", d.blame(err))
		return
	}
	aside := golem.Amount{}
	for _, al := range all {
		aside = aside.Add(al.RemainingAmount)
	}
	timeout := time.Now().Add(time.Minute)
	al, err := d.client.CreateAllocation(ctx, golem.NewAllocation{
		PaymentPlatform: golem.PlatformOf(c.spec.Golem.Network), TotalAmount: trial, Timeout: timeout,
	})
	if err != nil {
		c.daemon = true
		c.say("money", findFail, fmt.Sprintf("%s GLM cannot be set aside: %s", trial, daemonSays(err)),
			"yagna payment status shows what there is; yagna payment fund brings test money on hoodi")
		return
	}
	if err := d.client.ReleaseAllocation(context.WithoutCancel(ctx), al.AllocationID); err != nil {
		c.say("money", findWarn, fmt.Sprintf("%s GLM was set aside and not given back: %s", trial, daemonSays(err)), "it is given back by itself in a minute")
		return
	}
	c.say("money", findOK, fmt.Sprintf("%s GLM can be set aside; %s is, in %d allocations", trial, aside, len(all)), "")
}

// daemonSays is a refusal in the daemon's words.
func daemonSays(err error) string {
	if answer, ok := errors.AsType[*golem.Error](err); ok && answer.Message != "" {
		return answer.Message
	}
	return err.Error()
}

func (c *checkup) market(ctx context.Context, d *daemon) {
	where := fmt.Sprintf("on %s, subnet %s", c.spec.Golem.Network, c.spec.Golem.Subnet)
	survey, err := runner.TakeSurvey(ctx, runner.SurveyOptions{Spec: c.spec, Policies: c.set, Client: d.client, Run: policies.Run{Now: time.Now()}})
	if err != nil {
		c.fails("market", d.blame(err))
		return
	}
	good := 0
	for _, o := range survey.Offers {
		if o.Rule == "" {
			good++
		}
	}
	switch {
	case len(survey.Offers) == 0:
		c.say("market", findWarn, "no offers "+where, "wait a minute after the daemon started; golem.network and golem.subnet say where to look")
	case good == 0:
		c.say("market", findWarn, fmt.Sprintf("%d offers %s, and none that the spec takes", len(survey.Offers), where), "tasks plan says why")
	default:
		c.say("market", findOK, fmt.Sprintf("%d providers to hire %s", good, where), "")
	}
}
