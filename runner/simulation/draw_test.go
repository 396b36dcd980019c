package simulation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/ledger"
)

// A plan is a world as a seed draws it, and what happens to it.
type plan struct {
	seed   uint64
	fair   bool // honest providers and a daemon that works
	tight  bool // the budget may not be enough
	choosy bool // bills in order may be refused, or every provider may be too dear in the end

	document string
	tasks    int           // of the first stage
	emits    bool          // each of them makes task.item % 3 tasks of the second stage
	failing  bool          // every seventh task fails wherever it runs
	mendAt   time.Duration // after a process began: no task fails any more, and failed ones are tried again; 0 is never
	mended   *atomic.Bool
	follows  bool // a third and a fourth stage wait for the first
	windows  []ledger.Window
	edits    []edit // by their time

	market  []devnet.Provider
	faults  []devnet.Fault
	timings devnet.Timings
	crashes []crash
	pauses  []time.Duration // after each crash
	stopAt  time.Duration   // when somebody presses Ctrl-C
}

// draw makes the plan of a seed.
func draw(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 0x51e))
	p := plan{seed: seed, fair: chance(r, 0.35), stopAt: 40 * time.Minute, mended: new(atomic.Bool)}
	p.drawRun(r)
	p.drawMarket(r)
	if !p.fair {
		p.drawFaults(r)
		if chance(r, 0.15) {
			p.stopAt = between(r, 10*time.Second, 5*time.Minute)
		}
	}
	for range r.IntN(5) {
		p.crashes = append(p.crashes, drawCrash(r))
		p.pauses = append(p.pauses, drawPause(r))
	}
	return p
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// drawRun writes the document.
func (p *plan) drawRun(r *rand.Rand) {
	p.tasks, p.emits, p.failing = 3+r.IntN(20), chance(r, 0.4), chance(r, 0.2)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("name: simulated")
	line("payload: golem/alpine:latest")
	line("golem: {debit_note_interval: %ds, accept_timeout: %ds}", 10+r.IntN(110), 20+r.IntN(100))
	line("workers: %d", 1+r.IntN(5))
	line("budget: %s", p.drawBudget(r))
	if chance(r, 0.2) {
		price := pick(r, "0.0005", "0.002", "0.1")
		p.choosy = price == "0.0005"
		line("max_price: %s", price)
	}
	line("tasks:")
	line("  first:")
	line("    from: {range: [1, %d]}", p.tasks)
	line(`    run: [work, "${{ task.item }}"]`)
	line("    timeout: %ds", 90+r.IntN(120))
	if p.emits {
		line("    emit: {stage: second, each: 'map(0..2, {n: task.item * 10 + #})[0:task.item %% 3]'}")
		line("  second:")
		line(`    run: [work, "${{ task.n }}"]`)
		line("    timeout: %ds", 90+r.IntN(120))
	}
	p.drawFollowers(line)
	line("results: {file: results.jsonl%s}", p.drawKeep())
	line("policies:")
	line("  offer: {score: -offer.price.hour}")
	if p.failing {
		// Of a source of its own, so that every other seed is the world that it was.
		r := rand.New(rand.NewPCG(p.seed, 0x9a7))
		tries := pick(r, 3, 3, 14)
		if chance(r, 0.6) && !p.follows {
			p.mendAt = between(r, 20*time.Second, 5*time.Minute)
		}
		line("  task: {retry: attempt.number < %d}", tries)
	} else {
		line("  task: {retry: true}")
	}
	p.document = b.String()
}

// drawFollowers adds stages that begin when the first has ended: one that sees all its
// results at once, and one that gets them one by one. The draw is apart from the
// others, so that seeds of before stay what they were but for this. Where they are, no failed
// task is tried again: what came after it would not say which results it had.
func (p *plan) drawFollowers(line func(string, ...any)) {
	if p.follows = chance(rand.New(rand.NewPCG(p.seed, 0xaf7e)), 0.25); !p.follows {
		return
	}
	line("  third:")
	line("    after: first")
	line(`    run: [work, "${{ 1000 + len(stages.first.results) }}"]`)
	line("  fourth:")
	line("    from: {results: first}")
	line(`    run: [work, "${{ split(task.item, ' ')[1] }}00000"]`)
}

// drawKeep draws what is kept, half the time very little.
func (p *plan) drawKeep() string {
	r := rand.New(rand.NewPCG(p.seed, 0x6eeb)) // its own, so that every other seed is the world that it was
	return pick(r, "", "", ", keep: all", ", keep: 2", ", keep: 1s", ", keep: 1s", ", keep: 40s", ", keep: {tasks: 3, time: 2m}")
}

// drawBudget draws limits, one in three of them too tight for the run.
func (p *plan) drawBudget(r *rand.Rand) string {
	if p.tight = chance(r, 0.3); !p.tight {
		p.windows = []ledger.Window{{Span: time.Hour, Limit: decimal.NewFromInt(10)}, {Limit: decimal.NewFromInt(20)}}
		return "{rate: 10/h, total: 20}"
	}
	hour := decimal.New(5+r.Int64N(200), -4)
	total := decimal.New(5+r.Int64N(300), -4)
	p.windows = []ledger.Window{{Span: time.Hour, Limit: hour}, {Limit: total}}
	return fmt.Sprintf("{rate: %s/h, total: %s}", hour, total)
}

func (p *plan) drawMarket(r *rand.Rand) {
	p.market = devnet.DrawProviders(p.seed, 2+r.IntN(8))
	if chance(r, 0.2) {
		p.timings = devnet.RealTimings()
	}
	if p.fair {
		return
	}
	for i := range p.market {
		for chance(r, 0.4) {
			misbehave(r, &p.market[i])
		}
	}
	p.drawFickle()
	// One who keeps every promise, so that the run can end.
	p.market[0] = devnet.Provider{Name: "keeper", Threads: 1}
}

// drawFickle lets some withdraw their invoices, half of them at once. The draw is apart
// from the others, so that seeds of before stay what they were but for this.
func (p *plan) drawFickle() {
	r := rand.New(rand.NewPCG(p.seed, 0xf1c))
	for i := range p.market {
		if after := pick(r, time.Millisecond, between(r, time.Millisecond, 4*time.Minute)); chance(r, 0.15) {
			p.market[i].CancelsInvoice = after
		}
	}
}

// misbehave gives a provider one bad habit.
func misbehave(r *rand.Rand, p *devnet.Provider) {
	habits := []func(){
		func() { p.OfflineAfter = between(r, 0, 5*time.Minute) },
		func() { p.Silent = true },
		func() { p.RefuseProposals = "no" },
		func() { p.RefuseAgreements = "no" },
		func() { p.Undecided = true },
		func() { p.AnswersLate = between(r, time.Second, 40*time.Second) },
		func() { p.StartFails = "cannot" },
		func() { p.StartHangs = true },
		func() { p.DiesAfter = between(r, time.Second, 3*time.Minute) },
		func() { p.HangsAfter = between(r, time.Second, 3*time.Minute) },
		func() { p.LeavesAfter = between(r, time.Second, 4*time.Minute) },
		func() { p.Overcharge = 1 + r.Float64() },
		func() { p.NoteEvery = between(r, time.Second, time.Minute) },
		func() { p.NotesLate = between(r, time.Second, 3*time.Minute) },
		func() { p.RepeatsNotes = 1 + r.IntN(3) },
		func() { p.ReordersNotes = true },
		func() { p.LowersTotals = r.Float64() },
		func() { p.LosesInvoice = true },
		func() { p.InvoiceLate = between(r, time.Second, 4*time.Minute) },
		func() { p.InvoiceEarly = between(r, time.Second, 4*time.Minute) },
		func() { p.Slower, p.SlowerAfter = 1+5*r.Float64(), between(r, 0, 3*time.Minute) },
	}
	pick(r, habits...)()
}

// drawFaults draws what is wrong with the daemon in the first minutes.
func (p *plan) drawFaults(r *rand.Rand) {
	for range r.IntN(4) {
		f := devnet.Fault{From: between(r, 0, 3*time.Minute), Share: 0.05 + 0.6*r.Float64()}
		f.Until = f.From + between(r, time.Second, 3*time.Minute)
		f.Calls = pick(r, nil, []string{"POST /payment-api/v1"}, []string{"/payment-api/v1"}, []string{"POST /market-api/v1"},
			[]string{"/market-api/v1"}, []string{"POST /activity-api/v1"}, []string{"/activity-api/v1"})
		pick(r,
			func() { f.Status = 500 },
			func() { f.Status, f.Effect = 504, true },
			func() { f.Drop = true },
			func() { f.Drop, f.Effect = true, true },
			func() { f.Delay = between(r, time.Millisecond, 20*time.Second) },
			func() { f.Restart, f.Times, f.Effect = true, 1+r.IntN(2), chance(r, 0.5) },
			func() { f.RepeatEvents = true },
		)()
		p.faults = append(p.faults, f)
	}
}

// drawPause is how long nobody is there after a crash.
func drawPause(r *rand.Rand) time.Duration {
	return time.Duration(math.Exp(r.Float64()*math.Log(600)) * float64(time.Second))
}

// work is what a machine answers: which task it was, and after how long.
func (p *plan) work(run golem.Run, at devnet.Provider) devnet.Reply {
	item := strings.Join(run.Args, " ")
	wall := time.Duration(float64(workOf(item)) / max(at.Speed, 0.1))
	reply := devnet.Reply{Stdout: "done " + item + "\n", Wall: wall, CPU: wall / 2}
	if p.fails(item) {
		reply.ExitCode = 3
	}
	return reply
}

// workOf is how long a task takes: one second to half a minute.
func workOf(item string) time.Duration {
	sum := 0
	for _, c := range item {
		sum = sum*31 + int(c)
	}
	return time.Second + time.Duration(sum*7919%30)*time.Second
}

func (p *plan) fails(item string) bool {
	return p.failing && (p.mended == nil || !p.mended.Load()) && workOf(item)%(7*time.Second) == 0
}
