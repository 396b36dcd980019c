package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/store"
	"tasks/spec"
)

func (a *app) doctorCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that everything is there that a run needs, and say what to do",
		Long: `doctor checks the database, the daemon, whom its key stands for, the money that can
be set aside, the market, the program that moves files, and the clock. Each line ends in
ok, warn or fail, with what to do next. To see whether money can be set aside, it sets
0.1 GLM aside and gives it back at once; nothing is spent. With --file it looks at the
network and the market that a spec wants.

The exit code is 0 unless something fails: 4 for the daemon, 1 for anything else.`,
		GroupID: groupHelp,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), file) },
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "a spec whose network, subnet and payload are looked for")
	return cmd
}

// Findings of a check.
const (
	findOK   = "ok"
	findWarn = "warn"
	findFail = "fail"
)

// A finding is what a check came to, as doctor -o json prints it.
type finding struct {
	Check string `json:"check"`
	Is    string `json:"is"` // ok, warn or fail
	Fact  string `json:"fact"`
	Next  string `json:"next"` // what to do, or ""
}

// errSick is the end of a doctor that found something to fail.
var errSick = errors.New("something fails")

// A checkup goes through the checks. One that needs another that failed is left out.
type checkup struct {
	*app
	spec   *spec.Spec
	set    *policies.Set
	found  []finding
	daemon bool // something of the daemon fails
	devnet bool // the daemon is one
}

func (a *app) doctor(ctx context.Context, file string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	c := &checkup{app: a}
	if err := c.read(file); err != nil {
		return err
	}
	c.database(ctx)
	c.theDaemon(ctx)
	if a.json() {
		if err := a.printJSON(c.found); err != nil {
			return err
		}
	}
	for _, f := range c.found {
		if f.Is == findFail {
			if c.daemon {
				return &sickError{daemon: true}
			}
			return &sickError{}
		}
	}
	return nil
}

// A sickError says nothing more: the lines have said it.
type sickError struct{ daemon bool }

func (e *sickError) Error() string { return errSick.Error() }

// Unwrap returns errSick.
func (e *sickError) Unwrap() error { return errSick }

// anySpec is what doctor looks for on the market without a spec.
const anySpec = "name: doctor\npayload: golem/alpine:latest\ntasks: {from: [a], run: ls}\n"

// read is the spec that says which network and market.
func (c *checkup) read(file string) (err error) {
	if file != "" {
		c.spec, c.set, err = c.loadSpec(file, spec.Overrides{})
		return err
	}
	c.spec, _ = spec.Parse("doctor.yaml", []byte(anySpec), "/", spec.Overrides{})
	c.set, _ = policies.Compile(c.spec)
	return nil
}

// say adds a finding, and shows it at once: some checks take a while.
func (c *checkup) say(check, is, fact, next string) {
	c.found = append(c.found, finding{check, is, fact, next})
	if c.json() {
		return
	}
	style := map[string]string{findOK: styleGreen, findWarn: styleYellow, findFail: styleRed}[is]
	fmt.Fprintf(c.out, "%s %-9s %s\n", c.out.paint(style, fmt.Sprintf("%-4s", is)), check, printable(fact))
	if next != "" {
		fmt.Fprintf(c.out, "               next: %s\n", printable(next))
	}
}

// database reads the whole of it, or says that there is none yet.
func (c *checkup) database(ctx context.Context) {
	st, err := store.OpenReadOnly(ctx, c.dsn)
	switch {
	case errors.Is(err, store.ErrNoDatabase):
		if dir := existing(filepath.Dir(c.dsn)); !writable(dir) {
			c.say("database", findFail, "there is none at "+c.dsn+", and "+dir+" cannot be written to", "choose another file with --dsn or TASKS_DSN")
			return
		}
		c.say("database", findOK, "none yet at "+c.dsn+"; the first apply makes it", "")
		return
	case err != nil:
		fact, hint := explain(err)
		is := findFail
		if errors.Is(err, store.ErrOlder) {
			is = findWarn
		}
		c.say("database", is, fact, hint)
		return
	}
	defer st.Close()
	runs := 0
	err = st.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Runs()
		runs = len(all)
		return errors.Join(err, tx.Check())
	})
	if err != nil {
		fact, hint := explain(err)
		c.say("database", findFail, fact, hint)
		return
	}
	c.say("database", findOK, fmt.Sprintf("%s, %d runs", c.dsn, runs), "")
}

// writable reports whether a file can be made in a folder.
func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".tasks-doctor-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// existing is the nearest folder above that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

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

// fails says what is wrong with the daemon.
func (c *checkup) fails(check string, err error) {
	fact, hint := explain(err)
	c.daemon = true
	c.say(check, findFail, fact, hint)
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

// trial is what is set aside to see whether anything can be.
var trial = decimal.RequireFromString("0.1")

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
