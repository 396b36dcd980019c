package diag

import "strings"

// Nearest is the candidate that word is most likely a slip of, and whether any
// is near enough to be worth asking "did you mean": at most one edit in three
// letters (a letter missing, extra, wrong, or swapped with its neighbour), upper
// and lower case being the same. Of several equally near, the first wins.
func Nearest(word string, candidates []string) (string, bool) {
	w := []rune(strings.ToLower(word))
	limit := max(1, len(w)/3)
	best, found := limit+1, ""
	for _, c := range candidates {
		r := []rune(strings.ToLower(c))
		if abs(len(r)-len(w)) >= best {
			continue
		}
		if d := distance(w, r); d < best && d < max(len(w), len(r)) {
			best, found = d, c
		}
	}
	return found, best <= limit
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// distance counts the edits between two words, a swap of neighbours being one.
func distance(a, b []rune) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above = above, row
	}
	return above[len(b)]
}
