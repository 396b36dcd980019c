package runner

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"path"
	"slices"
	"sync"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// A Copy is a file on its way to a machine or back, as its provider tells, or one
// that is read here before it can leave.
type Copy struct {
	Name     string // of the file here, or at its address, without its folder
	Upload   bool   // to the machine
	Reading  bool   // to learn its hash: nothing is on its way yet
	Provider string // "" while it is read
	Since    time.Time
	Done     int64 // bytes; 0 while the provider has told nothing
	Size     int64 // bytes; 0 where it is not known
}

// Copies are what a run copies now. The runner writes them, anybody may look. The
// zero value is ready.
type Copies struct {
	mu  sync.Mutex
	now map[golem.ActivityID]Copy // a machine copies one file at a time

	reads map[*cargo]Copy // and a batch has its files read one by one
}

// Now is what is being copied, the longest first.
func (c *Copies) Now() []Copy {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.AppendSeq(slices.Collect(maps.Values(c.now)), maps.Values(c.reads))
	slices.SortFunc(list, func(a, b Copy) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Provider, b.Provider))
	})
	return list
}

// reading shows a file that is being read here, until the caller calls done.
func (c *Copies) reading(of *cargo, name string, size int64) (done func()) {
	if c == nil {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reads == nil {
		c.reads = map[*cargo]Copy{}
	}
	c.reads[of] = Copy{Name: name, Upload: true, Reading: true, Since: time.Now(), Size: size}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.reads, of)
	}
}

func (c *Copies) begin(on golem.ActivityID, copied Copy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putLocked(on, copied)
}

func (c *Copies) putLocked(on golem.ActivityID, copied Copy) {
	if c.now == nil {
		c.now = map[golem.ActivityID]Copy{}
	}
	c.now[on] = copied
}

// move counts on. What is copied is given in case its begin was not seen: events
// of before the stream was open are not repeated.
func (c *Copies) move(on golem.ActivityID, copied Copy, p golem.CommandProgress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.now[on]; ok {
		copied = known
	}
	if done := p.Progress[0]; done != nil {
		copied.Done = *done
	}
	if size := p.Progress[1]; size != nil {
		copied.Size = *size
	}
	c.putLocked(on, copied)
}

func (c *Copies) end(on golem.ActivityID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.now, on)
}

// updateInterval is how often providers are asked to tell how far a copy is.
const updateInterval = time.Second

// watchCopies keeps the copies of a batch in Copies, until the caller calls done,
// which it does when the batch has ended. Where a provider tells nothing, nothing
// is known; that harms nobody.
func (r *runner) watchCopies(ctx context.Context, act state.Activity, provider string, batch golem.BatchID, load *cargo) (done func()) {
	if r.Copies == nil || load == nil || !load.copies() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer r.Copies.end(act.ID)
		for event, err := range r.client.BatchEvents(ctx, act.ID, batch) {
			if err != nil {
				r.Log.Debug("progress of copies not known", logActivity, act.ID, logError, err)
				return
			}
			copied, ok := load.copyOf(event.Index)
			copied.Provider, copied.Since = provider, time.Now()
			switch {
			case !ok || event.Kind.Finished != nil:
				r.Copies.end(act.ID)
			case event.Kind.Started != nil:
				r.Copies.begin(act.ID, copied)
			case event.Kind.Progress != nil:
				r.Copies.move(act.ID, copied, *event.Kind.Progress)
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// copies reports whether some command copies a file.
func (c *cargo) copies() bool {
	return slices.ContainsFunc(c.commands, func(each golem.Command) bool { return each.Transfer != nil })
}

// copyOf is what a command copies.
func (c *cargo) copyOf(index int) (Copy, bool) {
	if index < 0 || index >= len(c.commands) || c.commands[index].Transfer == nil {
		return Copy{}, false
	}
	return c.described[index], true
}

// describe remembers what the command that comes next copies.
func (c *cargo) describe(name string, upload bool, size int64) {
	if c.described == nil {
		c.described = map[int]Copy{}
	}
	c.described[len(c.commands)] = Copy{Name: name, Upload: upload, Size: size}
}

// nameAt is the name of the file at an address, without what may be a secret in
// it.
func nameAt(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" || u.Path == "/" {
		return "a file in the web"
	}
	return path.Base(u.Path)
}
