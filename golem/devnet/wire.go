package devnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBody is the largest request body that is read (protocol section 1.4).
const maxBody = 2 << 20

// An answer is a successful response. A nil body is an empty one; null is the
// JSON literal. One with a stream has no body, but a writer of its own.
type answer struct {
	status int
	body   any
	stream func(http.ResponseWriter)
}

var null = json.RawMessage("null")

func ok(body any) (answer, error)      { return answer{status: http.StatusOK, body: body}, nil }
func created(body any) (answer, error) { return answer{status: http.StatusCreated, body: body}, nil }
func noContent() (answer, error)       { return answer{status: http.StatusNoContent}, nil }

// A refusal is an error response, as it goes over the wire.
type refusal struct {
	status      int
	contentType string
	body        string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

const typeJSON = "application/json"

// refuse answers with an ErrorMessage, the usual form (protocol section 1.2).
func refuse(status int, format string, args ...any) *refusal {
	text, _ := json.Marshal(fmt.Sprintf(format, args...))
	return &refusal{status, typeJSON, `{"message":` + string(text) + `}`}
}

// refuseNull answers with the null message of the payment API.
func refuseNull(status int) *refusal {
	return &refusal{status, typeJSON, `{"message":null}`}
}

func refusePlain(status int, format string, args ...any) *refusal {
	return &refusal{status, "text/plain; charset=utf-8", fmt.Sprintf(format, args...)}
}

// refusePath is the market API's answer to a malformed id: the JSON message as
// text of no JSON type.
func refusePath(id, why string) *refusal {
	r := refuse(http.StatusBadRequest, "Path deserialize error: Id [%s] %s", id, why)
	r.contentType = "text/plain; charset=utf-8"
	return r
}

// errAborted breaks the connection instead of answering: the daemon is going
// away, or would have panicked.
var errAborted = errors.New("connection aborted")

// A handler answers one request; an error that is no refusal breaks the
// connection.
type handler func(*http.Request) (answer, error)

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := h(r)
	if refused, isRefusal := errors.AsType[*refusal](err); isRefusal {
		write(w, refused.status, refused.contentType, []byte(refused.body))
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if a.stream != nil {
		a.stream(w)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	write(w, a.status, typeJSON, wholeFloats(wholeFractions(body)))
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	if len(body) > 0 {
		w.Header().Set("Content-Type", contentType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is not our concern
}

// readBody returns the request body, refusing one above the limit.
func readBody(r *http.Request, tooLarge int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, errAborted
	}
	if len(body) > maxBody {
		return nil, refusePlain(tooLarge, "A payload reached size limit.")
	}
	return body, nil
}

// decodeMarket reads a JSON body as the market API does, which puts its
// complaints into an ErrorMessage.
func decodeMarket(r *http.Request, into any) error {
	body, err := readBody(r, http.StatusBadRequest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return refuse(http.StatusBadRequest, "Json deserialize error: %v", err)
	}
	return nil
}

// decodePlain reads a JSON body as the other APIs do: the framework's plain
// text, also for a wrong content type.
func decodePlain(r *http.Request, into any) error {
	if t := r.Header.Get("Content-Type"); !isJSON(t) {
		return refusePlain(http.StatusBadRequest, "Content type error")
	}
	body, err := readBody(r, http.StatusRequestEntityTooLarge)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return refusePlain(http.StatusBadRequest, "Json deserialize error: %v", err)
	}
	return nil
}

// A query reads typed parameters and remembers the first that is wrong.
type query struct {
	values url.Values
	err    error
}

func queryOf(r *http.Request) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.fail(err)
	}
	return q
}

func (q *query) fail(err error) {
	if q.err == nil {
		q.err = refusePlain(http.StatusBadRequest, "Query deserialize error: %v", err)
	}
}

func (q *query) has(name string) bool    { return q.values.Get(name) != "" }
func (q *query) text(name string) string { return q.values.Get(name) }

// maxSeconds keeps a silly timeout from overflowing a time.Duration.
const maxSeconds = 100 * 365 * 24 * 3600

// seconds reads a float of seconds; negative values come back as they are.
func (q *query) seconds(name string, missing time.Duration) time.Duration {
	if !q.has(name) {
		return missing
	}
	f, err := strconv.ParseFloat(q.text(name), 64)
	if err != nil || f != f {
		q.fail(fmt.Errorf("invalid float literal"))
		return 0
	}
	return time.Duration(min(max(f, -1), maxSeconds) * float64(time.Second))
}

// integer reads a whole number of at least 0.
func (q *query) integer(name string, missing int) int {
	if !q.has(name) {
		return missing
	}
	n, err := strconv.ParseUint(q.text(name), 10, 31)
	if err != nil {
		q.fail(fmt.Errorf("invalid digit found in string"))
	}
	return int(n)
}

// time reads an RFC 3339 time; the zero time when it is missing.
func (q *query) time(name string) time.Time {
	if !q.has(name) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, q.text(name))
	if err != nil {
		q.fail(fmt.Errorf("input contains invalid characters"))
	}
	return t
}
