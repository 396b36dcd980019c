package main

import (
	"fmt"
	"math"
	"strings"
)

// Sizes of the picture, in its own units.
const (
	panelWidth, panelHeight     = 300, 180
	marginLeft, marginTop       = 60, 40
	gapBetween, marginForLabels = 80, 50
)

// A panel is one diagram: a value against what grows, which is drawn in tens.
type panel struct {
	title, axis string
	x, y        []float64
}

// draw makes an SVG picture with a row of panels for each axis.
func draw(points []point) string {
	var panels [][]panel
	for _, axis := range []string{"workers", "finished tasks"} {
		speed := panel{title: "tasks a second", axis: axis}
		memory := panel{title: "memory, MB", axis: axis}
		for _, p := range points {
			if p.axis != axis || !worth(p.rate) || !worth(p.memory) {
				continue
			}
			speed.x, speed.y = append(speed.x, p.at), append(speed.y, p.rate)
			memory.x, memory.y = append(memory.x, p.at), append(memory.y, p.memory)
		}
		if len(speed.x) > 0 {
			panels = append(panels, []panel{speed, memory})
		}
	}
	var b strings.Builder
	width := 2*(marginLeft+panelWidth) + gapBetween
	height := len(panels) * (marginTop + panelHeight + marginForLabels)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	for i, pair := range panels {
		for k, p := range pair {
			x, y := marginLeft+k*(panelWidth+gapBetween), marginTop+i*(marginTop+panelHeight+marginForLabels)
			fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n%s</g>\n", x, y, p.draw())
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// draw makes the inside of a panel, its upper left corner at 0, 0.
func (p panel) draw() string {
	var b strings.Builder
	top := ceiling(p.y)
	first, last := math.Log10(p.x[0]), math.Log10(p.x[len(p.x)-1])
	across := func(v float64) float64 { return panelWidth * (math.Log10(v) - first) / math.Max(last-first, 1) }
	down := func(v float64) float64 { return panelHeight * (1 - v/top) }
	fmt.Fprintf(&b, `<text x="0" y="-12" font-weight="bold">%s</text>`+"\n", p.title)
	for i := range 5 {
		v := top * float64(i) / 4
		fmt.Fprintf(&b, `<path d="M0 %.1fH%d" stroke="#ddd"/><text x="-6" y="%.1f" text-anchor="end">%g</text>`+"\n", down(v), panelWidth, down(v)+4, v)
	}
	var line strings.Builder
	for i := range p.x {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", command, across(p.x[i]), down(p.y[i]))
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#246"/><text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n",
			across(p.x[i]), down(p.y[i]), across(p.x[i]), panelHeight+18, p.x[i])
	}
	fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#246" stroke-width="1.5"/>`+"\n", line.String())
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#555">%s</text>`+"\n", panelWidth/2, panelHeight+36, p.axis)
	return b.String()
}

// ceiling is a round number above all values.
func ceiling(values []float64) float64 {
	most := 1.0
	for _, v := range values {
		most = math.Max(most, v)
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{1, 2, 4, 8} {
		if step*unit >= most {
			return step * unit
		}
	}
	return 10 * unit
}
