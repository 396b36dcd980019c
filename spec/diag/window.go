package diag

import "strings"

// ellipsis stands where a long line is cut.
const ellipsis = "…"

// window cuts a line to at most size terminal columns around the place that
// starts at character col, counted from 1, and is width characters long. It
// gives the text to show and, in columns, where the place starts in it and how
// wide it is there, at least 1.
func window(line string, col, width, size int) (text string, skip, wide int) {
	cells, at := layout(line)
	start := min(max(col-1, 0), len(cells))
	end := min(start+max(width, 1), len(cells))
	from, to := 0, len(cells)
	if at[len(cells)] > size {
		from, to = cut(at, start, end, size)
	}
	var b strings.Builder
	lead := 0
	if from > 0 {
		b.WriteString(ellipsis)
		lead = 1
	}
	b.WriteString(strings.Join(cells[from:to], ""))
	if to < len(cells) {
		b.WriteString(ellipsis)
	}
	end = max(min(end, to), start)
	return b.String(), lead + at[start] - at[from], max(at[end]-at[start], 1)
}

// layout is every character of the line as shown, and the column at which each
// starts, with one more entry for the end of the line.
func layout(line string) (cells []string, at []int) {
	column := 0
	for _, r := range line {
		s, n := cell(r, column)
		cells, at = append(cells, s), append(at, column)
		column += n
	}
	return cells, append(at, column)
}

// cut chooses the characters [from, to) that fit into size columns with room
// for an ellipsis at each end: the start of the line if the place is in it, else
// a stretch with the place a third of the way along.
func cut(at []int, start, end, size int) (from, to int) {
	room := size - 2
	if at[end] > room {
		lead := max((room-(at[end]-at[start]))/3, 0)
		for at[start]-at[from] > lead {
			from++
		}
	}
	to = from
	for to < len(at)-1 && at[to+1]-at[from] <= room {
		to++
	}
	if to == len(at)-1 { // the end is in sight: show as much before it as fits
		for from > 0 && at[to]-at[from-1] <= room {
			from--
		}
	}
	return from, to
}
