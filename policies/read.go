package policies

import "fmt"

// ReadOfferEnv reads what Values wrote of an OfferEnv. What is not there is zero,
// and names that there are no more are left out.
func ReadOfferEnv(values map[string]any) (OfferEnv, error) {
	k, _ := kindNamed("offer.score")
	root := k.shape(items{open: true})
	env, _, err := fill(k, root, root.known(values))
	if err != nil {
		return OfferEnv{}, fmt.Errorf("read what policies saw: %w", err)
	}
	return *env.(*OfferEnv), nil
}

// known is a tree without the names that the shape does not have.
func (s *shape) known(values map[string]any) map[string]any {
	out := make(map[string]any, len(values))
	for name, v := range values {
		child := s.fields[name]
		if child == nil {
			continue
		}
		if inner, ok := v.(map[string]any); ok && child.fields != nil {
			v = child.known(inner)
		}
		out[name] = v
	}
	return out
}
