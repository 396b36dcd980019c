package policies_test

import (
	"fmt"
	"testing"

	"tasks/policies"
)

func BenchmarkCompile(b *testing.B) {
	s := parse(b, document)
	b.ReportAllocs()
	for b.Loop() {
		if _, list := policies.Compile(s); len(list) > 0 {
			b.Fatal(list)
		}
	}
}

func BenchmarkScore10000Offers(b *testing.B) {
	s := set(b, "offer.score", "offer.cpu.threads < 2 ? nil : 1 - (offer.price.cpu_sec + offer.price.duration_sec) - provider.failures")
	offers := make([]policies.OfferEnv, 10000)
	for i := range offers {
		offers[i].Offer.CPU.Threads = i%8 + 1
		offers[i].Offer.Price = policies.Price{CPUSec: float64(i) / 1e6, DurationSec: 1e-5}
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range offers {
			if _, _, f := s.ScoreOffer(offers[i]); f != nil {
				b.Fatal(f)
			}
		}
	}
}

func BenchmarkRender10000Tasks(b *testing.B) {
	st := stage(b, "  steps:\n    - run: rm -f out\n    - run: hashcat --skip=${{ task.skip }} --limit=${{ task.limit }} ${{ task.mask }}\n    - run: [cat, out]\n")
	tasks := make([]policies.TaskEnv, 10000)
	for i := range tasks {
		tasks[i] = item(map[string]any{"mask": fmt.Sprint("?a", i), "skip": i * 4096, "limit": 4096})
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range tasks {
			if _, f := st.Commands(tasks[i]); f != nil {
				b.Fatal(f)
			}
		}
	}
}

func BenchmarkResult10000Attempts(b *testing.B) {
	st := stage(b, "  run: x\n  result: 'stdout == \"\" ? nil : trim(stdout)'\n")
	env := policies.ResultEnv{Stdout: "a result\n"}
	b.ReportAllocs()
	for b.Loop() {
		for range 10000 {
			if _, _, f := st.Result(env); f != nil {
				b.Fatal(f)
			}
		}
	}
}
