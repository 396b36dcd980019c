package process

import (
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	const dir = "/tmp/net/a1"
	tests := []struct{ name, in, want string }{
		{"whole", "/golem/work", "D/golem/work"},
		{"file", "/golem/work/a.txt", "D/golem/work/a.txt"},
		{"directory", "/golem/output/", "D/golem/output/"},
		{"golem alone", "ls /golem", "ls D/golem"},
		{"golem before an operator", "cd /golem&&ls", "cd D/golem&&ls"},
		{"pattern of awk", "awk '/golem/ {print}'", "awk '/golem/ {print}'"},
		{"pattern of sed", `s/\/golem\/work/x/`, `s/\/golem\/work/x/`},
		{"longer name", "/golemx /golem/workshop /golem/work-2 /golem/work.bak", "/golemx /golem/workshop /golem/work-2 /golem/work.bak"},
		{"no volume", "/golem/other /etc/passwd", "/golem/other /etc/passwd"},
		{"shorter", "/gole", "/gole"},
		{"two", "cp /golem/input/a /golem/output/b", "cp D/golem/input/a D/golem/output/b"},
		{"redirection", "echo x>/golem/output/a 2>>/golem/output/b", "echo x>D/golem/output/a 2>>D/golem/output/b"},
		{"quotes", `cat "/golem/input/a b" '/golem/input/c'`, `cat "D/golem/input/a b" 'D/golem/input/c'`},
		{"variable after", `cat /golem/input/$f "/golem/input/${f}"`, `cat D/golem/input/$f "D/golem/input/${f}"`},
		{"assignment", "OUT=/golem/output", "OUT=D/golem/output"},
		{"long option", "--out=/golem/output/a", "--out=D/golem/output/a"},
		{"attached option", "gcc -I/golem/input -L/golem/work x", "gcc -ID/golem/input -LD/golem/work x"},
		{"attached option at the start", "-o/golem/output/a", "-oD/golem/output/a"},
		{"attached option in quotes", "'-o/golem/output/a'", "'-oD/golem/output/a'"},
		{"list", "/golem/work:/golem/input", "D/golem/work:D/golem/input"},
		{"comma", "a,/golem/work,b", "a,D/golem/work,b"},
		{"file of curl", "curl -d @/golem/input/a", "curl -d @D/golem/input/a"},
		{"file URL", "file:///golem/input/a", "file://D/golem/input/a"},
		{"http URL", "http://host/golem/input/a", "http://host/golem/input/a"},
		{"default value", "${X:-/golem/work} ${X:=/golem/work}", "${X:-D/golem/work} ${X:=D/golem/work}"},
		{"prefix removal", "${f#/golem/work/}", "${f#D/golem/work/}"},
		{"after a variable", "$HOME/golem/work ${HOME}/golem/work $(pwd)/golem/work", "$HOME/golem/work ${HOME}/golem/work $(pwd)/golem/work"},
		{"after a quoted variable", `"$HOME"/golem/work "${HOME}"/golem/work "$(pwd)"/golem/work`, `"$HOME"/golem/work "${HOME}"/golem/work "$(pwd)"/golem/work`},
		{"home", "~/golem/work", "~/golem/work"},
		{"relative", "./golem/work ../golem/work a/golem/work", "./golem/work ../golem/work a/golem/work"},
		{"python", `open('/golem/input/a'); open(f"/golem/output/{i}")`, `open('D/golem/input/a'); open(f"D/golem/output/{i}")`},
		{"JSON", `["/golem/work/run.sh","/golem/input"]`, `["D/golem/work/run.sh","D/golem/input"]`},
		{"lines", "cd /golem/work\n/golem/work/run.sh\n", "cd D/golem/work\nD/golem/work/run.sh\n"},
		{"substitution", "$(cat /golem/input/a)`cat /golem/input/b`", "$(cat D/golem/input/a)`cat D/golem/input/b`"},
		{"glob", "/golem/input/*.txt /golem/work*", "D/golem/input/*.txt D/golem/work*"},
		{"braces", "/golem/input/{a,b}", "D/golem/input/{a,b}"},
		{"mapped already", "D/golem/work/a D/golem /golem/work", "D/golem/work/a D/golem D/golem/work"},
		{"volume above the directory", "/tmp/x", "D/tmp/x"},
		{"own directory under a volume", "D/tmp/x D", "D/tmp/x D"},
		{"other letters", "é/golem/work /golem/worké", "é/golem/work /golem/worké"},
		{"deep volume first", "/data/in/deep/x /data/in/x", "D/data/in/deep/x D/data/in/x"},
		{"empty", "", ""},
	}
	r := newRewriter(dir, []string{"/golem/work", "/golem/input", "/golem/output", "/data/in", "/data/in/deep", "/tmp"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, want := expand(tt.in, dir), expand(tt.want, dir)
			got := r.in(in)
			if got != want {
				t.Errorf("in(%q)\n got %q\nwant %q", in, got, want)
			}
			if again := r.in(got); again != got {
				t.Errorf("in(in(%q)) = %q, want it unchanged", in, again)
			}
		})
	}
}

// expand puts the directory in place of a D before a slash, a blank or the end.
func expand(s, dir string) string {
	var out []byte
	for i := range len(s) {
		if s[i] == 'D' && (i+1 == len(s) || s[i+1] == '/' || s[i+1] == ' ') {
			out = append(out, dir...)
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func TestRewriteOut(t *testing.T) {
	r := newRewriter("/tmp/net/a1", []string{"/golem/work", "/golem/output"})
	for in, want := range map[string]string{
		"":                                    "",
		"/tmp/net/a1/golem/work/x":            "/golem/work/x",
		"a /tmp/net/a1/golem/output b":        "a /golem/output b",
		"/tmp/net/a1/golem\n":                 "/golem\n",
		"/tmp/net/a1 /tmp/net/a1/tmp/f":       "/tmp/net/a1 /tmp/net/a1/tmp/f",
		"/tmp/net/a2/golem/work, /golem/work": "/tmp/net/a2/golem/work, /golem/work",
	} {
		if got := string(r.out([]byte(in))); got != want {
			t.Errorf("out(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRewriteUnderOddDirectory(t *testing.T) {
	for _, dir := range []string{"/tmp/a-", "/tmp/a=-1", "/tmp/a@", "/golem/net", "/golem/work/net"} {
		r := newRewriter(dir, []string{"/golem/work", "/golem/odd-"})
		for in, want := range map[string]string{
			"cat /golem/work/a":      "cat " + dir + "/golem/work/a",
			"/golem/odd-/golem/work": dir + "/golem/odd-/golem/work",
			dir + "/golem/work":      dir + "/golem/work",
		} {
			if got := r.in(in); got != want {
				t.Errorf("under %s: in(%q) = %q, want %q", dir, in, got, want)
			}
		}
	}
}

// FuzzRewrite checks that mapping twice is mapping once, and that what is mapped
// comes back.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{
		"", "cp /golem/input/a /golem/output/b", "${X:-/golem/work}", `"$HOME"/golem/work`, "-I/golem/input",
		"file:///golem/work", "/tmp/net/a1/golem/work", "'/golem'", "/golem/work/golem/work", "\xff/golem/work",
	} {
		f.Add(seed)
	}
	r := newRewriter("/tmp/net/a1", []string{"/golem/work", "/golem/input", "/golem/output", "/data-", "/tmp"})
	f.Fuzz(func(t *testing.T, text string) {
		in := r.in(text)
		if again := r.in(in); again != in {
			t.Errorf("in(%q) = %q, again %q", text, in, again)
		}
		if strings.Contains(text, r.dir) {
			return
		}
		if back := string(r.out([]byte(in))); back != text {
			t.Errorf("in(%q) = %q, back %q", text, in, back)
		}
	})
}
