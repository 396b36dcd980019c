package spec_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tasks/spec"
	"tasks/spec/diag"
)

// parseRun is the first step of a document whose only command is run, as text.
func parseRun(t *testing.T, run string) (spec.Step, diag.List) {
	t.Helper()
	doc := "name: x\npayload: i\ntasks:\n  from: [a]\n  run: |-\n    " + strings.ReplaceAll(run, "\n", "\n    ")
	s, list := spec.Parse("run.yaml", []byte(doc), "/", spec.Overrides{})
	if len(s.Stages) == 0 || len(s.Stages[0].Steps) == 0 {
		return spec.Step{}, list
	}
	return s.Stages[0].Steps[0], list
}

func TestShellValues(t *testing.T) {
	const (
		quoted     = "quoted, and here"
		comment    = "comment of the shell"
		arithmetic = "inside (( ))"
		parameter  = "inside ${ }"
		backticks  = "inside backticks"
		here       = "here-document"
		backslash  = "backslash"
		intricate  = "too intricate"
		open       = "never closed"
	)
	tests := []struct {
		name, run, fact string // fact: part of the only mistake's, or ""
	}{
		{"a word", `echo ${{ x }}`, ""},
		{"part of a word", `echo --a=${{ x }}/b`, ""},
		{"behind closed quotes", `echo "a"${{ x }}'b'`, ""},
		{"behind an escaped quote", `echo \"${{ x }}\"`, ""},
		{"in a subshell", `(cd /a; ls ${{ x }}) | wc`, ""},
		{"in a substitution", `a=$(ls ${{ x }}); echo $a`, ""},
		{"in a substitution in quotes", `echo "n: $(ls ${{ x }} | wc -l)"`, ""},
		{"behind a substitution in quotes", `echo "$(ls "a b")" ${{ x }}`, ""},
		{"behind a parameter with quotes", `echo ${a:-'}'} ${{ x }}`, ""},
		{"behind a parameter in quotes", `echo "${a:-b}" ${{ x }}`, ""},
		{"behind arithmetic", `echo $((1 + 2)) ${{ x }}`, ""},
		{"behind backticks", "echo `date` ${{ x }}", ""},
		{"behind a comment", "# it's fine\necho ${{ x }}", ""},
		{"behind a sign that is no comment", `echo a#"b" $# ${{ x }}`, ""},
		{"behind a here-document", "cat <<E > f\nit's\nE\ncat ${{ x }}", ""},
		{"behind an indented here-document", "cat <<-'E'\n\tit's\n\tE\ncat ${{ x }}", ""},
		{"before a here-document", "sort - ${{ x }} <<E\nb\nE\n", ""},
		{"in a branch of a case", `case $a in b) echo ${{ x }};; esac`, ""},
		{"as the word of a case", `case ${{ x }} in b) true;; esac`, ""},
		{"over a continued line", "echo \\\n  ${{ x }}", ""},
		{"as a redirection", `cat <${{ x }} >>${{ x }}`, ""},
		{"a literal opening", `echo '$${{ x }}'`, ""},
		{"in double quotes", `echo "a ${{ x }}"`, quoted},
		{"alone in double quotes", `echo "${{ x }}"`, quoted},
		{"in single quotes", `echo 'a ${{ x }}'`, quoted},
		{"in quotes with an escaped quote", `echo "a \" ${{ x }}"`, quoted},
		{"in quotes in a substitution", `echo $(cat "${{ x }}")`, quoted},
		{"in quotes in a substitution in quotes", `echo "$(cat "${{ x }}")"`, quoted},
		{"in quotes that stay open", `echo "a ${{ x }}`, quoted},
		{"twice in the same quotes", `echo "${{ x }} ${{ y }}"`, quoted},
		{"in quotes over two lines", "echo 'a\n${{ x }}'", quoted},
		{"in C quotes", `echo $'a ${{ x }}'`, quoted},
		{"behind C quotes with an escape", `echo $'it\'s' ${{ x }}'`, quoted},
		{"in a comment", `echo a # ${{ x }}`, comment},
		{"in a comment behind an operator", `true;#${{ x }}`, comment},
		{"in arithmetic", `echo $((1 + ${{ x }}))`, arithmetic},
		{"in an arithmetic command", `((${{ x }})) && true`, arithmetic},
		{"in a parameter", `echo ${a:-${{ x }}}`, parameter},
		{"in a parameter in quotes", `echo "${a:-${{ x }}}"`, parameter},
		{"in backticks", "echo `ls ${{ x }}`", backticks},
		{"in backticks in quotes", "echo \"`ls ${{ x }}`\"", backticks},
		{"in a here-document", "cat <<E\n${{ x }}\nE", here},
		{"in a quoted here-document", "cat <<'E'\na ${{ x }}\nE", here},
		{"in a second here-document", "cat <<A <<B\nA\n${{ x }}\nB", here},
		{"as the end of a here-document", "cat <<${{ x }}\na\n", here},
		{"behind a backslash", `echo \${{ x }}`, backslash},
		{"behind a case in a substitution", `echo "$(case a in a) echo "b";; esac)" ${{ x }}`, intricate},
		{"behind quotes in a parameter in quotes", `echo "${a#'"'}" ${{ x }}`, intricate},
		{"behind old arithmetic", `echo $[1] ${{ x }}`, intricate},
		{"behind a here-document with a continued line", "cat <<E\na\\\nE\nE\ncat ${{ x }}", intricate},
		{"behind a here-document over a parenthesis", "a=$(cat <<E) \nb\nE\ncat ${{ x }}", intricate},
		{"without a value, quotes open", `echo "a`, open},
		{"without a value, an apostrophe", `echo it's`, open},
		{"without a value, a backslash at the end of a here-document", `cat <<\`, ""},
		{"alone", `${{ x }}`, "one value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, list := parseRun(t, test.run)
			switch {
			case test.fact == "" && len(list) > 0:
				t.Errorf("%s\n%v", test.run, list)
			case test.fact != "" && (len(list) != 1 || !strings.Contains(list[0].Fact, test.fact)):
				t.Errorf("%s\ngot %v, want one with %q", test.run, list, test.fact)
			}
		})
	}
}

// fragments are what random commands are made of: all that moves a shell from
// one way of reading to another. @ is a value.
var fragments = []string{
	"@", "@", "@", " ", " ", "\n", "a", `"`, `"`, `'`, `'`, "`", `\`, "$(", "(", ")", "))", "$((", "((",
	"${a:-", "${a#", "}", "$", "$'", "#", " #", ";", "<<E\n", "<<'E'\n", "<<-E\n", "E\n", "\nE\n", "<<E ",
	"case a in ", "a) ", ";; esac", "echo ", "{ ", "; }", "|", "&&", "[", "$[", "]", "=", "<", ">/dev/null ",
}

// TestShellHolds runs random commands that were found good, with values that
// try to break out of their quotes, in the shells of this system.
func TestShellHolds(t *testing.T) {
	var shells [][]string
	for _, argv := range [][]string{{"sh", "-c"}, {"bash", "--posix", "-c"}} {
		if _, err := exec.LookPath(argv[0]); err == nil {
			shells = append(shells, argv)
		}
	}
	if len(shells) == 0 {
		t.Skip("no shell")
	}
	trap := filepath.Join(t.TempDir(), "sprung")
	evil := []string{
		"$(>" + trap + ")", "`>" + trap + "`", ";>" + trap + ";", "';>" + trap + ";'",
		"\nE\n>" + trap + "\n", `";>` + trap + `;"`, ")\n>" + trap + "\n(", "a[$(>" + trap + ")]",
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := 30
	for range 20 * want {
		command := randomCommand(random)
		step, list := parseRun(t, strings.ReplaceAll(command, "@", "${{ x }}"))
		if len(list) > 0 || step.Shell == nil || !strings.Contains(command, "@") {
			continue
		}
		want--
		for _, v := range evil {
			for _, argv := range shells {
				script := render(step.Shell, v)
				cmd := exec.CommandContext(t.Context(), argv[0], append(slices.Clone(argv[1:]), script)...)
				cmd.Dir = filepath.Dir(trap)
				_ = cmd.Run() // many of them are nonsense to the shell, which is fine
				if _, err := os.Stat(trap); err == nil {
					t.Fatalf("%v: the value broke out of\n%s\nas\n%s", argv, command, script)
				}
			}
		}
	}
	if want > 0 {
		t.Errorf("%d good commands are missing: the test has lost its teeth", want)
	}
}

func randomCommand(random *rand.Rand) string {
	var b strings.Builder
	b.WriteString("echo ")
	for range 2 + random.IntN(9) {
		b.WriteString(fragments[random.IntN(len(fragments))])
	}
	return b.String()
}

func render(t *spec.Template, v string) string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Expr.IsZero() {
			b.WriteString(p.Literal)
		} else {
			b.WriteString(spec.ShellQuote(v))
		}
	}
	return b.String()
}

func TestShellQuote(t *testing.T) {
	for _, s := range []string{"", "a", "it's", `"`, "$HOME `date` \\", "a\nb", "-n", "'''", "é漢"} {
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf %s. "+spec.ShellQuote(s)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(out), s+"."; got != want {
			t.Errorf("ShellQuote(%q) came out as %q", s, got)
		}
	}
}
