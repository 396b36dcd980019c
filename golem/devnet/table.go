package devnet

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"tasks/golem"
)

// A Row of a Table says what the commands do that it matches. The zero Row
// matches every command, which then says nothing, takes no time and succeeds.
type Row struct {
	// Command is looked for in the command's text, see CommandText; nil is found
	// in any.
	Command *regexp.Regexp
	// Stdout and Stderr are what the command writes. $1, ${2} and ${name} stand
	// for what the groups of Command matched, and $$ for a dollar.
	Stdout, Stderr string
	ExitCode       int
	// Takes is how long the command takes at speed 1, CPU how much processor time
	// of that it uses. Both are longer on a slower provider. The zero Span, unlike
	// those of Timings, is no time.
	Takes, CPU Span
	// Files are what it writes, as those of a Reply; their contents are as Stdout.
	Files map[string]string
}

// A Table is what the commands of an Instant runtime do: the first Row that
// matches counts. A command that none matches fails with exit code 127, as in a
// shell that does not find it, and says so.
type Table []Row

// Runtime answers commands from the table, without a process. What a Row leaves
// to chance depends on the seed, the provider and the command alone.
func (t Table) Runtime(seed uint64) Runtime {
	return Instant(func(run golem.Run, p Provider) Reply {
		text := CommandText(run)
		for _, row := range t {
			if row.Command == nil {
				row.Command = anything
			}
			if found := row.Command.FindStringSubmatchIndex(text); found != nil {
				return row.reply(text, found, seed, p)
			}
		}
		return Reply{ExitCode: 127, Stderr: fmt.Sprintf("devnet: no row of the runtime's table matches %q\n", text)}
	})
}

// anything is found in every text.
var anything = regexp.MustCompile("")

// CommandText is a command in one piece: the script of one that a shell runs,
// else the program and its arguments with blanks between them.
func CommandText(run golem.Run) string {
	if len(run.Args) == 2 && run.Args[0] == "-c" && strings.HasSuffix(run.EntryPoint, "sh") {
		return run.Args[1]
	}
	return strings.Join(append([]string{run.EntryPoint}, run.Args...), " ")
}

func (row Row) reply(text string, found []int, seed uint64, p Provider) Reply {
	random := rand.New(rand.NewPCG(seed, hashOf(p.Name, text)))
	expand := func(template string) string {
		return string(row.Command.ExpandString(nil, template, text, found))
	}
	reply := Reply{
		Stdout: expand(row.Stdout), Stderr: expand(row.Stderr), ExitCode: row.ExitCode,
		Wall: slowed(row.Takes.draw(random), p), CPU: slowed(row.CPU.draw(random), p),
	}
	for name, content := range row.Files {
		if reply.Files == nil {
			reply.Files = map[string]string{}
		}
		reply.Files[name] = expand(content)
	}
	return reply
}

// hashOf tells commands of providers apart.
func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		h.Write([]byte(part + "\x00"))
	}
	return h.Sum64()
}

func slowed(t time.Duration, p Provider) time.Duration {
	return time.Duration(float64(t) * p.slowdown())
}
