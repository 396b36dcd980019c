package runner

import (
	"context"
	"fmt"
	"strings"

	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// noteBudget keeps what the budget came to when it ended the run or made it wait:
// in an hour nobody can tell any more.
func (r *runner) noteBudget(ctx context.Context, v reconcile.View) {
	rev := r.inForce()
	why := rev.policies.WhyLimits(r.lastEnv())
	reserved := reconcile.Reserved(v.Now, v.Agreements)
	var lines []string
	r.bookMu.Lock()
	for i, w := range v.Windows {
		spent := r.book.Spent(v.Now, w.Span)
		line := fmt.Sprintf("%s: %s spent, %s reserved, %s left", w, ledger.Show(spent), ledger.Show(reserved),
			ledger.Show(w.Limit.Sub(spent).Sub(reserved)))
		if i < len(why) && why[i] != "" {
			line += " (" + why[i] + ")"
		}
		lines = append(lines, line)
	}
	r.bookMu.Unlock()
	r.note(ctx, state.EventExhausted, string(r.Run), strings.Join(lines, "; "))
}
