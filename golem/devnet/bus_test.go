package devnet_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestBusServices holds binding and unbinding to protocol section 5.7.
func TestBusServices(t *testing.T) {
	r := newRequestor(t, one(devnet.Provider{}))
	const path, bind = "/gsb-api/v1/services", `{"listen":{"on":"/public/gftp/x","components":["GetChunk"]}}`
	id := "L3B1YmxpYy9nZnRwL3g"
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"bound", "POST", path, bind, 201, `{"listen":{"on":"/public/gftp/x","components":["GetChunk"]},"servicesId":"` + id + `"}`},
		{"a second time", "POST", path, bind, 400, "bound already"},
		{"no address", "POST", path, `{"listen":{"components":["A"]}}`, 400, "wants an address"},
		{"no websocket", "GET", path + "/" + id, "", 426, ""},
		{"unbound", "DELETE", path + "/" + id, "", 200, "null"},
		{"gone", "DELETE", path + "/" + id, "", 404, "Not found"},
		{"no service", "GET", path + "/" + id, "", 404, "Not found"},
	} {
		t.Run(step.name, func(t *testing.T) {
			status, body := r.call(step.method, step.path, step.body)
			if status != step.status || !strings.Contains(body, step.want) {
				t.Errorf("%d %s, want %d %s", status, body, step.status, step.want)
			}
		})
	}
}

// TestFilesOverTheBus moves a file of several chunks in and out, answered by a
// client whose bytes are those of golem-js.
func TestFilesOverTheBus(t *testing.T) {
	server := processServer(t)
	r := newRequestor(t, server)
	web := httptest.NewServer(server)
	defer web.Close()
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	in := r.offerFile(web.URL, "in", content)
	out := r.offerFile(web.URL, "out", nil)
	a := r.ready()
	results := r.run(a,
		transfer("gftp://"+r.node()+"/in", "container:/golem/input/in"),
		transfer("/golem/input/in", "gftp://"+r.node()+"/out"))
	if last := results[len(results)-1]; last.Result != golem.ResultOk {
		t.Fatalf("result = %+v", last)
	}
	if !bytes.Equal(out.content, content) || out.hash != sum(string(content)) || len(in.content) != len(content) {
		t.Errorf("%d bytes arrived, hash %s", len(out.content), out.hash)
	}
	lost := r.run(a, transfer("gftp://"+r.node()+"/other", "container:/golem/input/x"))
	if last := lost[len(lost)-1]; !strings.Contains(last.Message, "endpoint address not found") {
		t.Errorf("result = %+v", last)
	}
}

// node is the requestor's own address.
func (r *requestor) node() string {
	r.t.Helper()
	_, body := r.call("GET", "/me", "")
	var me struct{ Identity string }
	r.check(json.Unmarshal([]byte(body), &me))
	return me.Identity
}

// A busFile is a file that a test offers on the bus, or what has come for it.
type busFile struct {
	content []byte
	hash    string
}

func (r *requestor) offerFile(url, name string, content []byte) *busFile {
	r.t.Helper()
	status, body := r.call("POST", "/gsb-api/v1/services",
		`{"listen":{"on":"/public/gftp/`+name+`","components":["GetMetadata","GetChunk","UploadChunk","UploadFinished"]}}`)
	var bound struct{ ServicesID string }
	if err := json.Unmarshal([]byte(body), &bound); err != nil || status != http.StatusCreated {
		r.t.Fatal(status, body)
	}
	address := strings.Replace(url, "http", "ws", 1) + "/gsb-api/v1/services/" + bound.ServicesID + "?authToken=" + devnet.DefaultAppKey
	conn, _, err := websocket.Dial(r.ctx, address, &websocket.DialOptions{Subprotocols: []string{"gsb+flexbuffers"}})
	r.check(err)
	conn.SetReadLimit(1 << 20)
	f := &busFile{content: content}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, data, err := conn.Read(r.ctx)
			if err != nil {
				return
			}
			if err := conn.Write(r.ctx, websocket.MessageBinary, f.reply(data)); err != nil {
				return
			}
		}
	}()
	r.t.Cleanup(func() { _ = conn.CloseNow(); <-done })
	return f
}

func (f *busFile) reply(data []byte) []byte {
	call, err := devnet.FlexDecode(data)
	m, _ := call.(map[string]any)
	if err != nil || m == nil {
		return nil
	}
	payload, _ := m["payload"].(map[string]any)
	var answer any
	switch m["component"] {
	case "GetMetadata":
		answer = map[string]any{"fileSize": int64(len(f.content))}
	case "GetChunk":
		offset := payload["offset"].(int64)
		answer = map[string]any{"offset": offset, "content": f.content[offset : offset+payload["size"].(int64)]}
	case "UploadChunk":
		f.content = append(f.content, payload["chunk"].(map[string]any)["content"].([]byte)...)
	case "UploadFinished":
		f.hash = payload["hash"].(string)
	}
	return devnet.FlexEncode(map[string]any{"id": m["id"], "payload": answer})
}
