package devnet

import (
	"context"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// busChunk is how much of a file one call moves.
const busChunk = 40 << 10

// serviceOf finds the service behind a gftp URL, or nil.
func (s *Server) serviceOf(url string) *service {
	name, ours := strings.CutPrefix(url, gftpScheme+string(s.identity())+"/")
	if !ours {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ram.services[base64.RawURLEncoding.EncodeToString([]byte(busFiles+name))]
}

// openBusFile begins to read the file of a service.
func openBusFile(ctx context.Context, v *service) (io.ReadCloser, int64, error) {
	said, err := v.call(ctx, "GetMetadata", nil)
	if err != nil {
		return nil, 0, err
	}
	m, _ := said.(map[string]any)
	size, is := m["fileSize"].(int64)
	if !is || size < 0 {
		return nil, 0, fmt.Errorf("GSB error: %s says no size", v.On)
	}
	return io.NopCloser(&busReader{ctx: ctx, from: v, size: size}), size, nil
}

// A busReader reads the file of a service chunk by chunk.
type busReader struct {
	ctx          context.Context // the transfer's; a reader lives no longer
	from         *service
	offset, size int64
	rest         []byte
}

func (b *busReader) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.offset >= b.size {
			return 0, io.EOF
		}
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *busReader) next() error {
	want := min(busChunk, b.size-b.offset)
	said, err := b.from.call(b.ctx, "GetChunk", map[string]any{"offset": b.offset, "size": want})
	if err != nil {
		return err
	}
	m, _ := said.(map[string]any)
	content, is := m["content"].([]byte)
	if !is || int64(len(content)) != want {
		return fmt.Errorf("GSB error: %s gave %d bytes at %d, and %d were asked", b.from.On, len(content), b.offset, want)
	}
	b.rest, b.offset = content, b.offset+want
	return nil
}

// writeBusFile sends a file to a service, and at last its hash.
func writeBusFile(ctx context.Context, v *service, from io.Reader) error {
	sum, buffer := sha3.New256(), make([]byte, busChunk)
	for offset := int64(0); ; {
		n, err := io.ReadFull(from, buffer)
		if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if n == 0 {
			break
		}
		sum.Write(buffer[:n])
		chunk := map[string]any{"offset": offset, "content": buffer[:n]}
		if _, err := v.call(ctx, "UploadChunk", map[string]any{"chunk": chunk}); err != nil {
			return err
		}
		offset += int64(n)
	}
	_, err := v.call(ctx, "UploadFinished", map[string]any{"hash": hex.EncodeToString(sum.Sum(nil))})
	return err
}
