package spec

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A layer is a file that is merged over those before it.
type layer struct {
	name    string
	content []byte
	dir     string // absolute; its paths are relative to it
}

// A moved path was written relative to another folder than the document's.
type moved struct{ said, dir string }

// readLayers reads the files that are merged over the first one.
func readLayers(o Overrides) ([]layer, error) {
	var layers []layer
	for _, path := range o.Over {
		content, err := readFile(path)
		if err != nil {
			return nil, err
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("find directory of %s: %w", path, err)
		}
		layers = append(layers, layer{path, content, filepath.Dir(abs)})
	}
	return layers, nil
}

// mergeAll puts the layers over a document, in their order, so that the later one
// wins: mappings are merged, and everything else is replaced. Every node keeps the
// text that it is of. ok is false where one of the files cannot be read at all.
func (d *decoder) mergeAll(root *yaml.Node, ok bool) bool {
	if len(d.layers) == 0 {
		return ok
	}
	ok = ok && d.expand(d.base, root)
	for _, l := range d.layers {
		in := &text{name: l.name, lines: []string{""}}
		over, readable := d.syntax(in, l.content)
		if !readable || !d.expand(in, over) {
			ok = false
			continue
		}
		d.own(over, in)
		v := d.value(in, over, nil, "")
		if over.Kind != yaml.MappingNode {
			d.wrong(v, "a mapping of what differs from the files before", "start with a line such as workers: 10")
			ok = false
			continue
		}
		if l.dir != d.spec.Dir {
			d.relocate(v, l.dir)
		}
		if ok && root.Kind == yaml.MappingNode {
			d.merge(root, v)
		}
	}
	return ok
}

// own remembers whose the nodes are.
func (d *decoder) own(n *yaml.Node, in *text) {
	d.texts[n] = in
	for _, c := range n.Content {
		d.own(c, in)
	}
}

// expand writes out what aliases stand for, so that a change of one place is a
// change of no other. It reports aliases that multiply into too many values.
func (d *decoder) expand(in *text, root *yaml.Node) bool {
	left := 2*count(root) + 100_000
	var write func(n *yaml.Node) *yaml.Node
	write = func(n *yaml.Node) *yaml.Node {
		if left -= weight(n); left < 0 {
			return n
		}
		if n.Kind == yaml.AliasNode {
			return write(n.Alias)
		}
		c := *n
		c.Anchor, c.Content = "", make([]*yaml.Node, len(n.Content))
		for i := range n.Content {
			c.Content[i] = write(n.Content[i])
		}
		return &c
	}
	out := write(root)
	if left < 0 {
		d.report(value{in: in, node: root}, "aliases make too many values of this document", "write out fewer of them, or keep the items in a file")
		return false
	}
	*root = *out
	return true
}

// merge puts the keys of a mapping over those of another.
func (d *decoder) merge(base *yaml.Node, over value) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(over.node.Content); i += 2 {
		k, v := over.node.Content[i], over.node.Content[i+1]
		key := value{in: over.in, node: k, path: over.path}
		if seen[k.Value] {
			d.report(key, shown(k.Value)+" is set twice in this file", "keep one of the two")
			continue
		}
		seen[k.Value] = true
		path := join(over.path, k.Value)
		at := keyIn(base, k.Value)
		switch {
		case at < 0:
			dropRivals(base, over.path, k.Value)
			base.Content = append(base.Content, k, v)
		case v.Kind == yaml.MappingNode && base.Content[at+1].Kind == yaml.MappingNode:
			d.merge(base.Content[at+1], value{in: over.in, node: v, path: path})
		default:
			base.Content[at], base.Content[at+1] = k, v
		}
	}
}

// keyIn is where a mapping has a key, or -1.
func keyIn(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

var sourceKinds = []string{
	SourceRange, SourceItems, SourceMatrix, SourceLines, SourceCSV, SourceJSONL, SourceFiles, SourceResults, SourceCommand,
}

// dropRivals takes out of a mapping what cannot stand beside a key that is put
// there: the other kind of source, and run beside steps.
func dropRivals(m *yaml.Node, path, key string) {
	rivals := []string{"run", "steps"}
	if strings.HasPrefix(path, "tasks.") && strings.HasSuffix(path, ".from") {
		rivals = sourceKinds
	} else if path != "tasks" && (!strings.HasPrefix(path, "tasks.") || strings.Count(path, ".") > 1) {
		return
	}
	if !slices.Contains(rivals, key) {
		return
	}
	for _, rival := range rivals {
		if i := keyIn(m, rival); i >= 0 {
			m.Content = slices.Delete(m.Content, i, i+2)
		}
	}
}

// relocate makes the paths of a file that is in another folder than the first one
// absolute, so that they mean what they mean in their file.
func (d *decoder) relocate(doc value, dir string) {
	d.relocateAt(d.child(d.child(doc, "results"), "file"), dir)
	tasks := d.child(doc, "tasks")
	if tasks.node == nil || tasks.node.Kind != yaml.MappingNode {
		return
	}
	if single(tasks.node) {
		d.relocateStage(tasks, dir)
		return
	}
	for i := 0; i+1 < len(tasks.node.Content); i += 2 {
		d.relocateStage(d.child(tasks, tasks.node.Content[i].Value), dir)
	}
}

func (d *decoder) relocateStage(stage value, dir string) {
	from := d.child(stage, "from")
	for _, kind := range []string{SourceLines, SourceCSV, SourceJSONL, SourceFiles} {
		d.relocateAt(d.child(from, kind), dir)
	}
	d.relocateAt(d.child(d.child(from, SourceCSV), "file"), dir)
	steps := d.child(stage, "steps")
	if steps.node == nil || steps.node.Kind != yaml.SequenceNode {
		return
	}
	for i, n := range steps.node.Content {
		step := value{in: steps.in, node: n, path: fmt.Sprintf("%s[%d]", steps.path, i)}
		d.relocateAt(d.child(d.child(step, "upload"), "from"), dir)
		d.relocateAt(d.child(d.child(step, "download"), "to"), dir)
	}
}

// child is the value of a key, without a node where there is none.
func (d *decoder) child(v value, key string) value {
	if v.node == nil || v.node.Kind != yaml.MappingNode {
		return value{}
	}
	i := keyIn(v.node, key)
	if i < 0 {
		return value{}
	}
	return value{in: v.in, node: v.node.Content[i+1], key: v.node.Content[i], path: join(v.path, key)}
}

func (d *decoder) relocateAt(v value, dir string) {
	switch {
	case v.node == nil, v.node.Kind != yaml.ScalarNode, v.isNull(), v.node.Value == Stdin:
	case filepath.IsAbs(v.node.Value), IsAddress(v.node.Value):
	case strings.HasPrefix(v.node.Value, opening):
		d.report(v, "this path begins with a value, and the file is in another folder than the first one",
			"write the whole path, or keep the files in one folder")
	default:
		d.moved[v.node] = moved{said: v.node.Value, dir: dir}
		slash := strings.HasSuffix(v.node.Value, "/")
		v.node.Value = filepath.Join(dir, v.node.Value)
		if slash {
			v.node.Value += "/"
		}
	}
}
