package golem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// CreateActivity starts an activity under an approved agreement and returns when
// its exe-unit is up; providers need up to ten seconds, so allow 10 to 30.
//
// After IsTimeout the daemon has no record of the activity, which may have
// started all the same: terminate the agreement (protocol section 5.2). A 400
// says that the provider does not see the agreement as approved.
func (c *Client) CreateActivity(ctx context.Context, id AgreementID, timeout time.Duration) (ActivityID, error) {
	if id == "" {
		return "", errors.New("create activity: empty agreement identifier")
	}
	return fetchID[ActivityID](ctx, c, request{
		method: http.MethodPost, prefix: activityAPI, path: []string{"activity"},
		query: params("timeout", seconds(timeout)), body: id, limit: patience(timeout),
	})
}

// Activities lists the activities of an agreement that our daemon knows, also
// those that are over.
func (c *Client) Activities(ctx context.Context, id AgreementID) ([]ActivityID, error) {
	if id == "" {
		return nil, errors.New("list activities: empty agreement identifier")
	}
	return fetch[[]ActivityID](ctx, c, request{
		method: http.MethodGet, prefix: activityAPI, path: []string{"activity"},
		query: params("agreementId", string(id)), limit: plainLimit,
	})
}

// DestroyActivity ends an activity and its metering; one that is over already is
// no error. After IsTimeout the end is queued and will come; after a 500 the
// provider was not reached: terminate the agreement (protocol section 5.2).
func (c *Client) DestroyActivity(ctx context.Context, id ActivityID, timeout time.Duration) error {
	return c.do(ctx, activityCall(http.MethodDelete, timeout, string(id)), nil)
}

// ActivityStatus reads the state of an activity, from the provider's daemon
// while the activity lives, so it works after the death of its exe-unit and then
// says why.
func (c *Client) ActivityStatus(ctx context.Context, id ActivityID, timeout time.Duration) (ActivityStatus, error) {
	return fetch[ActivityStatus](ctx, c, activityCall(http.MethodGet, timeout, string(id), "state"))
}

// ActivityUsage reads the latest usage report.
func (c *Client) ActivityUsage(ctx context.Context, id ActivityID, timeout time.Duration) (Usage, error) {
	return fetch[Usage](ctx, c, activityCall(http.MethodGet, timeout, string(id), "usage"))
}

// A RunningCommand is the command that an exe-unit executes now: "Deploy",
// "Start", "Run", "Transfer", "Terminate" or "Sign".
type RunningCommand struct {
	Command  string   `json:"command"`
	Progress string   `json:"progress,omitempty"`
	Params   []string `json:"params,omitempty"` // of Run: the entry point and its arguments
}

// RunningCommand reads which command an activity executes.
func (c *Client) RunningCommand(ctx context.Context, id ActivityID, timeout time.Duration) (RunningCommand, error) {
	return fetch[RunningCommand](ctx, c, activityCall(http.MethodGet, timeout, string(id), "command"))
}

// ActivityAgreement returns the agreement of an activity. An activity that the
// daemon does not know is ActivityGone.
func (c *Client) ActivityAgreement(ctx context.Context, id ActivityID) (AgreementID, error) {
	return fetchID[AgreementID](ctx, c, request{
		method: http.MethodGet, prefix: activityAPI, path: []string{"activity", string(id), "agreement"},
		limit: plainLimit,
	})
}

// Exec starts a batch of commands in an activity and returns without waiting for
// any of them. One batch at a time: a second one beside it fails as busy. Keep
// the identifier: nothing lists batches, so after an unknown outcome there is
// only the end of the activity (protocol section 8).
func (c *Client) Exec(ctx context.Context, id ActivityID, commands []Command, timeout time.Duration) (BatchID, error) {
	if len(commands) == 0 {
		return "", errors.New("execute batch: no commands") // its results would be empty for ever
	}
	script, err := json.Marshal(commands)
	if err != nil {
		return "", fmt.Errorf("encode commands: %w", err)
	}
	r := activityCall(http.MethodPost, timeout, string(id), "exec")
	r.often = true
	r.body = struct {
		Text string `json:"text"`
	}{string(script)}
	return fetchID[BatchID](ctx, c, r)
}

// BatchResults waits up to timeout for the last command of a batch and returns
// the results of all commands that are done, always from the first. Stop at an
// entry with IsBatchFinished. After a command that failed the daemon still waits
// the whole timeout, so keep it to some seconds (protocol section 5.4).
//
// Results live in the exe-unit: ActivityGone means that they are lost.
func (c *Client) BatchResults(ctx context.Context, id ActivityID, batch BatchID, timeout time.Duration) ([]CommandResult, error) {
	r := activityCall(http.MethodGet, timeout, string(id), "exec", string(batch))
	r.often = true
	return fetch[[]CommandResult](ctx, c, r)
}

func activityCall(method string, timeout time.Duration, path ...string) request {
	return request{
		method: method, prefix: activityAPI, path: append([]string{"activity"}, path...),
		query: params("timeout", seconds(timeout)), limit: patience(timeout),
	}
}
