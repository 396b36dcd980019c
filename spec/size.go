package spec

// Size is how many items a source has over all rounds, where that can be known
// without reading it.
func (s Source) Size() (size int64, finite bool) {
	if s.Repeat == 0 || s.Endless {
		return 0, false
	}
	switch s.Kind {
	case SourceOnce:
		size = 1
	case SourceRange:
		size = max(0, (s.Last-s.First)/s.Step+1)
	case SourceItems:
		size = int64(len(s.Items))
	case SourceMatrix:
		if len(s.Exclude) > 0 {
			return 0, false
		}
		size = 1
		for _, a := range s.Axes {
			size *= int64(len(a.Values))
		}
	default:
		return 0, false
	}
	return size * int64(s.Repeat), true
}
