package devnet

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var foreignFlex = map[string]any{
	"6964000131007061796c6f61640066696c6553697a6500010a000000040000000100000001000000e093040006022e290201022f0c1426042401": map[string]any{
		"id": "1", "payload": map[string]any{"fileSize": int64(300_000)},
	},
	"6964000132007061796c6f616400636f6e74656e7400030102036f6666736574000214090200000001000000020000001900000000a000006406023b360201023c111426042401": map[string]any{
		"id": "2", "payload": map[string]any{"content": []byte{1, 2, 3}, "offset": int64(40960)},
	},
	"6964000133007061796c6f616400020f0a02010210001400042401":         map[string]any{"id": "3", "payload": nil},
	"0161000004000000010000000000c03ffdffffff13000000680e0414142a01": []any{true, 1.5, int64(-3), "a"},
}

func TestFlexRoundTrip(t *testing.T) {
	for _, want := range []any{
		nil, "", "text", []byte{}, []byte{1, 2}, int64(0), int64(math.MaxUint32), int64(math.MaxUint32 + 1),
		map[string]any{}, map[string]any{"id": "7", "payload": map[string]any{"chunk": map[string]any{"offset": int64(1 << 40), "content": []byte("x")}}},
	} {
		got, err := flexDecode(flexEncode(want))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v (-want +got):\n%s", want, err, diff)
		}
	}
}

// What the JavaScript library of flatbuffers writes, in its narrow widths.
func TestFlexOfOthers(t *testing.T) {
	for text, want := range foreignFlex {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := flexDecode(data)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// FuzzFlex wants no panic, and what was read to be written and read again.
func FuzzFlex(f *testing.F) {
	for text := range foreignFlex {
		data, _ := hex.DecodeString(text)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = flexDecode(data) })
}
