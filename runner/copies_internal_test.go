package runner

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

// TestFilesThatAreRead shows a file from before it is published until after it, with
// what machines copy meanwhile; a run that nobody watches has none to show.
func TestFilesThatAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var copies Copies
		first, second := &cargo{}, &cargo{}
		began := time.Now()
		done := copies.reading(first, "big.bin", 3<<30)
		time.Sleep(time.Second)
		copies.begin("a", Copy{Name: "old.bin", Upload: true, Provider: "otter", Since: began.Add(-time.Second)})
		copies.reading(second, "other.bin", 7)()
		want := []Copy{
			{Name: "old.bin", Upload: true, Provider: "otter", Since: began.Add(-time.Second)},
			{Name: "big.bin", Upload: true, Reading: true, Since: began, Size: 3 << 30},
		}
		if diff := cmp.Diff(want, copies.Now()); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		done()
		copies.end(golem.ActivityID("a"))
		if left := copies.Now(); len(left) > 0 {
			t.Errorf("left: %+v", left)
		}
		(*Copies)(nil).reading(first, "big.bin", 1)()
	})
}
