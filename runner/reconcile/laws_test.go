package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// rounds of a hundred views: what is rare among them, such as a hire that takes the
// last money, has to come up in every run of the tests.
const rounds = 20

// lawful checks a law on any view at all.
func lawful(t *testing.T, law func(t *rapid.T, v reconcile.View, actions []reconcile.Action)) {
	t.Helper()
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			v := drawView(t)
			law(t, v, reconcile.Decide(v))
		})
	}
}

func TestDecidingTwiceIsDecidingOnce(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, actions []reconcile.Action) {
		if diff := cmp.Diff(actions, reconcile.Decide(v)); diff != "" {
			t.Errorf("the same view again (-first +second):\n%s", diff)
		}
	})
}

// What is under way is not decided about again, whatever else is.
func TestWhatIsUnderWayIsNotDecidedAgain(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, actions []reconcile.Action) {
		begun := begin(v, actions)
		for _, action := range reconcile.Decide(begun) {
			for _, before := range actions {
				if subject(action) != "" && subject(action) == subject(before) {
					t.Errorf("%#v is under way, and %#v is decided", before, action)
				}
			}
		}
	})
}

// subject names the record that an action makes busy, if it does.
func subject(action reconcile.Action) string {
	switch a := action.(type) {
	case reconcile.OpenDemand:
		return "demand"
	case reconcile.CloseDemand:
		return "no demand"
	case reconcile.Hire:
		return "offer " + string(a.Proposal)
	case reconcile.CreateActivity:
		return fmt.Sprint("agreement ", a.Agreement)
	case reconcile.EndAgreement:
		return fmt.Sprint("agreement ", a.Agreement)
	case reconcile.Prepare:
		return fmt.Sprint("activity ", a.Activity)
	case reconcile.Stop:
		return fmt.Sprint("activity ", a.Activity)
	case reconcile.Work:
		return fmt.Sprint("activity ", a.Activity)
	case reconcile.Drain:
		return fmt.Sprint("drain ", a.Activity)
	case reconcile.ReadUsage:
		return fmt.Sprint("usage ", a.Activity)
	case reconcile.CreateAllocation, reconcile.AmendAllocation, reconcile.ReplaceAllocation:
		return "allocation"
	}
	return ""
}

// With money for everybody the order of the records is nothing to go by.
func TestTheOrderOfRecordsChangesNothing(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, _ []reconcile.Action) {
		v.Windows = []ledger.Window{{Limit: glm("1000000")}}
		w := v
		w.Agreements = rapid.Permutation(v.Agreements).Draw(t, "other order")
		if diff := cmp.Diff(names(reconcile.Decide(v)), names(reconcile.Decide(w))); diff != "" {
			t.Errorf("in another order (-first +second):\n%s", diff)
		}
	})
}

// names are the actions in an order of their own. Of equally good workers any may
// be drained.
func names(actions []reconcile.Action) (out []string) {
	for _, action := range actions {
		if d, ok := action.(reconcile.Drain); ok {
			action = reconcile.Drain{Reason: d.Reason}
		}
		out = append(out, fmt.Sprintf("%T %v", action, action))
	}
	slices.Sort(out)
	return out
}

func TestNoMoreAreHiredThanAreWanted(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, actions []reconcile.Action) {
		hired := 0
		for _, action := range actions {
			if _, ok := action.(reconcile.Hire); ok {
				hired++
			}
		}
		// Who is to be replaced does not count.
		left := slices.DeleteFunc(slices.Clone(begin(v, actions).Agreements), func(a reconcile.Agreement) bool {
			return slices.Contains(v.TriedOn, a.Provider)
		})
		wanted, serving := reconcile.Wanted(v.Workers, v.Tasks), reconcile.Serving(left)
		if hired > 0 && (serving > wanted || v.Ending.Active()) {
			t.Errorf("with %d hired %d serve, and %d are wanted, ending %v", hired, serving, wanted, v.Ending.Active())
		}
	})
}

func TestNobodyIsLetGoWhoIsWanted(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, actions []reconcile.Action) {
		left := reconcile.Serving(begin(v, actions).Agreements)
		for _, action := range actions {
			d, ok := action.(reconcile.Drain)
			if wanted := reconcile.Wanted(v.Workers, v.Tasks); ok && !v.Ending.Active() && left < wanted {
				t.Errorf("%#v leaves %d of the %d that are wanted", d, left, wanted)
			}
		}
	})
}

// What is begun is covered: no window is promised more than it has, and one that
// is overdrawn already is promised nothing.
func TestNothingIsBegunThatTheMoneyCannotCover(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, actions []reconcile.Action) {
		before := reconcile.Reserved(v.Now, v.Agreements)
		after := reconcile.Reserved(v.Now, begin(v, actions).Agreements)
		if room := v.Book.Room(v.Now, v.Windows, after); after.GreaterThan(before) && room.IsNegative() {
			t.Errorf("reserved %s, was %s, and %s are missing:\n%#v", after, before, room.Neg(), actions)
		}
	})
}

// However a run stands, winding down ends every machine and then every agreement,
// and only then the run.
func TestWindingDownEndsEverything(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, _ []reconcile.Action) {
		v = complete(v)
		v.Ending = reconcile.Ending{State: state.RunStopped, Note: "stopped", Deadline: start.Add(time.Minute), GiveUp: start.Add(time.Hour)}
		for range 20 {
			actions := reconcile.Decide(v)
			if slices.Contains(actions, reconcile.Action(reconcile.Finish{})) {
				wantOver(t, v)
				return
			}
			v = complete(begin(v, actions))
			v.Now = v.Now.Add(20 * time.Second)
		}
		t.Fatalf("no end after 20 turns:\n%+v", v)
	})
}

func wantOver(t *rapid.T, v reconcile.View) {
	for i := range v.Agreements {
		if a := &v.Agreements[i]; !a.State.Done() || a.Current() != nil {
			t.Errorf("the run is over, and agreement %d is %s with machine %+v", a.Key, a.State, a.Current())
		}
	}
	if v.DemandOpen {
		t.Error("the run is over, and its demand is open")
	}
}

// Waiting has an end even if nothing that was asked for ever ends.
func TestWindingDownDoesNotWaitForEver(t *testing.T) {
	lawful(t, func(t *rapid.T, v reconcile.View, _ []reconcile.Action) {
		v.Ending = reconcile.Ending{State: state.RunStopped, GiveUp: v.Now.Add(-time.Second)}
		if !slices.Contains(reconcile.Decide(v), reconcile.Action(reconcile.Finish{})) {
			t.Error("past its last moment the run is not over")
		}
	})
}
