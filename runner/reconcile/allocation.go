package reconcile

import (
	"time"

	"github.com/shopspring/decimal"
)

const (
	// allocationTime is how long an allocation is made to last; it is renewed at
	// half of it, and must outlive the bills of every agreement.
	allocationTime = 4 * time.Hour
)

// allocation keeps enough money set aside at the daemon to accept whatever the
// budget allows now. The daemon is the second line of defence: since 0.17 it
// refuses what its allocation does not cover (protocol section 6.5).
func allocation(v View) []Action {
	if v.AllocationBusy {
		return nil
	}
	room := v.Book.Room(v.Now, v.Windows, decimal.Zero)
	if v.Allocation == nil {
		if !room.IsPositive() {
			return nil
		}
		return []Action{CreateAllocation{Total: room, Timeout: v.Now.Add(allocationTime)}}
	}
	a := v.Allocation
	total, timeout := a.Total, a.Timeout
	if left := a.Total.Sub(a.Spent); left.LessThan(room.Div(decimal.NewFromInt(2))) {
		total = a.Spent.Add(room)
	}
	if timeout.Sub(v.Now) < allocationTime/2 {
		timeout = v.Now.Add(allocationTime)
	}
	if total.Equal(a.Total) && timeout.Equal(a.Timeout) {
		return nil
	}
	return []Action{AmendAllocation{Total: total, Timeout: timeout}}
}
