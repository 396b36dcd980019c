package devnet

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"

	"tasks/golem"
)

// authorized checks the key, from the header or from authToken in the query,
// and answers for those who have none. Some paths are open to all (protocol
// section 1.1).
func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	for _, open := range []string{"/metrics-api", "/version/get", "/dashboard", registryPath} {
		if strings.HasPrefix(r.URL.Path, open) {
			return true
		}
	}
	key, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !given {
		key = r.URL.Query().Get("authToken")
	}
	if key == "" {
		write(w, http.StatusUnauthorized, "text/plain", []byte("Missing application key"))
		return false
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.appKey())) == 0 {
		write(w, http.StatusUnauthorized, "text/plain", []byte("Invalid application key"))
		return false
	}
	return true
}

func (s *Server) appKey() string { return cmp.Or(s.AppKey, DefaultAppKey) }

// identity is the node id behind the key.
func (s *Server) identity() golem.NodeID {
	return cmp.Or(s.Identity, nodeID("requestor", s.appKey()))
}

// nodeID derives an address from names, so that the same market has the same
// addresses in every process.
func nodeID(kind, name string) golem.NodeID {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return golem.NodeID("0x" + hex.EncodeToString(sum[:20]))
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == typeJSON
}
