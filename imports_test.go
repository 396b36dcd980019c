package tasks_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers are our packages from the bottom up: each imports only from rows above
// it. What a row may import besides is narrowed by reasons below.
var layers = []string{
	"tasks/golem",
	"tasks/golem/gftp",
	"tasks/golem/devnet/match",
	"tasks/golem/devnet/process",
	"tasks/golem/devnet",
	"tasks/spec/schema",
	"tasks/spec/diag",
	"tasks/spec",
	"tasks/spec/scenario",
	"tasks/policies",
	"tasks/runner/state",
	"tasks/runner/store",
	"tasks/runner/ledger",
	"tasks/runner/source",
	"tasks/runner/reconcile",
	"tasks/runner",
	"tasks/runner/simulation",
	"tasks/runner/report",
	"tasks/cmd/tasks",
	"tasks/cmd/bench",
}

// owners are modules that one package alone imports, so that swapping one is a
// change to one package.
var owners = map[string][]string{
	"gopkg.in/yaml.v3":                {"tasks/spec"},
	"github.com/expr-lang/expr":       {"tasks/policies"},
	"modernc.org/sqlite":              {"tasks/runner/store"},
	"github.com/jedib0t/go-pretty/v6": {"tasks/cmd/tasks"},
	"github.com/spf13/cobra":          {"tasks/cmd/tasks"},
	"github.com/coder/websocket":      {"tasks/golem/devnet"},
}

// forbidden are imports that the layers would allow and the house does not.
var forbidden = map[string]map[string]string{
	"tasks/runner":           {"tasks/golem/devnet": "to the runner, devnet and yagna are one code path"},
	"tasks/runner/reconcile": {"tasks/runner/store": "decisions are pure: a snapshot goes in"},
	"tasks/runner/ledger":    {"tasks/runner/store": "money is pure arithmetic"},
	"tasks/spec":             {"tasks/golem": "a document knows nothing of the wire"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Doc        string
}

func TestImportsFollowTheLayers(t *testing.T) {
	for _, p := range list(t) {
		row := slices.Index(layers, p.ImportPath)
		if row < 0 {
			t.Errorf("%s is in no layer: add it to the list, where it belongs", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if at := slices.Index(layers, imp); at >= row {
				t.Errorf("%s imports %s, which is not above it", p.ImportPath, imp)
			}
			if why, ok := forbidden[p.ImportPath][imp]; ok {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, why)
			}
			for module, owner := range owners {
				if (imp == module || strings.HasPrefix(imp, module+"/")) && !slices.Contains(owner, p.ImportPath) {
					t.Errorf("%s imports %s, which only %s may", p.ImportPath, imp, owner)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range list(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// list asks the go command for our packages, without their tests.
func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Doc", "./cmd/...", "./golem/...", "./policies/...", "./runner/...", "./spec/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
