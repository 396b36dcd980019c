package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
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

// Filtering and scoring 10,000 offers is to take less than 50 ms.
func BenchmarkRule10000Offers(b *testing.B) {
	s := compile(b, strings.Replace(document, `accept: "true"`, `accept: "offer.price.start <= 0.1 && provider.failures < 3"`, 1))
	offers := make([]policies.OfferEnv, 10000)
	for i := range offers {
		offers[i].Offer.Price = policies.Price{Start: float64(i%20) / 100, Hour: float64(i) / 1e4}
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range offers {
			if r := s.Rule(offers[i]); r.Failure != nil {
				b.Fatal(r.Failure)
			}
		}
	}
	b.ReportMetric(50, "ms-wanted")
}

// thousandStages are a document with a thousand stages each, of which the last
// share no expression.
func thousandStages(different bool) []byte {
	var text strings.Builder
	text.WriteString("name: many\npayload: golem/alpine:latest\ntasks:\n")
	for i := range 1000 {
		if different {
			fmt.Fprintf(&text, "  s%d: {from: {range: [1, 10]}, run: \"render --frame ${{ task.item + %d }}\", result: 'stdout == \"\" ? nil : {frame: %d, size: int(trim(stdout))}'}\n", i, i, i)
			continue
		}
		fmt.Fprintf(&text, "  s%d: {from: {range: [1, 10]}, run: \"echo ${{ task.item }}\", result: trim(stdout)}\n", i)
	}
	return []byte(text.String())
}

// Loading a spec of 1,000 stages, read and compiled, is to take less than 100 ms.
func BenchmarkLoad1000Stages(b *testing.B) {
	for _, different := range []bool{false, true} {
		name := "alike"
		if different {
			name = "different"
		}
		b.Run(name, func(b *testing.B) {
			text := thousandStages(different)
			b.ReportAllocs()
			for b.Loop() {
				s, list := spec.Parse("run.yaml", text, "/", spec.Overrides{})
				if _, more := policies.Compile(s); len(list)+len(more) > 0 {
					b.Fatal(list, more)
				}
			}
			b.ReportMetric(100, "ms-wanted")
		})
	}
}
