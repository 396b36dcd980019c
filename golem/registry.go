package golem

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// DefaultRegistry is the base URL of Golem's public image registry.
const DefaultRegistry = "https://registry.golem.network"

// maxImageInfo bounds the answer of a registry, which is a few hundred bytes.
const maxImageInfo = 1 << 20

// An Image is where a provider finds an image and what its content must hash to.
type Image struct {
	SHA3  string `json:"sha3"`
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
}

// Package returns the image as golem.srv.comp.task_package wants it: the hash,
// without which an exe-unit refuses it, and one URL (protocol section 3.2).
func (i Image) Package() string {
	at := i.HTTPS
	if at == "" {
		at = i.HTTP
	}
	return "hash:sha3:" + i.SHA3 + ":" + at
}

// LookUpImage asks the registry at base for the image of a tag such as
// "golem/alpine:latest". An answer other than 200 is an *Error.
func LookUpImage(ctx context.Context, client *http.Client, base, tag string) (Image, error) {
	at := strings.TrimRight(base, "/") + "/v1/image/info?tag=" + url.QueryEscape(tag)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return Image{}, fmt.Errorf("look up image %q: %w", tag, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return Image{}, fmt.Errorf("look up image %q: %w", tag, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxImageInfo))
	if err != nil {
		return Image{}, fmt.Errorf("look up image %q: %w", tag, err)
	}
	if resp.StatusCode != http.StatusOK {
		return Image{}, fmt.Errorf("look up image %q: %w", tag, newError(http.MethodGet, req.URL.Path, resp.StatusCode, body, ""))
	}
	var image Image
	if err := json.Unmarshal(body, &image); err != nil {
		return Image{}, fmt.Errorf("look up image %q: %w", tag, err)
	}
	if image.SHA3 == "" || image.HTTP == "" && image.HTTPS == "" {
		return Image{}, fmt.Errorf("look up image %q: the registry names no hash or no address", tag)
	}
	return image, nil
}
