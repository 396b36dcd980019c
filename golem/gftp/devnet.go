package gftp

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
	"path/filepath"
	"strings"
	"time"
)

// DevnetPath is where a devnet keeps the register of gftp files. A real daemon
// has nothing there: its files are behind the service bus.
const DevnetPath = "/devnet/v1/gftp"

// A Devnet is how to reach one.
type Devnet struct {
	BaseURL string // without a path
	AppKey  string
	HTTP    *http.Client // nil means http.DefaultClient
}

// callTime bounds a call that carries no file; large files are hashed in it.
const callTime = 10 * time.Minute

// A registration is the body of a call that makes a URL: File is read, or
// OutputFile written.
type registration struct {
	File       string `json:"file,omitempty"`
	OutputFile string `json:"output_file,omitempty"`
}

func (d Devnet) publish(ctx context.Context, file string) (string, error) {
	if !filepath.IsAbs(file) {
		return "", &Error{codeParams, "Invalid params: not an absolute path: " + file}
	}
	return d.register(ctx, registration{File: file})
}

func (d Devnet) receive(ctx context.Context, file string) (string, error) {
	if !filepath.IsAbs(file) {
		return "", &Error{codeParams, "Invalid params: not an absolute path: " + file}
	}
	return d.register(ctx, registration{OutputFile: file})
}

func (d Devnet) register(ctx context.Context, r registration) (string, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	answer, err := d.call(ctx, http.MethodPost, "", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	var made entry
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", fmt.Errorf("decode answer of the devnet: %w", err)
	}
	return made.URL, nil
}

func (d Devnet) close(ctx context.Context, at string) error {
	_, err := d.call(ctx, http.MethodDelete, at, nil)
	return err
}

// call makes a call whose answer is small.
func (d Devnet) call(ctx context.Context, method, at string, body io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	answer, err := d.do(ctx, method, at, body)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	return io.ReadAll(io.LimitReader(answer, maxLine))
}

// upload writes a local file to the URL of a receiver.
func (d Devnet) upload(ctx context.Context, at, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	answer, err := d.do(ctx, http.MethodPut, at, f)
	if err != nil {
		return err
	}
	return answer.Close()
}

// download writes what is published under a URL to a local file.
func (d Devnet) download(ctx context.Context, at, file string) error {
	answer, err := d.do(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, answer)
	return errors.Join(err, f.Close())
}

// do makes one call about the file of a URL and gives the answer's body.
func (d Devnet) do(ctx context.Context, method, at string, body io.Reader) (io.ReadCloser, error) {
	target := strings.TrimSuffix(d.BaseURL, "/") + DevnetPath
	if at != "" {
		target += "?" + url.Values{"url": {at}}.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+d.AppKey)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := cmp.Or(d.HTTP, http.DefaultClient).Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the devnet: %w", err)
	}
	if answer.StatusCode/100 == 2 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
	return nil, &Error{codeFailed, messageOf(answer.StatusCode, text)}
}

// messageOf is what a refusal says.
func messageOf(status int, text []byte) string {
	var refusal struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &refusal) == nil && refusal.Message != "" {
		return refusal.Message
	}
	if status == http.StatusNotFound {
		return "this daemon is no devnet: it has no register of files"
	}
	return fmt.Sprintf("the devnet answers %d %s", status, strings.TrimSpace(string(text)))
}
