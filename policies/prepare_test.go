package policies_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
	"tasks/spec"
)

func TestPrepareWithFiles(t *testing.T) {
	set := set(t, "activity.prepare", `[deploy(), start(),
		upload("in/a.txt", "/golem/input/a"), upload("/data/*.png", "/golem/input/"), upload("../a", "/golem/work/b"),
		upload("https://example.com/" + offer.id, "/golem/resource/web"), uploadText("", "/golem/work/" + offer.id)]`)
	if !set.PreparesWithFiles() {
		t.Error("PreparesWithFiles() is false")
	}
	got, f := set.Prepare(policies.ActivityEnv{Offer: policies.Offer{ID: "R-1"}})
	if f != nil {
		t.Fatal(f)
	}
	want := []policies.Step{
		{Upload: &policies.Upload{From: "/home/ann/in/a.txt", To: "/golem/input/a"}},
		{Upload: &policies.Upload{From: "/data/*.png", To: "/golem/input/"}},
		{Upload: &policies.Upload{From: "/home/a", To: "/golem/work/b"}},
		{Upload: &policies.Upload{From: "https://example.com/R-1", To: "/golem/resource/web"}},
		{Upload: &policies.Upload{To: "/golem/work/R-1"}},
	}
	if diff := cmp.Diff(want, got[2:]); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
}

func TestPrepareWithoutFiles(t *testing.T) {
	if set(t, "activity.prepare", `[deploy(), start(), run("echo upload")]`).PreparesWithFiles() {
		t.Error("PreparesWithFiles() is true")
	}
}

// TestUploadsThatProvidersSteer wants no file of this computer to be sent because
// of what a provider calls itself.
func TestUploadsThatProvidersSteer(t *testing.T) {
	for _, test := range []struct{ upload, id, want string }{
		{`upload("in/" + offer.id, "/golem/input/a")`, "../../.ssh/id", `uploads "in/../../.ssh/id", and a computed path cannot have .. in it`},
		{`upload("a", "/golem/input/" + offer.id)`, "../x", `uploads to "/golem/input/../x": a path of the machine cannot have .. in it`},
		{`upload("a", "/" + offer.id)`, "tmp", `uploads to "/tmp": this path is in no volume of the machine`},
		{`uploadText("a", "/golem/input/" + offer.id)`, "", `uploads to "/golem/input/": the name of the file is missing`},
		{`upload(offer.id, "/golem/input/a")`, "", `uploads a file without a name to "/golem/input/a"`},
	} {
		t.Run(test.upload, func(t *testing.T) {
			env := policies.ActivityEnv{Offer: policies.Offer{ID: test.id}}
			_, f := set(t, "activity.prepare", "[deploy(), start(), "+test.upload+"]").Prepare(env)
			if f == nil || !strings.Contains(f.Error(), test.want) {
				t.Errorf("Failure = %v\nwant %s", f, test.want)
			}
		})
	}
}

func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "folders", "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	for upload, want := range map[string]string{
		`upload("folders/*", "/golem/input/")`:                 `28 no file fits "folders/*"`,
		`upload("here.txt", "/golem/input/a")`:                 "",
		`upload("*.txt", "/golem/input/")`:                     "",
		`upload("none.txt", "/golem/input/a")`:                 `28 there is no file "none.txt"`,
		`upload("*.png", "/golem/input/")`:                     `28 no file fits "*.png"`,
		`upload(".", "/golem/input/a")`:                        `28 "." is a directory; "./*" uploads the files in it, to a path that ends with /`,
		`upload("https://example.com/a", "/golem/input/a")`:    "",
		`upload(offer.id, "/golem/input/a")`:                   "",
		`uploadText("none.txt", "/golem/input/a")`:             "",
		`true ? upload("none", "/golem/work/a") : run("true")`: `35 there is no file "none"`,
	} {
		s, _ := spec.Parse("run.yaml", []byte(document), dir, spec.Overrides{})
		put(s, "activity.prepare", "[deploy(), start(), "+upload+"]")
		set, list := policies.Compile(s)
		if len(list) > 0 {
			t.Fatalf("%s: %v", upload, list)
		}
		var got []string
		for _, d := range set.MissingFiles() {
			got = append(got, fmt.Sprintf("%d %s", d.Place.Col, d.Fact))
		}
		if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", upload, diff)
		}
	}
}
