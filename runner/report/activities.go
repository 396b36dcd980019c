package report

import (
	"tasks/runner/state"
	"tasks/runner/store"
)

// activities are the workers of a run: all, or the living ones when the status
// is brief.
func activities(tx *store.Tx, id state.RunID, o Options, r records) ([]Activity, error) {
	if o.Brief {
		return living(r), nil
	}
	rows, err := tx.ActivityRows(id)
	if err != nil {
		return nil, err
	}
	list := make([]Activity, len(rows))
	for i, row := range rows {
		list[i] = activity(row.Activity)
		list[i].Agreement, list[i].Provider, list[i].ProviderName = row.AgreementID, row.Provider, row.ProviderName
	}
	return list, nil
}

// living joins what was read of the living ones.
func living(r records) []Activity {
	agreements := make(map[int64]state.Agreement, len(r.agreements))
	for _, a := range r.agreements {
		agreements[a.Key] = a
	}
	list := make([]Activity, len(r.live))
	for i, a := range r.live {
		with := agreements[a.Agreement]
		list[i] = activity(a)
		list[i].Agreement, list[i].Provider, list[i].ProviderName = with.ID, with.Provider, with.ProviderName
	}
	return list
}

func activity(a state.Activity) Activity {
	return Activity{
		ID: a.ID, State: a.State, Batches: a.Batches, Results: a.Results, Failures: a.Failures,
		Cost: a.Cost(), CostPerResult: perResult(a.Cost(), int64(a.Results)),
		Reserved: reservedFor(a), Accepted: a.Accepted,
		CreatedAt: a.CreatedAt, EndedAt: a.EndedAt, StopReason: a.Reason, Revision: a.Revision,
	}
}
