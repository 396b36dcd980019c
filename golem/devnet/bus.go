package devnet

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// busAPI is where clients offer services on the daemon's bus, over a websocket
// (protocol section 5.7). Those of files, under busFiles, are all that providers
// here ever call.
const (
	busAPI      = "/gsb-api/v1/services"
	busFiles    = "/public/gftp/"
	busProtocol = "gsb+flexbuffers"
)

// A service is what a client answers calls to. Calls wait for its websocket.
type service struct {
	On         string   `json:"on"`
	Components []string `json:"components"`

	ctx   context.Context // ends with the service or the daemon's life
	end   context.CancelFunc
	calls chan *busCall
}

// A busCall is one question to a service. answer is closed without one when the
// websocket breaks.
type busCall struct {
	component string
	payload   any
	answer    chan any
}

// bindService answers POST /services.
func (s *Server) bindService(r *http.Request) (answer, error) {
	var body struct {
		Listen *service `json:"listen"`
	}
	if err := decodePlain(r, &body); err != nil {
		return answer{}, err
	}
	v := body.Listen
	if v == nil || !strings.HasPrefix(v.On, "/") || len(v.Components) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "Bad request: listen wants an address and components")
	}
	id := base64.RawURLEncoding.EncodeToString([]byte(v.On))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ram.services[id] != nil {
		return answer{}, refuse(http.StatusBadRequest, "Bad request: service %s is bound already", v.On)
	}
	v.ctx, v.end = context.WithCancel(s.life.ctx)
	v.calls = make(chan *busCall)
	s.ram.services[id] = v
	return created(map[string]any{"listen": v, "servicesId": id})
}

// unbindService answers DELETE /services/{id}.
func (s *Server) unbindService(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.ram.services[r.PathValue("id")]
	if v == nil {
		return answer{}, noService(r)
	}
	v.end()
	delete(s.ram.services, r.PathValue("id"))
	return ok(null)
}

func noService(r *http.Request) error {
	return refuse(http.StatusNotFound, "Not found: service %s", r.PathValue("id"))
}

// serveBus is the websocket of a service.
func (s *Server) serveBus(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	v := s.ram.services[r.PathValue("id")]
	s.mu.Unlock()
	if v == nil {
		handler(func(r *http.Request) (answer, error) { return answer{}, noService(r) }).ServeHTTP(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{busProtocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(4 << 20)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(v.ctx, cancel)()
	v.serve(ctx, conn)
}

// serve asks what providers ask, one call after another, until the websocket
// breaks.
func (v *service) serve(ctx context.Context, conn *websocket.Conn) {
	var reading sync.WaitGroup
	defer reading.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan []byte)
	reading.Go(func() {
		defer cancel() // nobody else would notice a client that has left
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				return
			}
			select {
			case messages <- data:
			case <-ctx.Done():
				return
			}
		}
	})
	for n := 1; ; n++ {
		select {
		case c := <-v.calls:
			c.ask(ctx, conn, strconv.Itoa(n), messages)
		case <-messages: // an answer to nothing
		case <-ctx.Done():
			return
		}
	}
}

// ask sends the call and passes on the answer.
func (c *busCall) ask(ctx context.Context, conn *websocket.Conn, id string, messages <-chan []byte) {
	defer close(c.answer)
	call := flexEncode(map[string]any{"id": id, "component": c.component, "payload": c.payload})
	if conn.Write(ctx, websocket.MessageBinary, call) != nil {
		return
	}
	for {
		select {
		case data := <-messages:
			reply, err := flexDecode(data)
			if m, is := reply.(map[string]any); err == nil && is && m["id"] == id {
				c.answer <- m["payload"]
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// call asks a service and waits for its answer.
func (v *service) call(ctx context.Context, component string, payload any) (any, error) {
	if !slices.Contains(v.Components, component) {
		return nil, gftpGone(v.On)
	}
	c := &busCall{component: component, payload: payload, answer: make(chan any, 1)}
	select {
	case v.calls <- c:
	case <-v.ctx.Done():
		return nil, gftpGone(v.On)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case a, answered := <-c.answer:
		if !answered {
			return nil, errors.New("GSB error: " + v.On + " gave no answer")
		}
		return a, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
