package policies

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"tasks/golem"
)

// Prepare is the batch that makes a worker of a new activity. Deploy comes first
// in it and start second, as the provider demands (protocol section 5.5). Its
// uploads are as those of Plan.
func (s *Set) Prepare(e ActivityEnv) ([]Step, *Failure) {
	e.Provider.settle()
	v, f := s.prepare.eval(&e)
	if f != nil {
		return nil, f
	}
	batch, err := batch(v)
	if err == nil {
		err = s.uploads.settle(batch)
	}
	if err != nil {
		return nil, s.prepare.fail(&e, err)
	}
	batch[0] = do(golem.Command{Deploy: &golem.Deploy{Volumes: s.volumes}})
	return batch, nil
}

// volumes are what deploy() asks for.
func volumes(paths []string) []byte {
	if len(paths) == 0 {
		return nil
	}
	text, err := json.Marshal(paths)
	if err != nil {
		panic("policies: " + err.Error()) // texts always can be written
	}
	return text
}

// PreparesWithFiles reports whether Prepare may give uploads.
func (s *Set) PreparesWithFiles() bool { return s.uploads.called }

func batch(v any) ([]Step, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("gives %s, and wants a list of commands", wordOf(v))
	}
	out := make([]Step, len(list))
	for i := range list {
		if out[i], ok = list[i].(Step); !ok {
			return nil, fmt.Errorf("gives %s among the commands", wordOf(list[i]))
		}
		if out[i].deploys() != (i == 0) || out[i].starts() != (i == 1) {
			return nil, fmt.Errorf("command %d is out of order: deploy() comes first, start() second, then any others", i+1)
		}
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("gives a list of %d, and deploy() and start() are the least", len(out))
	}
	return out, nil
}

func (s *Step) deploys() bool { return s.Run != nil && s.Run.Deploy != nil }
func (s *Step) starts() bool  { return s.Run != nil && s.Run.Start != nil }

// do is the step of one command.
func do(c golem.Command) Step { return Step{Run: &c} }

func upload(a ...any) (any, error) {
	from, to := a[0].(string), a[1].(string)
	if from == "" {
		return nil, fmt.Errorf("uploads a file without a name to %q", to)
	}
	return Step{Upload: &Upload{From: from, To: to}}, nil
}

func uploadText(a ...any) (any, error) {
	return Step{Upload: &Upload{Data: a[0].(string), To: a[1].(string)}}, nil
}

// settle checks the uploads of a batch and makes their paths absolute.
func (u *uploads) settle(batch []Step) error {
	for i := range batch {
		up := batch[i].Upload
		if up == nil {
			continue
		}
		if fact, _ := u.misplaced(up); fact != "" {
			return fmt.Errorf("uploads to %q: %s", up.To, fact)
		}
		if up.From == "" {
			continue
		}
		// What a provider says of itself may be in the path.
		if climbs := strings.Contains("/"+filepath.ToSlash(up.From)+"/", "/../"); climbs && !u.literal[up.From] {
			return fmt.Errorf("uploads %q, and a computed path cannot have .. in it", up.From)
		}
		up.From = absolute(u.dir, up.From)
	}
	return nil
}
