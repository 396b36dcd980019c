package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tasks/golem"
)

// script is the body of a task's exec call as the program sends it, around the
// item.
const script = `{"text":"[{\"run\":{\"entry_point\":\"/bin/sh\",\"args\":[\"-c\",\"echo '%d'\"],\"capture\":{\"stdout\":{\"stream\":{}},\"stderr\":{\"stream\":{}}}}}]"}`

// A bareLoop makes the two calls that a task needs, exec and its results, one after
// the other in each machine, and nothing else: nothing is chosen, checked, recorded
// or paid. No client can be faster and make the same calls.
type bareLoop struct {
	http *http.Client
	url  string
	key  string
	next atomic.Int64
	last int64
}

// bare runs n tasks in the machines of a crew and returns when each ended.
func bare(ctx context.Context, d *daemon, c *crew, n int) ([]time.Time, error) {
	l := &bareLoop{
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(c.activities)}},
		url:  d.url + "/activity-api/v1/activity/", key: "Bearer " + d.key, last: int64(n),
	}
	defer l.http.CloseIdleConnections()
	ends := make([][]time.Time, len(c.activities))
	errs := make([]error, len(c.activities))
	var wg sync.WaitGroup
	for i, id := range c.activities {
		wg.Go(func() { ends[i], errs[i] = l.machine(ctx, id) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("bare loop: %w", err)
		}
	}
	all := slices.Concat(ends...)
	slices.SortFunc(all, time.Time.Compare)
	return all, nil
}

// machine runs tasks in one machine until there are no more.
func (l *bareLoop) machine(ctx context.Context, id golem.ActivityID) (ends []time.Time, err error) {
	for item := l.next.Add(1); item <= l.last; item = l.next.Add(1) {
		if err := l.task(ctx, string(id), item); err != nil {
			return nil, err
		}
		ends = append(ends, time.Now())
	}
	return ends, nil
}

func (l *bareLoop) task(ctx context.Context, activity string, item int64) error {
	var batch string
	if err := l.call(ctx, http.MethodPost, activity+"/exec?timeout=30", fmt.Appendf(nil, script, item), &batch); err != nil {
		return err
	}
	for {
		var results []struct {
			Stdout   string `json:"stdout"`
			Finished bool   `json:"isBatchFinished"`
		}
		if err := l.call(ctx, http.MethodGet, activity+"/exec/"+batch+"?timeout=5", nil, &results); err != nil {
			return err
		}
		if n := len(results); n == 0 || !results[n-1].Finished {
			continue
		}
		if got, want := results[len(results)-1].Stdout, fmt.Sprintf("%d\n", item); got != want {
			return fmt.Errorf("task printed %q, not %q", got, want)
		}
		return nil
	}
}

func (l *bareLoop) call(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, l.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", l.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return json.Unmarshal(text, out)
}
