package spec

import (
	"bytes"
	_ "embed"
)

//go:generate go test . -run TestSchema -update

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (draft-07) of a document, by which editors complete,
// explain and check its keys. It refuses nothing that Load takes. Load finds more:
// a schema knows nothing of expressions, of files, or of one place that speaks of
// another.
func Schema() []byte { return bytes.Clone(schema) }
