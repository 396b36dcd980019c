// Command tasks rents computers by the second on the Golem Network and runs a
// stream of work on them, described by one YAML file.
//
// It is the only place that wires the packages together: commands, views and
// exit codes live here, and nothing that decides.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	letGarbageGather()
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it carries out one command and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	defer profile(stderr)()
	a := &app{out: newScreen(stdout), err: newScreen(stderr)}
	a.out.Writer, a.err.Writer = &blotted{a.out.Writer, &a.secrets}, &blotted{a.err.Writer, &a.secrets}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	a.complain(err)
	return exitCode(err)
}
