package source_test

import (
	"io"
	"strings"
	"testing"

	"tasks/spec"
)

func drain(b *testing.B, src spec.Source) int {
	r := open(b, src, "")
	defer r.Close()
	for n := 0; ; n++ {
		if _, err := r.Next(b.Context()); err == io.EOF {
			return n
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRange(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if n := drain(b, between(1, 1_000_000, 1)); n != 1_000_000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkLines(b *testing.B) {
	text := strings.Repeat("a line of twenty-five by\n", 10<<20/25)
	src := lineFile(write(b, text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, src)
	}
}

func BenchmarkJSONLines(b *testing.B) {
	text := strings.Repeat(`{"mask":"?d?d?d?d","limit":4096,"skip":12345}`+"\n", 20_000)
	src := jsonFile(write(b, text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, src)
	}
}
