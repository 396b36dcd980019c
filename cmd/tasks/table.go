package main

import (
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A column of a grid.
type column struct {
	name  string
	right bool // numbers stand at the right
	cut   int  // may be cut down to this many characters to fit; 0 never is
	wrap  bool // is wrapped instead of cut, so that nothing is lost
	drop  int  // left out of a line that does not fit even so, the highest first; 0 never is
}

// A grid is a table before it is drawn: upper-case heads, no lines, two spaces
// between columns.
type grid struct {
	columns []column
	rows    [][]string
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// gap is what stands between two columns.
const gap = "  "

// draw writes the grid for a screen of so many columns.
func (g *grid) draw(w io.Writer, width int) error {
	for g.least() > width && g.leaveOut() {
	}
	return g.drawRows(w, g.fit(g.widths(), width), true)
}

// least is the narrowest line that the columns can be cut down to.
func (g *grid) least() int {
	sum := 0
	for _, w := range g.fit(g.widths(), 0) {
		sum += w
	}
	return sum + len(gap)*(len(g.columns)-1)
}

// leaveOut takes the column out that is missed least, if one may be.
func (g *grid) leaveOut() bool {
	at := 0
	for i, c := range g.columns {
		if c.drop > g.columns[at].drop {
			at = i
		}
	}
	if len(g.columns) == 0 || g.columns[at].drop == 0 {
		return false
	}
	g.columns = slices.Delete(slices.Clone(g.columns), at, at+1)
	rows := make([][]string, len(g.rows))
	for i, row := range g.rows {
		rows[i] = slices.Delete(slices.Clone(row), at, at+1)
	}
	g.rows = rows
	return true
}

// widths are what the columns need.
func (g *grid) widths() []int {
	widths := make([]int, len(g.columns))
	for i, c := range g.columns {
		widths[i] = text.StringWidthWithoutEscSequences(c.name)
		for _, row := range g.rows {
			widths[i] = max(widths[i], text.LongestLineLen(row[i]))
		}
	}
	return widths
}

// fit takes from the columns that may be cut, the last first, until the line
// fits or nothing more can be taken.
func (g *grid) fit(widths []int, width int) []int {
	over := len(gap)*(len(widths)-1) - width
	for _, w := range widths {
		over += w
	}
	for i := len(widths) - 1; i >= 0 && over > 0; i-- {
		c := g.columns[i]
		if c.cut == 0 {
			continue
		}
		take := min(over, max(0, widths[i]-max(c.cut, len(c.name))))
		widths[i] -= take
		over -= take
	}
	return widths
}

// drawRows writes the rows with the widths given, under their heads or not.
func (g *grid) drawRows(w io.Writer, widths []int, heads bool) error {
	t := table.NewWriter()
	t.SetStyle(gridStyle())
	configs := make([]table.ColumnConfig, len(g.columns))
	for i, c := range g.columns {
		align := text.AlignLeft
		if c.right {
			align = text.AlignRight
		}
		enforcer := cut
		if c.wrap {
			enforcer = wrap
		}
		configs[i] = table.ColumnConfig{
			Number: i + 1, Align: align, AlignHeader: align,
			WidthMin: widths[i], WidthMax: widths[i], WidthMaxEnforcer: enforcer,
		}
	}
	t.SetColumnConfigs(configs)
	if heads {
		t.AppendHeader(g.head())
	}
	for _, row := range g.rows {
		t.AppendRow(tableRow(row))
	}
	return writeTrimmed(w, t.Render())
}

func (g *grid) head() table.Row {
	row := make(table.Row, len(g.columns))
	for i, c := range g.columns {
		row[i] = c.name
	}
	return row
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// cut shortens a cell, with a sign that there was more.
func cut(s string, width int) string { return text.Snip(s, width, "…") }

// wrap breaks between words, and only within a word that is too long alone.
func wrap(s string, width int) string { return text.WrapSoft(s, width) }

func gridStyle() table.Style {
	style := table.StyleDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", gap
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	return style
}

// writeTrimmed writes lines without the spaces at their ends.
func writeTrimmed(w io.Writer, rendered string) error {
	var b strings.Builder
	for line := range strings.Lines(rendered) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// drawBare writes the rows without their heads.
func (g *grid) drawBare(w io.Writer, width int) error {
	return g.drawRows(w, g.fit(g.widths(), width), false)
}
