package golem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer. Results carry captured output,
// in which a byte can take four characters, so this is well above the 10 MiB of
// the daemon's own client (protocol section 1.4).
const maxAnswer = 64 << 20

// Prefixes of the daemon's APIs.
const (
	marketAPI   = "/market-api/v1"
	activityAPI = "/activity-api/v1"
	paymentAPI  = "/payment-api/v1"
)

const typeJSON = "application/json"

// noReason is the literal null that the reject, cancel and terminate calls want
// for a body when there is no reason (section 1.2).
var noReason = json.RawMessage("null")

// A request is one HTTP call to be made.
type request struct {
	method string
	prefix string        // one of the prefixes above, or a whole path
	path   []string      // further segments; an empty one is refused
	query  url.Values    // nil for none
	body   any           // sent as JSON; nil for no body
	limit  time.Duration // deadline of the call
	accept string        // type of the answer; "" means JSON
	events string        // kinds of payment events to be told of; "" leaves it to the daemon
}

// do makes the call and decodes a 2xx answer into out, which may be nil. An
// empty answer leaves out as it is.
func (c *Client) do(ctx context.Context, r request, out any) error {
	path, err := r.escaped()
	if err != nil {
		return err
	}
	status, answer, err := c.roundTrip(ctx, r, path)
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, path, err)
	}
	if status < 200 || status > 299 {
		return newError(r.method, path, status, answer, c.AppKey)
	}
	if out == nil || len(bytes.TrimSpace(answer)) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode answer of %s %s: %w", r.method, path, err)
	}
	return nil
}

// roundTrip sends the request and reads the whole answer.
func (c *Client) roundTrip(ctx context.Context, r request, path string) (int, []byte, error) {
	callCtx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	req, err := c.newHTTPRequest(callCtx, r, path)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.http().Do(req)
	if err != nil {
		return 0, nil, c.transportError(ctx, callCtx, r.limit, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, c.transportError(ctx, callCtx, r.limit, err)
	}
	if len(answer) > maxAnswer {
		return 0, nil, fmt.Errorf("answer is larger than %d MiB", maxAnswer>>20)
	}
	return resp.StatusCode, answer, nil
}

func (c *Client) newHTTPRequest(ctx context.Context, r request, path string) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	target := strings.TrimSuffix(c.baseURL(), "/") + path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if r.method == http.MethodPost || r.method == http.MethodPut {
		req.Header.Set("Content-Type", typeJSON)
	}
	req.Header.Set("Accept", cmp.Or(r.accept, typeJSON))
	if r.events != "" {
		req.Header.Set("X-Requestor-Events", r.events)
	}
	if c.AppKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.AppKey)
	}
	return req, nil
}

func (c *Client) baseURL() string {
	if c.BaseURL == "" {
		return DefaultBaseURL
	}
	return c.BaseURL
}

// transportError tells the caller's own end (returned as it is) from a daemon
// that gave no answer.
func (c *Client) transportError(ctx, callCtx context.Context, limit time.Duration, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if callCtx.Err() != nil {
		return fmt.Errorf("%w within %v", ErrUnreachable, limit)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// escaped returns the path of the request. An empty identifier would name a
// whole collection, which is never what was meant.
func (r request) escaped() (string, error) {
	var b strings.Builder
	b.WriteString(r.prefix)
	for _, segment := range r.path {
		if segment == "" {
			return "", fmt.Errorf("%s %s/%s: empty identifier", r.method, r.prefix, strings.Join(r.path, "/"))
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(segment))
	}
	return b.String(), nil
}

// fetch makes the call and returns its decoded answer.
func fetch[T any](ctx context.Context, c *Client, r request) (T, error) {
	var out T
	err := c.do(ctx, r, &out)
	return out, err
}

// fetchID makes a call whose answer is an identifier.
func fetchID[T ~string](ctx context.Context, c *Client, r request) (T, error) {
	id, err := fetch[T](ctx, c, r)
	if err == nil && id == "" {
		return "", fmt.Errorf("%s %s/%s: answer without an identifier", r.method, r.prefix, strings.Join(r.path, "/"))
	}
	return id, err
}

// params builds a query from pairs of name and value, leaving out empty values.
func params(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// seconds is a time limit as the daemon reads it. Negative ones become 0,
// because the payment API drops the connection over them (section 1.4).
func seconds(d time.Duration) string {
	return strconv.FormatFloat(max(d, 0).Seconds(), 'f', -1, 64)
}

// patience is the deadline of a call that makes the daemon wait for d.
func patience(d time.Duration) time.Duration { return max(d, 0) + answerMargin }

// count is a maximum as the daemon reads it; 0 leaves it out.
func count(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// moment is a time as the daemon reads it; the zero time leaves it out.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(NewTimestamp(t))
}
