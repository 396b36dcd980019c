package source

import "strings"

// tailSize is how much of a program's standard error is kept, in bytes.
const tailSize = 4 << 10

// A tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(b []byte) (int, error) {
	n := len(b)
	b = b[max(0, n-tailSize):]
	if over := len(t.kept) + len(b) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, b...)
	return n, nil
}

// wordsLine is how much of a line last shows, in bytes.
const wordsLine = 200

// last returns the last n lines that are not blank, in one; long ones are cut.
func (t *tail) last(n int) string {
	var words []string
	for line := range strings.Lines(string(t.kept)) {
		line = strings.TrimSpace(line)
		if len(line) > wordsLine {
			line = line[:wordsLine] + "…"
		}
		if line != "" {
			words = append(words, strings.ToValidUTF8(line, "?"))
		}
	}
	return strings.Join(words[max(0, len(words)-n):], "; ")
}
