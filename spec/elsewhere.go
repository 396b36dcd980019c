package spec

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// otherWords are what people who come from other tools write for keys of ours.
var otherWords = map[string]string{
	"cmd": "run", "command": "run", "script": "run", "exec": "run", "args": "run",
	"commands": "steps", "retries": "retry", "attempts": "retry",
	"concurrency": "workers", "parallelism": "workers", "replicas": "workers",
	"input": "from", "inputs": "from", "foreach": "from",
}

// elsewhere says where a key that the mapping at a path does not have belongs, or
// "".
func (d *decoder) elsewhere(path, name string) string {
	key := strings.ToLower(name)
	key = cmp.Or(otherWords[key], key)
	if d.keys == nil {
		d.keys = Keys()
	}
	homes := homesOf(d.keys, plainPath(d.keys, path), key)
	if len(homes) == 0 {
		return ""
	}
	return key + " is a key of " + listed(homes)
}

var (
	anIndex     = regexp.MustCompile(`\[\d+\]`)
	aStagesName = regexp.MustCompile(`^tasks\.[A-Za-z0-9_-]+`)
)

// plainPath is a path as Keys has it.
func plainPath(keys []string, path string) string {
	path = anIndex.ReplaceAllString(path, "")
	if slices.Contains(keys, path) {
		return path
	}
	return aStagesName.ReplaceAllString(path, SingleStage)
}

// homesOf are the mappings that have a key: those below a path, if there are any,
// and of them those that are least deep. The top of the document is none.
func homesOf(keys []string, path, key string) []string {
	var all, below []string
	for _, k := range keys {
		home, ok := strings.CutSuffix(k, "."+key)
		if !ok || home == path {
			continue
		}
		all = append(all, home)
		if path != "" && strings.HasPrefix(home, path+".") {
			below = append(below, home)
		}
	}
	if len(below) > 0 {
		all = below
	}
	depth := func(home string) int { return strings.Count(home, ".") }
	if len(all) == 0 {
		return nil
	}
	least := depth(slices.MinFunc(all, func(a, b string) int { return cmp.Compare(depth(a), depth(b)) }))
	return slices.DeleteFunc(all, func(home string) bool { return depth(home) > least })
}
