package devnet

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"

	"tasks/golem"
)

// imageVolumes are those that every image declares here, as most images do.
var imageVolumes = []string{"/golem/work", "/golem/input", "/golem/output", "/golem/resource"}

// volumes is a Runner whose files can be transferred.
type volumes interface {
	// Path maps a container path to one of this computer, and reports whether it
	// is in a volume.
	Path(container string) (string, bool)
	// Mount makes more volumes, besides those of the image. One that is there
	// already stays as it is.
	Mount(volumes []string) error
}

// volumesOf finds the volumes of a Runner, whatever its provider does to it.
func volumesOf(r Runner) (volumes, bool) {
	if s, is := r.(*spoiled); is {
		r = s.Runner
	}
	v, has := r.(volumes)
	return v, has
}

// deploy makes the volumes that a deploy asks for, and says which there are.
func (s *Server) deploy(a *activity, b *batch, command golem.Deploy) result {
	asked, err := askedVolumes(command.Volumes)
	if v, has := volumesOf(a.runner); err == nil && has && len(asked) > 0 {
		err = v.Mount(asked)
	}
	if err != nil {
		return failure(0, "Runtime error: "+err.Error())
	}
	return s.become(a, b, golem.ActivityDeployed, s.drawn(s.timings.Deploy), deployOutput(asked))
}

// askedVolumes reads a list of paths, or an object of options by path (protocol
// section 5.5). The options mean nothing here.
func askedVolumes(raw json.RawMessage) ([]string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		var options map[string]json.RawMessage
		if json.Unmarshal(raw, &options) != nil {
			return nil, fmt.Errorf("volumes are neither a list nor an object: %s", raw)
		}
		list = slices.Sorted(maps.Keys(options))
	}
	for _, v := range list {
		if !path.IsAbs(v) || path.Clean(v) != v || v == "/" {
			return nil, fmt.Errorf("volume %q is not a clean absolute path", v)
		}
	}
	return list, nil
}

// deployOutput is what the runtime prints of itself.
func deployOutput(asked []string) string {
	type volume struct {
		Name string `json:"name"`
		Path string `json:"path"`
	}
	var list []volume
	for i, v := range append(imageVolumes[:len(imageVolumes):len(imageVolumes)], asked...) {
		if !slices.Contains(imageVolumes[:min(i, len(imageVolumes))], v) {
			list = append(list, volume{"vol-" + path.Base(v), v})
		}
	}
	text, err := json.Marshal(map[string]any{"startMode": "blocking", "valid": map[string]string{"Ok": ""}, "vols": list})
	if err != nil {
		panic("devnet: " + err.Error())
	}
	return string(text)
}
