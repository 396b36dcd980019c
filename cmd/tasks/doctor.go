package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/runner/store"
	"tasks/spec"
)

func (a *app) doctorCommand() *cobra.Command {
	var files []string
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
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), files) },
	}
	fileFlag(cmd.Flags(), &files, "a spec whose network, subnet and payload are looked for")
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

func (a *app) doctor(ctx context.Context, files []string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	c := &checkup{app: a}
	if err := c.read(files); err != nil {
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
func (c *checkup) read(files []string) (err error) {
	if len(files) > 0 {
		c.spec, c.set, err = c.loadMerged(files, spec.Overrides{})
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

// fails says what is wrong with the daemon.
func (c *checkup) fails(check string, err error) {
	fact, hint := explain(err)
	c.daemon = true
	c.say(check, findFail, fact, hint)
}

// trial is what is set aside to see whether anything can be.
var trial = decimal.RequireFromString("0.1")
