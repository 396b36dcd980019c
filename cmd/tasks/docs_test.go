package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
	"tasks/runner/report"
	"tasks/spec"
	"tasks/spec/diag"
	"tasks/spec/scenario"
)

var docsDir = filepath.Join("..", "..", "docs")

// readDoc is a page of the documentation.
func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// docs are the pages of the documentation, by name.
func docs(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(docsDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, file := range files {
		pages[filepath.Base(file)] = readDoc(t, filepath.Base(file))
	}
	return pages
}

// A fence is a block of code in a page.
type fence struct {
	line int    // of the opening one, from 1
	kind string // what is written behind the backticks
	text string
	then string // the text of the next fence if only blank lines are between
}

func fences(page string) []fence {
	var out []fence
	var open *fence
	blank := false // since the last fence there was nothing
	for i, line := range strings.SplitAfter(page, "\n") {
		said := strings.TrimSpace(line)
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			open = &fence{line: i + 1, kind: strings.TrimPrefix(said, "```")}
		case open != nil && said == "```":
			if n := len(out); blank && n > 0 {
				out[n-1].then = open.text
			}
			out, open, blank = append(out, *open), nil, true
		case open != nil:
			open.text += line
		default:
			blank = blank && said == ""
		}
	}
	return out
}

// skeleton is what a fragment is put into: its keys take the place of these.
var skeleton = []string{
	"name: example\n",
	"payload: golem/alpine:latest\n",
	"tasks: {from: {range: [1, 10]}, run: \"echo ${{ task.item }}\"}\n",
}

// wholeDoc is the document that a fragment stands for.
func wholeDoc(fragment string) string {
	for _, line := range skeleton {
		key, _, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(fragment, key+":") && !strings.Contains(fragment, "\n"+key+":") {
			fragment += line
		}
	}
	return fragment
}

// docMistakes is what validate says of a document, rendered.
func docMistakes(t *testing.T, text string) string {
	t.Helper()
	s, list := spec.Parse("run.yaml", []byte(text), "/work", spec.Overrides{})
	_, more := policies.Compile(s)
	var b strings.Builder
	err := diag.Render(&b, append(list, more...).Sorted(), func(string) []byte { return []byte(text) }, false)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDocsYAML loads every block of YAML: "yaml" is a whole document, "yaml
// fragment" is put into the skeleton, and "yaml wrong" is a fragment with
// mistakes, which the block after it shows; "yaml scenario" is one for a devnet.
func TestDocsYAML(t *testing.T) {
	for name, page := range docs(t) {
		for _, f := range fences(page) {
			at := fmt.Sprintf("%s:%d", name, f.line)
			switch f.kind {
			case "yaml":
				if got := docMistakes(t, f.text); got != "" {
					t.Errorf("%s:\n%s", at, got)
				}
			case "yaml fragment":
				if got := docMistakes(t, wholeDoc(f.text)); got != "" {
					t.Errorf("%s:\n%s", at, got)
				}
			case "yaml wrong":
				got := docMistakes(t, wholeDoc(f.text))
				if *update {
					page = showMistakes(t, name, page, f, got)
				} else if diff := cmp.Diff(f.then, got); diff != "" || got == "" {
					t.Errorf("%s: the mistakes (-shown +found):\n%s", at, diff)
				}
			case "yaml scenario":
				if _, list := scenario.Parse("scenario.yaml", []byte(f.text), scenario.Overrides{}); len(list) > 0 {
					t.Errorf("%s:\n%s", at, list)
				}
			default:
				if strings.HasPrefix(f.kind, "yaml") {
					t.Errorf("%s: a block is yaml, yaml fragment, yaml wrong or yaml scenario, and this is %s", at, f.kind)
				}
			}
		}
	}
}

// showMistakes writes what is wrong with a block into the block after it.
func showMistakes(t *testing.T, name, page string, f fence, found string) string {
	t.Helper()
	const text = "```\n\n```text\n"
	page = strings.Replace(page, f.text+text+f.then, f.text+text+found, 1)
	if err := os.WriteFile(filepath.Join(docsDir, name), []byte(page), 0o666); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestDocsNameEveryKey(t *testing.T) {
	page := readDoc(t, "spec.md")
	known := map[string]bool{}
	for _, key := range spec.Keys() {
		known[key] = true
		if !strings.Contains(page, "| `"+key+"` |") {
			t.Errorf("spec.md has no row for the key %s", key)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(page, -1) {
		if !known[m[1]] {
			t.Errorf("spec.md has a row for %s, which is no key", m[1])
		}
	}
}

// TestDocsNameTheDefaults holds the third column of a key's row to what a document
// that leaves it out comes to.
func TestDocsNameTheDefaults(t *testing.T) {
	page := readDoc(t, "spec.md")
	s, list := spec.Parse("run.yaml", []byte(strings.Join(skeleton, "")), "/work", spec.Overrides{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	for key, value := range map[string]string{
		"payload.runtime": s.Payload.Runtime, "golem.network": s.Golem.Network, "golem.subnet": s.Golem.Subnet,
		"golem.debit_note_interval": briefTime(s.Golem.DebitNoteInterval), "golem.accept_timeout": briefTime(s.Golem.AcceptTimeout),
		"golem.payment_timeout": briefTime(s.Golem.PaymentTimeout), "workers": s.Workers.Text,
		"budget": s.Budget.Limits[0].Amount.Text + "/h", "budget.when_exhausted": s.Budget.WhenExhausted,
		"tasks.timeout": briefTime(s.Stages[0].Timeout), "tasks.from.repeat": fmt.Sprint(s.Stages[0].From.Repeat),
		"tasks.from.range.step": fmt.Sprint(s.Stages[0].From.Step), "policies.offer.accept": s.Policies.OfferAccept.Text,
		"policies.offer.score": s.Policies.OfferScore.Text, "policies.activity.prepare": s.Policies.ActivityPrepare.Text,
		"policies.activity.reuse":    s.Policies.ActivityReuse.Text,
		"policies.debit_note.accept": s.Policies.DebitNoteAccept.Text, "policies.invoice.accept": s.Policies.InvoiceAccept.Text,
		"policies.task.retry": s.Policies.TaskRetry.Text, "policies.task.result": s.Policies.TaskResult.Text,
	} {
		row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(key) + "` \\| [^|]* \\| `([^|]*)` \\|").FindStringSubmatch(page)
		if row == nil || row[1] != value {
			t.Errorf("spec.md says of the default of %s %q, and it is %q", key, row, value)
		}
	}
}

// briefTime is a time as a document writes it: 2m, not 2m0s.
func briefTime(d time.Duration) string {
	s := strings.Replace(d.String(), "m0s", "m", 1)
	return strings.Replace(s, "h0m", "h", 1)
}

// docHeading and docLink are what Markdown has of them in our pages.
var (
	docHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	docLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notSlug    = regexp.MustCompile(`[^a-z0-9_ -]`)
)

// anchors are the places in a page that a link can name.
func anchors(page string) []string {
	var out []string
	for _, m := range docHeading.FindAllStringSubmatch(page, -1) {
		out = append(out, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}

func TestDocsLinks(t *testing.T) {
	pages := docs(t)
	for name, page := range pages {
		for _, m := range docLink.FindAllStringSubmatch(page, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") {
				continue
			}
			if file == "" {
				file = name
			}
			if _, err := os.Stat(filepath.Join(docsDir, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if anchor != "" && !slices.Contains(anchors(pages[file]), anchor) {
				t.Errorf("%s: %s has no heading for #%s", name, file, anchor)
			}
		}
		if name != "README.md" && !strings.Contains(pages["README.md"], "("+name+")") {
			t.Errorf("README.md does not list %s", name)
		}
	}
}

// docPart matches a generated part of a page.
var docPart = regexp.MustCompile(`(?s)<!-- generated: ([^\n]+?) -->\n(.*?)<!-- end -->`)

// generated holds the generated parts of a page to what the code says now, and
// every part to its place.
func generated(t *testing.T, name string, parts map[string]string) {
	t.Helper()
	page := readDoc(t, name)
	seen := map[string]bool{}
	got := docPart.ReplaceAllStringFunc(page, func(found string) string {
		part := docPart.FindStringSubmatch(found)[1]
		text, ok := parts[part]
		if !ok || seen[part] {
			t.Errorf("%s: nothing is generated for %q, or twice", name, part)
		}
		seen[part] = true
		return "<!-- generated: " + part + " -->\n" + text + "<!-- end -->"
	})
	for part := range parts {
		if !seen[part] {
			t.Errorf("%s has no place for %q", name, part)
		}
	}
	if *update {
		if err := os.WriteFile(filepath.Join(docsDir, name), []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(page, got); diff != "" {
		t.Errorf("%s is out of date; go test ./cmd/tasks -update writes it (-page +code):\n%s", name, diff)
	}
}

// mdRow is a line of a table.
func mdRow(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// asCode is text as code, "" as nothing.
func asCode(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// TestDocsNameWhatIsPrinted holds the tables of JSON fields to the values that
// are printed.
func TestDocsNameWhatIsPrinted(t *testing.T) {
	page := readDoc(t, "cli.md")
	for title, v := range map[string]any{
		"status": report.Status{}, "results": report.ResultLine{}, "summary": report.Summary{},
		"runs": report.RunLine{}, "show": report.Activity{}, "validate": diag.Diagnostic{}, "plan": report.Forecast{}, "edit": report.Edited{},
		"explain": report.Explanation{}, "gc": strayLine{}, "policy eval": evaluated{}, "policy test": triedLine{}, "policy replay": report.Replay{},
		"events": eventLine{}, "doctor": finding{},
	} {
		section := sectionOf(page, "JSON of "+title)
		for _, key := range jsonKeys(v) {
			if !strings.Contains(section, "| `"+key+"` |") {
				t.Errorf("cli.md: the JSON of %s has no row for %s", title, key)
			}
		}
	}
}

// sectionOf is what stands below a heading, down to the next.
func sectionOf(page, title string) string {
	_, rest, _ := strings.Cut(page, "# "+title+"\n")
	section, _, _ := strings.Cut(rest, "\n#")
	return section
}
