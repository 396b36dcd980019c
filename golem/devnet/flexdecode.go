package devnet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

var errFlex = errors.New("these are no flexbuffers")

// maxFlexDepth bounds how deep maps may be in one another, and maxFlexValues how
// many values there may be: several may point at the same one.
const maxFlexDepth, maxFlexValues = 16, 10_000

// flexDecode reads what flexEncode may write, at any width, and booleans, floats
// and vectors besides. Numbers are int64 or float64.
func flexDecode(data []byte) (any, error) {
	n := len(data)
	if n < 3 {
		return nil, errFlex
	}
	width := int(data[n-1])
	r := flexReader{data: data, left: maxFlexValues}
	v := r.value(n-2-width, width, data[n-2], maxFlexDepth)
	if r.broken {
		return nil, errFlex
	}
	return v, nil
}

// A flexReader reads within its data; what would lie outside breaks it.
type flexReader struct {
	data   []byte
	left   int // how many values may still be read
	broken bool
}

func (r *flexReader) slice(at, n int) []byte {
	if r.broken || at < 0 || n < 0 || at > len(r.data) || n > len(r.data)-at {
		r.broken = true
		return nil
	}
	return r.data[at : at+n]
}

func (r *flexReader) uint(at, width int) uint64 {
	b := r.slice(at, width)
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case 8:
		return binary.LittleEndian.Uint64(b)
	}
	r.broken = true
	return 0
}

func (r *flexReader) int(at, width int) int64 {
	shift := 64 - 8*min(width, 8)
	return int64(r.uint(at, width)<<shift) >> shift
}

// size is a length or a distance, which is within the data.
func (r *flexReader) size(at, width int) int {
	n := r.uint(at, width)
	if n > uint64(len(r.data)) {
		r.broken = true
		return 0
	}
	return int(n)
}

func (r *flexReader) value(at, width int, packed byte, depth int) any {
	if r.left--; r.left < 0 {
		r.broken = true
		return nil
	}
	own := 1 << (packed & 3)
	switch kind := packed >> 2; kind {
	case flexNull:
		return nil
	case flexInt:
		return r.int(at, width)
	case flexUint:
		return int64(r.uint(at, width))
	case flexBool:
		return r.uint(at, width) != 0
	case flexFloat:
		if width == 4 {
			return float64(math.Float32frombits(uint32(r.uint(at, width))))
		}
		return math.Float64frombits(r.uint(at, width))
	}
	target := at - r.size(at, width)
	switch kind := packed >> 2; {
	case kind == flexIndirectInt:
		return r.int(target, own)
	case kind == flexIndirectUint:
		return int64(r.uint(target, own))
	case kind == flexKey:
		return r.key(target)
	case kind == flexString:
		return string(r.slice(target, r.size(target-own, own)))
	case kind == flexBlob:
		return bytes.Clone(r.slice(target, r.size(target-own, own)))
	case kind == flexMap && depth > 0:
		return r.mapping(target, own, depth-1)
	case kind == flexVector && depth > 0:
		return r.elements(target, own, depth-1)
	}
	r.broken = true
	return nil
}

func (r *flexReader) key(at int) string {
	rest := r.slice(at, len(r.data)-at)
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		r.broken = true
		return ""
	}
	return string(rest[:end])
}

func (r *flexReader) elements(at, width, depth int) []any {
	n := r.size(at-width, width)
	types := r.slice(at+n*width, n)
	list := make([]any, len(types))
	for i := range types {
		if r.broken {
			return nil
		}
		list[i] = r.value(at+i*width, width, types[i], depth)
	}
	return list
}

func (r *flexReader) mapping(at, width, depth int) map[string]any {
	keys := at - 3*width - r.size(at-3*width, width)
	wide := r.size(at-2*width, width)
	m := map[string]any{}
	for i, v := range r.elements(at, width, depth) {
		entry := keys + i*wide
		m[r.key(entry-r.size(entry, wide))] = v
	}
	return m
}
