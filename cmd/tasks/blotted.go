package main

import (
	"io"

	"tasks/spec"
)

// A blotted writer blots secrets out of what is written. Each write is looked at
// by itself: what writes here writes whole lines.
type blotted struct {
	to      io.Writer
	secrets *spec.Secrets
}

// Write says that all was written even where less was, without the secrets.
func (b *blotted) Write(p []byte) (int, error) {
	if _, err := b.to.Write(b.secrets.Bytes(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
