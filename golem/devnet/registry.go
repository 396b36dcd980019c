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

// imageInfo answers GET /v1/image/info. Every tag is known: the process runtime
// uses the programs of this computer whatever the image. The hash is made from
// the tag, so that it is the same each time.
func (s *Server) imageInfo(r *http.Request) (answer, error) {
	tag := r.URL.Query().Get("tag")
	if tag == "" {
		return answer{}, refuse(http.StatusBadRequest, "Query deserialize error: missing field `tag`")
	}
	sum := sha3.Sum224([]byte(tag))
	hash := hex.EncodeToString(sum[:])
	at := "://devnet.invalid/images/" + hash + ".gvmi"
	return ok(golem.Image{SHA3: hash, HTTP: "http" + at, HTTPS: "https" + at})
}
