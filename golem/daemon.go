package golem

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// An Identity is whom the application key stands for.
type Identity struct {
	Identity NodeID `json:"identity"`
	Name     string `json:"name"` // of the application key
	Role     string `json:"role"`
}

// Me returns our identity; IsUnauthorized means that the key is bad.
func (c *Client) Me(ctx context.Context) (Identity, error) {
	return fetch[Identity](ctx, c, request{method: http.MethodGet, prefix: "/me", limit: plainLimit})
}

// A VersionInfo is the release that a daemon runs, and a newer one if it knows
// of any.
type VersionInfo struct {
	Current Release  `json:"current"`
	Pending *Release `json:"pending"`
}

// A Release is one release of yagna. Its times have no zone and are UTC.
type Release struct {
	Version     string    `json:"version"`
	Name        string    `json:"name"`
	Seen        bool      `json:"seen"`
	ReleaseTs   Timestamp `json:"releaseTs"`
	InsertionTs Timestamp `json:"insertionTs"`
	UpdateTs    Timestamp `json:"updateTs"`
}

// Version returns the daemon's version; it needs no key.
func (c *Client) Version(ctx context.Context) (VersionInfo, error) {
	return fetch[VersionInfo](ctx, c, request{method: http.MethodGet, prefix: "/version/get", limit: plainLimit})
}

// AtLeast reports whether the current version is the given one or newer. A
// pre-release counts as its release; a version that is no version is older than
// any.
func (v VersionInfo) AtLeast(major, minor, patch int) bool {
	have, ok := parseVersion(v.Current.Version)
	if !ok {
		return false
	}
	for i, want := range [...]int{major, minor, patch} {
		if have[i] != want {
			return have[i] > want
		}
	}
	return true
}

// parseVersion reads "0.17.6", "v0.17.6-rc1" and "0.17".
func parseVersion(s string) (v [3]int, ok bool) {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "-")
	s, _, _ = strings.Cut(s, "+")
	parts := strings.Split(s, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}
