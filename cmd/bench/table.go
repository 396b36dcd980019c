package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"text/tabwriter"
)

// A row is one line of the table.
type row struct {
	measure string
	value   float64
	unit    string  // with its blank, such as " ms"
	bound   float64 // what is asked; 0 for a figure of which nothing is asked
	most    bool    // value is to be at most bound, else at least
	more    string  // what else belongs to the figure
}

func (r row) figure() string { return round(r.value) + r.unit }

func (r row) asked() string {
	switch {
	case r.bound == 0:
		return ""
	case r.most:
		return "at most " + fmt.Sprintf("%g", r.bound) + r.unit
	}
	return "at least " + fmt.Sprintf("%g", r.bound) + r.unit
}

func (r row) verdict() string {
	switch {
	case r.bound == 0:
		return ""
	case !math.IsNaN(r.value) && (r.most && r.value <= r.bound || !r.most && r.value >= r.bound):
		return "yes"
	}
	return "NO"
}

// table writes rows as Markdown that is also readable as it is.
func table(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| Measure\t| Figure\t| Asked\t| Reached\t| Of that\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %s\t| %s\t|\n", r.measure, r.figure(), r.asked(), r.verdict(), r.more)
	}
	w.Flush()
}

// machine says what was measured on.
func (b *bench) machine(out io.Writer) {
	fmt.Fprintf(out, "%d cores, %s/%s, %s; median of %d repetitions\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(), "go"), b.repeat)
}
