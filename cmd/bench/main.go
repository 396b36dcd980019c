// Command bench measures the whole program: the real binary, with durable commits,
// against a devnet in a process of its own whose commands take no time. It prints one
// table, with what is asked of each figure and whether it was reached.
//
// Figures are medians over several repetitions. What is compared is measured in
// turns, so that a ratio holds when the speed of the machine drifts. See
// docs/performance.md for what each measure does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	sizes
	only    string // words, one of which a measure's name must have; "" is all but peers
	binary  string // what is measured; "" builds it
	dir     string // where databases are; "" is the system's directory for such
	plot    string // where the picture of the growth goes; "" for none
	profile string // where the last run's CPU profile goes; "" for none
	script  string // of the peer
}

func run(ctx context.Context, args []string) error {
	o := options{sizes: full()}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.repeat, "n", o.repeat, "repetitions of each measure")
	flags.IntVar(&o.tasks, "size", o.tasks, "tasks of an ordinary run")
	flags.IntVar(&o.million, "million", o.million, "tasks of the longest run")
	flags.StringVar(&o.only, "only", "", "measures to take, with commas between: "+strings.Join(names(), ", "))
	flags.StringVar(&o.binary, "tasks", "", "the program to measure (default: built from this module)")
	flags.StringVar(&o.dir, "dir", "", "directory for databases, on the disk that is to be measured")
	flags.StringVar(&o.plot, "plot", "", "SVG file for the picture of how cost grows")
	flags.StringVar(&o.profile, "profile", "", "file for a profile of the last run's processor time")
	flags.StringVar(&o.script, "peer", "clients/speed.mjs", "the peer's program")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	b, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	return b.all(os.Stdout)
}

// all takes the measures in turn; one that fails does not keep the others from
// being taken.
func (b *bench) all(out *os.File) error {
	var rows []row
	var failed []error
	for _, m := range measures {
		if !m.chosen(b.only) {
			continue
		}
		b.say("%s ...", m.name)
		got, err := m.take(b)
		rows = append(rows, got...)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
			b.say("%v", err)
		}
		if b.ctx.Err() != nil {
			break
		}
	}
	if b.machine(out); len(rows) > 0 {
		table(out, rows)
	}
	for _, text := range b.notes {
		fmt.Fprint(out, "\n", text)
	}
	return errors.Join(failed...)
}

// A measure gives rows of the table.
type measure struct {
	name string
	take func(*bench) ([]row, error)
	// alone is taken only when it is named.
	alone bool
}

var measures = []measure{
	{name: "rate", take: rate},
	{name: "thousand", take: thousand},
	{name: "million", take: million},
	{name: "restart", take: restart},
	{name: "idle", take: idle},
	{name: "cold", take: cold},
	{name: "latency", take: latency},
	{name: "grow", take: grow},
	{name: "peers", take: peers, alone: true},
}

func names() []string {
	var all []string
	for _, m := range measures {
		all = append(all, m.name)
	}
	return all
}

func (m measure) chosen(only string) bool {
	if only == "" {
		return !m.alone
	}
	for word := range strings.SplitSeq(only, ",") {
		if strings.TrimSpace(word) == m.name {
			return true
		}
	}
	return false
}
