package devnet

import (
	"crypto/sha3"
	"encoding/hex"
	"net/http"

	"tasks/golem"
)

// registryPath is where an image registry answers; it asks for no key. The
// devnet stands in for one, so that a client finds an image by its tag without
// a network: point the client's registry address at the devnet.
const registryPath = "/v1/image/info"

// imageInfo answers GET /v1/image/info. Every tag and every hash is known: the
// process runtime uses the programs of this computer whatever the image. The hash
// of a tag is made from it, so that it is the same each time.
func (s *Server) imageInfo(r *http.Request) (answer, error) {
	tag, hash := r.URL.Query().Get("tag"), r.URL.Query().Get("hash")
	if tag == "" && hash == "" {
		return answer{}, refuse(http.StatusBadRequest, "Query deserialize error: missing field `tag`")
	}
	if hash == "" {
		sum := sha3.Sum224([]byte(tag))
		hash = hex.EncodeToString(sum[:])
	}
	at := "://devnet.invalid/images/" + hash + ".gvmi"
	return ok(golem.Image{SHA3: hash, HTTP: "http" + at, HTTPS: "https" + at})
}
