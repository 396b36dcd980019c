package devnet

import (
	"encoding/json"
	"net/http"
	"time"

	"tasks/golem"
)

// An allocation is money set aside at the daemon. It releases itself at its
// timeout, which every reading checks.
type allocation struct {
	golem.Allocation
	updated      time.Time
	released     bool
	expenditures []golem.Expenditure
}

func (a *allocation) active(at time.Time) bool {
	return !a.released && (a.Timeout == nil || at.Before(*a.Timeout))
}

// wire is the allocation with the fields that no client needs.
func (a *allocation) wire() any {
	return struct {
		golem.Allocation
		CreatedTs time.Time `json:"createdTs"`
		UpdatedTs time.Time `json:"updatedTs"`
	}{a.Allocation, a.Timestamp, a.updated}
}

// A platformName reads both forms of a payment platform.
type platformName struct {
	text   string
	object struct{ Driver, Network, Token string }
}

// UnmarshalJSON reads a name or an object.
func (p *platformName) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &p.text) == nil {
		return nil
	}
	return json.Unmarshal(b, &p.object)
}

func (s *Server) parsePlatform(p platformName) (platform, bool) {
	if p.text != "" {
		return platformNamed(p.text)
	}
	if p.object.Driver != "" && p.object.Driver != "erc20" {
		return platform{}, false
	}
	return s.platformOf(p.object.Network, p.object.Token)
}

type allocationRequest struct {
	Total    *golem.Amount `json:"totalAmount"`
	Platform platformName  `json:"paymentPlatform"`
	Address  string        `json:"address"`
	Timeout  *time.Time    `json:"timeout"`
}

// forever is the timeout of an allocation that names none.
const forever = 10 * 365 * 24 * time.Hour

// createAllocation answers POST /allocations.
func (s *Server) createAllocation(r *http.Request) (answer, error) {
	var raw json.RawMessage
	var body allocationRequest
	if err := decodePlain(r, &raw); err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return answer{}, refusePlain(http.StatusBadRequest, "Json deserialize error: %v", err)
	}
	if body.Total == nil {
		return answer{}, refusePlain(http.StatusBadRequest, "Json deserialize error: missing field `totalAmount`")
	}
	platform, known := s.parsePlatform(body.Platform)
	if !known {
		return answer{}, problem(problemFields{"type": allocationErrors + "bad-payment-platform",
			"instance": allocationErrors + "bad-payment-platform", "detail": "Payment platform doesn't parse", "requestBody": raw})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.newAllocation(body, platform)
	if err := s.validateLocked(a, a.TotalAmount, raw); err != nil {
		return answer{}, err
	}
	s.disk.allocations[a.AllocationID] = a
	s.disk.allocationOrder = append(s.disk.allocationOrder, a)
	return created(a.wire())
}

func (s *Server) newAllocation(body allocationRequest, on platform) *allocation {
	at := s.stampLocked()
	timeout := at.Add(forever)
	if body.Timeout != nil {
		timeout = body.Timeout.UTC()
	}
	address := body.Address
	if address == "" {
		address = string(s.identity())
	}
	return &allocation{updated: at, Allocation: golem.Allocation{
		AllocationID:    golem.AllocationID(newUUID()),
		Address:         address,
		PaymentPlatform: on.name(),
		TotalAmount:     *body.Total,
		RemainingAmount: *body.Total,
		Timestamp:       at,
		Timeout:         &timeout,
	}}
}

// validateLocked checks the time and that the account can bear the increase
// (protocol section 6.3).
func (s *Server) validateLocked(a *allocation, increase golem.Amount, raw json.RawMessage) error {
	const kind = allocationErrors + "validation-error"
	if !now().Before(*a.Timeout) {
		return problem(problemFields{"type": kind, "instance": kind + "/timeout-passed",
			"detail":           "Requested timeout has already passed",
			"requestedTimeout": a.Timeout, "requestBody": raw})
	}
	reserved := golem.Amount{}
	for _, other := range s.disk.allocationOrder {
		if other.active(now()) && other.PaymentPlatform == a.PaymentPlatform && other.Address == a.Address {
			reserved = reserved.Add(other.RemainingAmount)
		}
	}
	funds := s.disk.balances[a.PaymentPlatform]
	if increase.LessThanOrEqual(funds.Sub(reserved)) {
		return nil
	}
	return problem(problemFields{"type": kind, "instance": kind + "/insufficient-account-funds",
		"detail": "Insufficient funds to create the allocation. Top up your account or release all existing " +
			"allocations to unlock the funds via `yagna payment release-allocations`",
		"requestedFunds": increase, "availableFunds": funds, "reservedFunds": reserved,
		"paymentPlatform": a.PaymentPlatform, "address": a.Address, "requestBody": raw})
}

const allocationErrors = "/payment-api/v1/allocations/"

type problemFields map[string]any

// problem answers 400 in the form of RFC 7807.
func problem(fields problemFields) *refusal {
	body, _ := json.Marshal(fields)
	return &refusal{http.StatusBadRequest, "application/problem+json", string(body)}
}

// listAllocations answers GET /allocations: active ones only, and
// afterTimestamp means their timeout.
func (s *Server) listAllocations(r *http.Request) (answer, error) {
	p, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, a := range s.disk.allocationOrder {
		if a.active(now()) && p.admits(*a.Timeout, len(list)) {
			list = append(list, a.wire())
		}
	}
	return ok(list)
}

func (s *Server) allocationLocked(r *http.Request) (*allocation, error) {
	a := s.disk.allocations[golem.AllocationID(r.PathValue("id"))]
	if a == nil || !a.active(now()) {
		return nil, refuseNull(http.StatusNotFound)
	}
	return a, nil
}

// getAllocation answers GET /allocations/{id}.
func (s *Server) getAllocation(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.allocationLocked(r)
	if err != nil {
		return answer{}, err
	}
	return ok(a.wire())
}

// amendAllocation answers PUT /allocations/{id}.
func (s *Server) amendAllocation(r *http.Request) (answer, error) {
	var raw json.RawMessage
	var change golem.AllocationChange
	if err := decodePlain(r, &raw); err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(raw, &change); err != nil {
		return answer{}, refusePlain(http.StatusBadRequest, "Json deserialize error: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.allocationLocked(r)
	if err != nil {
		return answer{}, err
	}
	if err := s.amendLocked(a, change, raw); err != nil {
		return answer{}, err
	}
	return ok(a.wire())
}

func (s *Server) amendLocked(a *allocation, change golem.AllocationChange, raw json.RawMessage) error {
	if change.Timeout != nil && !now().Before(*change.Timeout) {
		return refuse(http.StatusBadRequest, "New allocation timeout is in the past")
	}
	if total := change.TotalAmount; total != nil {
		if total.LessThan(a.SpentAmount) {
			return refuse(http.StatusBadRequest, "New allocation would be smaller than the already spent amount")
		}
		if increase := total.Sub(a.TotalAmount); increase.IsPositive() {
			if err := s.validateLocked(a, increase, raw); err != nil {
				return err
			}
		}
		a.TotalAmount, a.RemainingAmount = *total, total.Sub(a.SpentAmount)
	}
	if change.Timeout != nil {
		timeout := change.Timeout.UTC()
		a.Timeout = &timeout
	}
	a.updated = s.stampLocked()
	return nil
}

// releaseAllocation answers DELETE /allocations/{id}. What was accepted from it
// is paid all the same.
func (s *Server) releaseAllocation(r *http.Request) (answer, error) {
	id := r.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.disk.allocations[golem.AllocationID(id)]
	switch {
	case a == nil:
		return answer{}, refuse(http.StatusNotFound, "Allocation %s not found", id)
	case !a.active(now()):
		return answer{}, refuse(http.StatusGone, "Allocation %s has been already released", id)
	}
	a.released = true
	return ok(null)
}

// listExpenditures answers GET /allocations/{id}/expenditures.
func (s *Server) listExpenditures(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.disk.allocations[golem.AllocationID(r.PathValue("id"))]
	if a == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	return ok(append([]golem.Expenditure{}, a.expenditures...))
}

// chargeLocked moves an amount from remaining to spent, for an activity or, if
// that is nil, for the rest of an invoice.
func (s *Server) chargeLocked(id golem.AllocationID, amount golem.Amount, g *agreement, act *activity) error {
	a := s.disk.allocations[id]
	if a == nil || !a.active(now()) {
		return refuse(http.StatusBadRequest, "Allocation %s not found", id)
	}
	if amount.GreaterThan(a.RemainingAmount) {
		return refuse(http.StatusBadRequest, "Not enough funds. Allocated: %s Needed: %s", a.RemainingAmount, amount)
	}
	a.RemainingAmount, a.SpentAmount = a.RemainingAmount.Sub(amount), a.SpentAmount.Add(amount)
	a.updated = s.stampLocked()
	if amount.IsPositive() {
		g.charges = append(g.charges, charge{amount, a, act})
	}
	of := golem.Expenditure{AllocationID: id, AgreementID: g.AgreementID, AcceptedAmount: amount}
	if act != nil {
		of.ActivityID = act.id
	}
	a.spendLocked(of)
	return nil
}

// spendLocked adds to what was accepted from the allocation for one agreement or activity.
func (a *allocation) spendLocked(of golem.Expenditure) {
	for i := range a.expenditures {
		if e := &a.expenditures[i]; e.AgreementID == of.AgreementID && e.ActivityID == of.ActivityID {
			e.AcceptedAmount = e.AcceptedAmount.Add(of.AcceptedAmount)
			return
		}
	}
	a.expenditures = append(a.expenditures, of)
}
