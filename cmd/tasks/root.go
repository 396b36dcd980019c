package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tasks/spec"
	"tasks/spec/diag"
)

// Formats of -o.
const (
	formatTable = "table"
	formatJSON  = "json"
)

// An app is one invocation: where it writes, and the flags that every command
// has.
type app struct {
	out, err *screen // standard output and standard error

	secrets spec.Secrets // of the specs that were loaded: out and err blot them out

	dsn    string // path of the database
	format string // one of the formats
}

func (a *app) json() bool { return a.format == formatJSON }

// Groups of commands in the help text.
const (
	groupRun  = "run"
	groupSee  = "see"
	groupHelp = "help"
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tasks",
		Short: "Run a stream of work on computers rented by the second on the Golem Network",
		Long: `tasks rents computers by the second on the Golem Network and runs a stream of
work on them, described by one YAML file. Without a yagna daemon it runs on an
embedded devnet: a simulated market whose providers are processes on this computer.

  tasks apply hello.yaml
  tasks status

Set YAGNA_APPKEY, and YAGNA_API_URL if the daemon is not at its usual address,
to run on the network.

Exit codes: 0 done; 1 some tasks failed for good; 2 usage; 3 spec invalid;
4 daemon unreachable or refused; 5 budget exhausted; 6 plan --exit-code found
something to do; 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          unknownCommand,

		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkGlobals() },
	}
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupSee, Title: "Look:"},
		&cobra.Group{ID: groupHelp, Title: "Around it:"},
	)
	root.SetHelpCommandGroupID(groupHelp)
	root.SetCompletionCommandGroupID(groupHelp)
	root.SetFlagErrorFunc(flagError)
	flags := root.PersistentFlags()
	flags.StringVar(&a.dsn, "dsn", defaultDSN(), "path of the database; TASKS_DSN sets it too")
	flags.StringVarP(&a.format, "output", "o", formatTable, "what to print: table or json")
	root.AddCommand(
		a.applyCommand(), a.planCommand(), a.stopCommand(), a.retryCommand(), a.settleCommand(), a.gcCommand(), a.devnetCommand(), a.gftpCommand(),
		a.statusCommand(), a.showCommand(), a.summaryCommand(), a.runsCommand(), a.resultsCommand(), a.logsCommand(), a.eventsCommand(), a.explainCommand(),
		a.validateCommand(), a.policyCommand(), a.schemaCommand(), a.installCommand(), a.doctorCommand(), a.versionCommand(),
	)
	return root
}

// defaultDSN is the database in the user's state directory.
func defaultDSN() string {
	if dsn := os.Getenv("TASKS_DSN"); dsn != "" {
		return dsn
	}
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "tasks.db"
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "tasks", "tasks.db")
}

func (a *app) checkGlobals() error {
	formats := []string{formatTable, formatJSON}
	if !slices.Contains(formats, a.format) {
		return &usageError{
			fact: "there is no output format " + quote(a.format),
			hint: orNearest(a.format, formats, "-o wants table or json"),
		}
	}
	if a.dsn == "" {
		return &usageError{fact: "--dsn is empty", hint: "give it the path of a file, or leave it out"}
	}
	return nil
}

// unknownCommand is the root command itself: help, or a name that is none.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(append(names, c.Name()), c.Aliases...)
	}
	return &usageError{
		fact: "there is no command " + quote(strings.TrimPrefix(cmd.CommandPath()+" "+args[0], "tasks ")),
		hint: orNearest(args[0], names, cmd.CommandPath()+" --help lists the commands"),
	}
}

// flagError puts what is wrong with a flag in our words.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	hint := cmd.CommandPath() + " --help lists the flags"
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return &usageError{fact: "there is no flag " + flagName(e), hint: orNearestFlag(cmd, e, hint)}
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return &usageError{fact: "--" + e.GetFlag().Name + " wants a value", hint: hint}
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := e.GetFlag()
		return &usageError{
			fact: "--" + flag.Name + " cannot be " + quote(e.GetValue()),
			hint: "it wants " + typeInWords(flag.Value.Type()),
		}
	}
	return &usageError{fact: err.Error(), hint: hint}
}

// typeInWords says what values a kind of flag takes.
func typeInWords(flagType string) string {
	switch flagType {
	case "int", "uint64":
		return "a whole number"
	case "duration":
		return "a time, such as 90s or 2m"
	case "bool":
		return "true or false"
	}
	return "a " + flagType
}

func flagName(e *pflag.NotExistError) string {
	if e.GetSpecifiedShortnames() != "" {
		return "-" + e.GetSpecifiedName()
	}
	return "--" + e.GetSpecifiedName()
}

func orNearestFlag(cmd *cobra.Command, e *pflag.NotExistError, otherwise string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near, ok := diag.Nearest(e.GetSpecifiedName(), names); ok && e.GetSpecifiedShortnames() == "" {
		return "did you mean --" + near + "? " + otherwise
	}
	return otherwise
}

// orNearest is a hint with the nearest of the candidates before it, if one is
// near.
func orNearest(word string, candidates []string, otherwise string) string {
	if near, ok := diag.Nearest(word, candidates); ok {
		return "did you mean " + quote(near) + "? " + otherwise
	}
	return otherwise
}

// quote puts a word that came from outside between quotes, on one line.
func quote(s string) string { return `"` + strings.Join(strings.Fields(printable(s)), " ") + `"` }
