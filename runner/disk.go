package runner

import (
	"context"
	"errors"
	"time"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/store"
)

const (
	// fullPatience is how long a run waits for room on a full disk before it
	// leaves. Machines cost money meanwhile, and no bill is accepted.
	fullPatience = time.Minute
	// fullPause is the distance of its tries.
	fullPause = 2 * time.Second
)

// update records what must not be lost: where the disk is full it waits for
// room, for fullPatience or until ctx ends.
func (r *runner) update(ctx context.Context, fn func(*store.Tx) error) error {
	return r.roomy(ctx, func() error { return r.Store.Update(context.WithoutCancel(ctx), fn) })
}

// roomy repeats fn while the disk is full.
func (r *runner) roomy(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		if !errors.Is(err, store.ErrFull) || ctx.Err() != nil {
			return err
		}
		r.mu.Lock()
		since, first := r.full.hit(time.Now())
		r.mu.Unlock()
		if since > fullPatience {
			return err
		}
		if first {
			r.Log.Warn("waiting for room before anything else is done", logError, err)
		}
		pause(ctx, fullPause)
	}
}

// A shortage is a time without room on the disk, the same for all who wait. The
// zero shortage is none.
type shortage struct{ since, last time.Time }

// hit notes that there was no room at a time, and returns for how long there has
// been none, and whether that is new. Those who wait try often, so that a long
// silence means that there was room.
func (s *shortage) hit(now time.Time) (lasted time.Duration, first bool) {
	if first = s.last.IsZero() || now.Sub(s.last) > 3*fullPause; first {
		s.since = now
	}
	s.last = now
	return now.Sub(s.since), first
}

// abandon ends the agreements of a run whose database can no longer be used: what
// cannot be recorded must not go on costing money. The next start finds them ended
// at the daemon. After any other error they are left for the next start to use.
func (r *runner) abandon(ctx context.Context, why error) {
	if !errors.Is(why, store.ErrFull) && !errors.Is(why, store.ErrDenied) && !errors.Is(why, store.ErrDamaged) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, abandonTime)
	defer cancel()
	for i := range r.viewed {
		if a := r.viewed[i].Agreement; !a.State.Done() && a.ID != "" {
			r.abandonOne(ctx, a.ID)
		}
	}
}

// abandonTime bounds how long leaving takes.
const abandonTime = 30 * time.Second

func (r *runner) abandonOne(ctx context.Context, id golem.AgreementID) {
	reason := endReason(reconcile.ReasonGone + ": the requestor's database cannot be written")
	err := r.client.TerminateAgreement(ctx, id, reason)
	if err != nil && !golem.IsGone(err) && !golem.IsNotFound(err) {
		r.Log.Warn("agreement not ended", logAgreement, id, logError, err)
	}
}
