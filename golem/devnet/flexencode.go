package devnet

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Types of FlexBuffers, the binary JSON of the service bus. A packed type is one of
// them, shifted by two, with the logarithm of a width in bytes.
const (
	flexNull         = 0
	flexInt          = 1
	flexUint         = 2
	flexFloat        = 3
	flexKey          = 4
	flexString       = 5
	flexIndirectInt  = 6
	flexIndirectUint = 7
	flexMap          = 9
	flexVector       = 10
	flexBlob         = 25
	flexBool         = 26
)

// flexWidth is how wide everything is that flexEncode writes, but numbers that do
// not fit.
const flexWidth = 4

// flexEncode writes nil, a string, bytes, an int64 of at least 0, or a map of them.
func flexEncode(v any) []byte {
	var b flexWriter
	root := b.put(v)
	b.align(flexWidth)
	b.slot(root)
	return append(b.buf, root.packed, flexWidth)
}

// A flexWriter writes children first and then those who point at them.
type flexWriter struct{ buf []byte }

// A flexSlot is what a parent writes of a value: the value, or where it is.
type flexSlot struct {
	packed byte
	inline uint32
	at     int // 0 for inline; nothing that is pointed at stands at the beginning
}

func packedType(kind, width byte) byte { return kind<<2 | width }

func (b *flexWriter) put(v any) flexSlot {
	const narrow, wide = 2, 3 // logarithms of 4 and 8
	switch v := v.(type) {
	case nil:
		return flexSlot{packed: packedType(flexNull, narrow)}
	case int64:
		if v <= math.MaxUint32 {
			return flexSlot{packed: packedType(flexUint, narrow), inline: uint32(v)}
		}
		b.align(8)
		b.buf = append(b.buf, make([]byte, 8)...) // not at the beginning
		b.buf = binary.LittleEndian.AppendUint64(b.buf, uint64(v))
		return flexSlot{packed: packedType(flexIndirectUint, wide), at: len(b.buf) - 8}
	case string:
		at := b.bytes([]byte(v))
		b.buf = append(b.buf, 0)
		return flexSlot{packed: packedType(flexString, narrow), at: at}
	case []byte:
		return flexSlot{packed: packedType(flexBlob, narrow), at: b.bytes(v)}
	case map[string]any:
		return flexSlot{packed: packedType(flexMap, narrow), at: b.mapping(v)}
	}
	panic(fmt.Sprintf("devnet: %T cannot be sent over the bus", v))
}

func (b *flexWriter) align(to int) {
	for len(b.buf)%to != 0 {
		b.buf = append(b.buf, 0)
	}
}

func (b *flexWriter) number(n int) { b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(n)) }

// bytes writes a length and that many bytes, and returns where those begin.
func (b *flexWriter) bytes(data []byte) int {
	b.align(flexWidth)
	b.number(len(data))
	at := len(b.buf)
	b.buf = append(b.buf, data...)
	return at
}

// slot writes a value or the distance to it.
func (b *flexWriter) slot(s flexSlot) {
	if s.at > 0 {
		b.number(len(b.buf) - s.at)
		return
	}
	b.number(int(s.inline))
}

// mapping writes sorted keys, a vector of where they are, and the values.
func (b *flexWriter) mapping(m map[string]any) int {
	keys := slices.Sorted(maps.Keys(m))
	values, at := make([]flexSlot, len(keys)), make([]int, len(keys))
	for i, k := range keys {
		values[i] = b.put(m[k])
	}
	b.align(flexWidth)
	b.number(0) // no key stands at the beginning
	for i, k := range keys {
		at[i] = len(b.buf)
		b.buf = append(append(b.buf, k...), 0)
	}
	b.align(flexWidth)
	b.number(len(keys))
	vector := len(b.buf)
	for i := range keys {
		b.number(len(b.buf) - at[i])
	}
	b.number(len(b.buf) - vector)
	b.number(flexWidth)
	b.number(len(keys))
	start := len(b.buf)
	for _, v := range values {
		b.slot(v)
	}
	for _, v := range values {
		b.buf = append(b.buf, v.packed)
	}
	return start
}
