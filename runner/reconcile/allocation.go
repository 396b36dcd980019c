package reconcile

import (
	"time"

	"github.com/shopspring/decimal"
)

const (
	// allocationTime is how long an allocation is made to last; it is renewed at
	// half of it, and must outlive the bills of every agreement.
	allocationTime = 4 * time.Hour
	// allocationAge is how old an allocation may become. What is accepted from one
	// older than 30 days is never paid (protocol section 6.7), and what is accepted
	// last has some days until a payout, should the account be empty for a while.
	allocationAge = 25 * 24 * time.Hour
)

// allocation keeps enough money set aside at the daemon to accept whatever the
// budget allows now. The daemon is the second line of defence: since 0.17 it
// refuses what its allocation does not cover (protocol section 6.5). An old
// allocation is replaced, since bills accepted from it would not be paid.
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
	if v.Now.Sub(a.CreatedAt) >= allocationAge && room.IsPositive() {
		return []Action{ReplaceAllocation{Total: room, Timeout: v.Now.Add(allocationTime)}}
	}
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
