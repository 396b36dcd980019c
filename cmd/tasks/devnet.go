package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tasks/golem/devnet"
	"tasks/spec"
	"tasks/spec/scenario"
)

type devnetOptions struct {
	listen    string
	appKey    string
	seed      uint64
	providers int
	scenario  string
	given     scenario.Overrides // what of seed and providers the command line has
}

func (a *app) devnetCommand() *cobra.Command {
	var o devnetOptions
	cmd := &cobra.Command{
		Use:   "devnet",
		Short: "Serve a simulated yagna daemon and its market until interrupted",
		Long: `devnet serves the HTTP API of a yagna daemon on a simulated market, whose providers
run commands as processes on this computer. It prints the environment to use it with:

  tasks devnet --listen 127.0.0.1:7777 > devnet.env &
  . ./devnet.env
  tasks apply hello.yaml

A scenario is a YAML file that describes another market, what its providers and the
daemon do wrong, how long they take, and what commands answer if they are not to run.
--seed and --providers beat what it says.`,
		GroupID: groupHelp,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("seed") {
				o.given.Seed = &o.seed
			}
			if cmd.Flags().Changed("providers") {
				o.given.Providers = &o.providers
			}
			return a.devnet(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:7465", "address to serve at; port 0 takes a free one")
	flags.StringVar(&o.appKey, "app-key", devnet.DefaultAppKey, "the only key that is let in")
	flags.Uint64Var(&o.seed, "seed", embeddedSeed, "draws the providers of the market")
	flags.IntVar(&o.providers, "providers", 12, "how many providers are drawn")
	flags.StringVar(&o.scenario, "scenario", "", "YAML file with another market, and what goes wrong in it")
	return cmd
}

func (a *app) devnet(ctx context.Context, o devnetOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	world := &devnet.Server{Seed: o.seed, AppKey: o.appKey, Providers: devnet.DrawProviders(o.seed, o.providers)}
	if err := o.stage(world); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := listen(ctx, o.listen)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: world, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	fmt.Fprintf(a.out, "export YAGNA_API_URL=http://%s\nexport YAGNA_APPKEY=%s\n", listener.Addr(), shellWord(o.appKey))
	fmt.Fprintf(a.err, "devnet: serving %d providers at http://%s until interrupted\n", len(world.Providers), listener.Addr())
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once
	err = errors.Join(err, world.Close(), web.Close())
	fmt.Fprintln(a.err, "devnet: closed")
	return err
}

// stage makes the world that of the scenario, if there is one.
func (o devnetOptions) stage(world *devnet.Server) error {
	if o.scenario == "" {
		return nil
	}
	s, list, err := scenario.Load(o.scenario, o.given)
	switch {
	case err != nil:
		return unreadable(o.scenario, "the scenario", err)
	case len(list) > 0:
		return &invalidError{list: list, sources: map[string][]byte{o.scenario: s.Text}}
	}
	s.Apply(world)
	return nil
}

func (o devnetOptions) check() error {
	switch {
	case o.appKey == "":
		return &usageError{fact: "--app-key is empty", hint: "give it any word, or leave it out"}
	case o.providers < 0:
		return &usageError{fact: "--providers is less than 0", hint: "0 is a market with nobody in it"}
	}
	return nil
}

// listen takes the address, and says plainly why it cannot.
func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &usageError{
			fact: "something serves at " + address + " already",
			hint: "choose another address with --listen; port 0 takes a free one",
		}
	case errors.Is(err, syscall.EACCES):
		return nil, &usageError{fact: "this user may not serve at " + address, hint: "choose a port above 1023"}
	}
	return nil, &usageError{fact: fmt.Sprintf("cannot serve at %s: %v", quote(address), rootOf(err)), hint: "--listen wants HOST:PORT, such as 127.0.0.1:7777"}
}

// plainWord is a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@%+=-]+$`)

// shellWord writes a word so that a shell reads it back.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return spec.ShellQuote(s)
}

// rootOf is the innermost error, without what was tried around it.
func rootOf(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}
