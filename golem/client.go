package golem

import (
	"net/http"
	"sync"
	"time"
)

// DefaultBaseURL is where yagna listens unless YAGNA_API_URL says otherwise
// (protocol section 1.1).
const DefaultBaseURL = "http://127.0.0.1:7465"

// Deadlines of one HTTP call. A call that makes the daemon wait, either for an
// event or for a provider, gets what it waits for and answerMargin on top,
// because the daemon answers a little after its own time limit (section 1.4).
const (
	plainLimit    = 30 * time.Second // the daemon answers from its own database
	providerLimit = 75 * time.Second // the daemon asks a provider first, for up to 60 s
	answerMargin  = 8 * time.Second
)

// A Client talks to one yagna daemon with one application key. Its fields are
// set before the first call and not changed after it; a Client must not be
// copied once used.
type Client struct {
	// BaseURL is the root of the REST API, without a path; "" means
	// DefaultBaseURL.
	BaseURL string

	// AppKey authorizes every call and stands for one identity. It never
	// appears in an error.
	AppKey string

	// HTTP makes the calls. It should have no Timeout, which would cut long
	// polls short; every call has a deadline of its own. nil means a client of
	// this Client's own that keeps enough connections for many long polls.
	HTTP *http.Client

	once   sync.Once
	own    *http.Client
	direct *direct // for the calls of every task; nil where HTTP is given
}

// CloseIdleConnections closes the connections that no call is using. A program
// that has done its last call does this so that no goroutine of net/http
// outlives it.
func (c *Client) CloseIdleConnections() {
	c.http().CloseIdleConnections()
	if d := c.directly(); d != nil {
		d.drop()
	}
}

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	c.begin()
	return c.own
}

// directly returns what makes the calls of every task, or nil.
func (c *Client) directly() *direct {
	if c.HTTP != nil {
		return nil
	}
	c.begin()
	return c.direct
}

func (c *Client) begin() {
	c.once.Do(func() {
		c.own, c.direct = &http.Client{Transport: newTransport()}, newDirect(c.baseURL(), c.AppKey)
	})
}

// newTransport pools connections for a single host: net/http keeps two idle
// ones by default, and every worker of a run holds one in a long poll. They are
// dropped well before the daemon drops them, after 60 s (protocol section 1.4),
// because a POST on a connection that is just being closed has an open outcome.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}
