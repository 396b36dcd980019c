package gftp

import (
	"encoding/json"
	"fmt"
)

// Codes of errors (protocol section 5.6).
const (
	codeParse    = -32700
	codeMethod   = -32601
	codeParams   = -32602
	codeInternal = -32603
	codeFailed   = -32000
)

// A request is one call, on a line of its own.
type request struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"` // the server gives it back as it is
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
}

// A response answers the request of its ID; Result or Error is set.
type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// An Error is what the gftp process says went wrong. Its files are this
// computer's, so it is never the fault of a provider.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("gftp: %s", e.Message) }

// An entry is a file and its URL, as most methods give it back.
type entry struct {
	File string `json:"file"`
	URL  string `json:"url"`
}

const jsonrpc = "2.0"

// maxLine bounds one message.
const maxLine = 8 << 20
