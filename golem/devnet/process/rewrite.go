package process

import (
	"bytes"
	"slices"
	"strings"
)

// A rewriter maps container paths in text to places under dir, and back. It does
// not parse the text, which may be a shell script, a program's source or a URL:
// it goes by what stands before and after a path.
type rewriter struct {
	dir     string
	volumes []string // longest first
}

func newRewriter(dir string, volumes []string) rewriter {
	sorted := slices.Clone(volumes)
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	return rewriter{dir: dir, volumes: sorted}
}

// in maps every path under a volume, and every /golem that stands alone. Paths
// that are mapped already stay as they are.
func (r rewriter) in(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 1
		if text[i] == '/' && !continuesPath(text[:i]) {
			if hasPath(text[i:], r.dir) {
				n = pathLen(text[i:], r.dir)
			} else if v := r.find(text[i:]); v != "" {
				b.WriteString(r.dir)
				n = pathLen(text[i:], v)
			}
		}
		b.WriteString(text[i : i+n])
		i += n
	}
	return b.String()
}

// pathLen is the length of the path p that text starts with, and of the slash
// after it, which must not be looked at as the start of another path.
func pathLen(text, p string) int {
	if strings.HasPrefix(text[len(p):], "/") {
		return len(p) + 1
	}
	return len(p)
}

// out puts container paths back into what a command wrote.
func (r rewriter) out(text []byte) []byte {
	if r.dir == "" || !bytes.Contains(text, []byte(r.dir)) {
		return text
	}
	for _, v := range append(r.volumes[:len(r.volumes):len(r.volumes)], golemDir) {
		text = bytes.ReplaceAll(text, []byte(r.dir+v), []byte(v))
	}
	return text
}

// golemDir is where images keep their volumes. It is mapped by itself only, as
// in "ls /golem": "/golem/" is also how a pattern of awk looks.
const golemDir = "/golem"

// find returns the volume that text starts with, or "".
func (r rewriter) find(text string) string {
	for _, v := range r.volumes {
		if hasPath(text, v) {
			return v
		}
	}
	if hasPath(text, golemDir) && !strings.HasPrefix(text, golemDir+"/") && !strings.HasPrefix(text, golemDir+`\`) {
		return golemDir
	}
	return ""
}

// hasPath reports whether text starts with the path p as a whole: what follows
// is nothing, a slash, or no part of a file name.
func hasPath(text, p string) bool {
	rest, ok := strings.CutPrefix(text, p)
	return ok && (rest == "" || !nameByte(rest[0]))
}

// continuesPath reports whether a slash after this text goes on with a path that
// began before, so that it is not the root: "a/", "$HOME/", "${x}"/, "./".
func continuesPath(before string) bool {
	if before == "" || strings.HasSuffix(before, "://") {
		return false
	}
	last := before[len(before)-1]
	switch last {
	case '"', '\'':
		return closesExpansion(before[:len(before)-1])
	case '-', '+', '@', '%', ',', '=':
		return false // ${x:-/golem/work}, curl -d @/golem/input/x
	case '/', '~', '}', ')', ']', '*', '?', '\\':
		return true
	}
	return nameByte(last) && !attachedOption(before)
}

// closesExpansion reports whether text ends with a shell expansion, so that the
// quote after it closes: "$x", "${x}", "$(x)".
func closesExpansion(text string) bool {
	if strings.HasSuffix(text, "}") || strings.HasSuffix(text, ")") {
		return strings.Contains(text, "$")
	}
	name := strings.TrimRightFunc(text, func(r rune) bool {
		return r < 0x80 && r != '.' && r != '-' && nameByte(byte(r))
	})
	return len(name) < len(text) && strings.HasSuffix(name, "$")
}

// attachedOption reports whether text ends with an option of one letter, whose
// value follows at once, as in -I/golem/input.
func attachedOption(text string) bool {
	n := len(text)
	if n < 2 || text[n-2] != '-' {
		return false
	}
	return n == 2 || strings.IndexByte(" \t\n\"'=", text[n-3]) >= 0
}

// nameByte reports whether c, inside a word, is taken as part of a file name.
func nameByte(c byte) bool {
	return c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.IndexByte("._-+@%~", c) >= 0
}

// plainPath reports whether no shell changes p when it stands unquoted.
func plainPath(p string) bool {
	return p != "" && !strings.ContainsFunc(p, func(r rune) bool {
		return r >= 0x80 || r == '~' || !nameByte(byte(r)) && r != '/' && r != ',' && r != '='
	})
}
