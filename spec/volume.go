package spec

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"tasks/spec/diag"
)

// usualVolumes are the parts of a machine that files can be copied to and from:
// those that images usually declare (protocol section 5.5).
var usualVolumes = []string{"/golem/work", "/golem/input", "/golem/output", "/golem/resource"}

// volumeForm is the form of a volume's path: a devnet puts it into shell text.
var volumeForm = regexp.MustCompile(`^(/[A-Za-z0-9_+@%=-][A-Za-z0-9._+@%=-]*)+$`)

// volumes reads more places for files.
func (d *decoder) volumes(v value) {
	p := &d.spec.Payload
	const wants = "a folder of the machine, such as /data"
	d.list(v, "a list of folders of the machine", "write [/data]", func(v value) {
		s, ok := d.fixed(v, wants, "")
		trimmed := strings.TrimSuffix(s, "/")
		switch {
		case !ok:
		case !volumeForm.MatchString(trimmed):
			d.wrong(v, wants, "an absolute path of letters, digits and ._+@%=- without .. in it")
		case slices.Contains(p.Volumes, trimmed):
			d.report(v, trimmed+" is in the list already", "")
		default:
			p.Volumes = append(p.Volumes, trimmed)
		}
	})
}

// A target is a path of the machine in a step.
type target struct {
	value
	path Template
}

// inVolume reads a path of the machine. Where the volumes are is known at the end
// of the document.
func (d *decoder) inVolume(v value) Template {
	t, ok := d.template(v, "a path of the machine, such as /golem/input/data")
	if ok {
		d.targets = append(d.targets, target{v, t})
	}
	return t
}

// checkTargets reports paths that no file can be copied to or from.
func (d *decoder) checkTargets() {
	for _, t := range d.targets {
		start := t.path.Parts[0].Literal
		fact, hint := d.spec.Misplaced(start)
		switch {
		case climbs(t.path.Text):
			d.report(t.value, "a path of the machine cannot have .. in it", "")
		case start == "":
			d.report(t.value, "a path of the machine has to begin with a volume, and this begins with a value", hint)
		case fact != "":
			d.report(t.value, fact, hint)
		}
	}
}

// Misplaced says why no file can be copied to or from a path of the machine, and
// what to do about it; the fact is "" where one can. The path may be the beginning
// of a longer one.
func (s *Spec) Misplaced(file string) (fact, hint string) {
	if climbs(file) {
		return "a path of the machine cannot have .. in it", ""
	}
	known := append(usualVolumes[:len(usualVolumes):len(usualVolumes)], s.Payload.Volumes...)
	for _, v := range known {
		if strings.HasPrefix(file, v+"/") {
			return "", ""
		}
	}
	return "this path is in no volume of the machine", volumeHint(file, known)
}

// volumeHint is the volume that was meant, if one is near, or all of them.
func volumeHint(file string, known []string) string {
	for dir := path.Dir(file); len(dir) > 1; dir = path.Dir(dir) {
		if near, ok := diag.Nearest(dir, known); ok && strings.Count(near, "/") == strings.Count(dir, "/") && near != dir {
			return fmt.Sprintf("did you mean %q?", near+strings.TrimPrefix(file, dir))
		}
	}
	return "files are copied to and from " + listed(known) + "; name another volume in payload.volumes"
}

// climbs reports whether a path leads upwards somewhere.
func climbs(path string) bool { return strings.Contains("/"+path+"/", "/../") }
