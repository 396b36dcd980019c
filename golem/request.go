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
	"os"
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
	often  bool          // made for every task, so that it goes over a direct connection
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
	if d := c.directly(); d != nil && r.often {
		return c.roundTripDirectly(ctx, d, r, path)
	}
	callCtx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	req, err := c.newHTTPRequest(callCtx, r, path)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.http().Do(req)
	if err != nil {
		return 0, nil, transportError(ctx, callCtx.Err() != nil, r.limit, err)
	}
	defer resp.Body.Close()
	answer, err := readAnswer(resp.Body)
	if err != nil {
		return 0, nil, transportError(ctx, callCtx.Err() != nil, r.limit, err)
	}
	return resp.StatusCode, answer, nil
}

func (c *Client) roundTripDirectly(ctx context.Context, d *direct, r request, path string) (int, []byte, error) {
	body, err := r.encoded()
	if err != nil {
		return 0, nil, err
	}
	status, answer, err := d.call(ctx, outgoing{r.method, r.target(path), c.header(r), body}, r.limit)
	if err != nil {
		err = transportError(ctx, errors.Is(err, os.ErrDeadlineExceeded), r.limit, err)
	}
	return status, answer, err
}

// errTooLarge is an answer that is larger than any that a daemon gives.
var errTooLarge = fmt.Errorf("answer is larger than %d MiB", maxAnswer>>20)

// readAnswer reads a body to its end, within bounds.
func readAnswer(body io.Reader) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errTooLarge
	}
	return answer, err
}

func (c *Client) newHTTPRequest(ctx context.Context, r request, path string) (*http.Request, error) {
	b, err := r.encoded()
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if b != nil {
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, strings.TrimSuffix(c.baseURL(), "/")+r.target(path), body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header = c.header(r)
	return req, nil
}

// encoded is the body, nil for none.
func (r request) encoded() ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	b, err := json.Marshal(r.body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return b, nil
}

// target is the path with the query.
func (r request) target(path string) string {
	if len(r.query) == 0 {
		return path
	}
	return path + "?" + r.query.Encode()
}

func (c *Client) header(r request) http.Header {
	h := make(http.Header, 4)
	if r.method == http.MethodPost || r.method == http.MethodPut {
		h.Set("Content-Type", typeJSON)
	}
	h.Set("Accept", cmp.Or(r.accept, typeJSON))
	if r.events != "" {
		h.Set("X-Requestor-Events", r.events)
	}
	if c.AppKey != "" {
		h.Set("Authorization", "Bearer "+c.AppKey)
	}
	return h
}

func (c *Client) baseURL() string {
	if c.BaseURL == "" {
		return DefaultBaseURL
	}
	return c.BaseURL
}

// transportError tells the caller's own end (returned as it is) from a daemon
// that gave no answer, or none in time.
func transportError(ctx context.Context, late bool, limit time.Duration, err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case late:
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
