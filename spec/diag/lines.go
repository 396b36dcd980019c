package diag

import "strings"

// Lines is the text of a file line by line, without line ends and without a
// byte-order mark, split where YAML splits: at \n, \r\n, \r, and the line and
// paragraph separators of Unicode. A file that ends in a line end has an empty
// last line.
func Lines(text []byte) []string {
	s := strings.TrimPrefix(string(text), "\ufeff")
	var lines []string
	for {
		i := strings.IndexAny(s, "\n\r\u0085\u2028\u2029")
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		s = s[i+lineEnd(s[i:]):]
	}
}

// lineEnd is how many bytes the line end at the start of s has.
func lineEnd(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"), strings.HasPrefix(s, "\u0085"):
		return 2
	case s[0] == '\n', s[0] == '\r':
		return 1
	}
	return len("\u2028")
}
