package devnet

import (
	"context"
	"crypto/rand"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tasks/golem"
)

const (
	// maxTransfer is how much one transfer may bring into a container.
	maxTransfer = 16 << 30
	// fetchTries is how often a download that breaks off is taken up again.
	fetchTries = 3
)

// transfer copies one file between a URL and a container path (protocol section
// 5.5).
func (s *Server) transfer(ctx context.Context, r Runner, t golem.Transfer, m *meter) result {
	if err := s.copy(ctx, r, t, m); err != nil {
		return failure(0, "Local service error: Transfer error: "+err.Error())
	}
	return success(nil)
}

func (s *Server) copy(ctx context.Context, r Runner, t golem.Transfer, m *meter) error {
	want, from, err := parseDigest(t.From)
	if err != nil {
		return err
	}
	other, to, err := parseDigest(t.To)
	if err != nil {
		return err
	}
	if want.sum == "" {
		want = other
	}
	if isHTTP(from) {
		path, err := target(r, to)
		if err != nil {
			return err
		}
		return fetch(ctx, from, path, want, m)
	}
	source, size, err := s.source(ctx, r, from)
	if err != nil {
		return err
	}
	defer source.Close()
	switch {
	case isHTTP(to):
		return put(ctx, to, m.of(source, size), size)
	case s.serviceOf(to) != nil:
		return writeBusFile(ctx, s.serviceOf(to), m.of(source, size))
	case strings.HasPrefix(to, gftpScheme):
		path, err := s.receiver(to)
		if err != nil {
			return err
		}
		return receive(ctx, path, m.of(source, size), want)
	}
	path, err := target(r, to)
	if err != nil {
		return err
	}
	return writeFile(ctx, path, m.of(source, size), want)
}

func isHTTP(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// source opens what is copied from a container path or a gftp URL.
func (s *Server) source(ctx context.Context, r Runner, url string) (io.ReadCloser, int64, error) {
	if v := s.serviceOf(url); v != nil {
		return openBusFile(ctx, v)
	}
	if strings.HasPrefix(url, gftpScheme) {
		return s.openGFTP(url)
	}
	path, err := target(r, url)
	if err != nil {
		return nil, 0, err
	}
	f, size, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("IO error: %s: No such file or directory (os error 2)", containerPath(url))
	}
	return f, size, err
}

// target is the place on this computer of a container path.
func target(r Runner, url string) (string, error) {
	if scheme, _, found := strings.Cut(url, "://"); found {
		return "", fmt.Errorf("unsupported scheme: %s", scheme)
	}
	container := containerPath(url)
	if v, has := volumesOf(r); has {
		if path, ok := v.Path(container); ok {
			return path, nil
		}
	}
	return "", fmt.Errorf("path not found in container: %s", container)
}

func containerPath(url string) string { return strings.TrimPrefix(url, "container:") }

// A digest is what a file has to hash to; the zero digest asks nothing.
type digest struct {
	sum string // in hex
	new func() hash.Hash
}

// parseDigest splits a URL such as hash:sha3:<hex>:http://… ; the length of the
// hash says which of the family it is.
func parseDigest(url string) (digest, string, error) {
	rest, prefixed := strings.CutPrefix(url, "hash:")
	if !prefixed {
		return digest{}, url, nil
	}
	algorithm, rest, _ := strings.Cut(rest, ":")
	sum, rest, found := strings.Cut(rest, ":")
	if _, err := hex.DecodeString(sum); err != nil || !found {
		return digest{}, "", fmt.Errorf("invalid digest: %s", sum)
	}
	d := digest{sum: strings.ToLower(sum)}
	sizes := map[int]func() *sha3.SHA3{28: sha3.New224, 32: sha3.New256, 48: sha3.New384, 64: sha3.New512}
	make, known := sizes[len(sum)/2]
	if algorithm != "sha3" || !known {
		return digest{}, "", fmt.Errorf("unsupported digest: %s of %d bits", algorithm, len(sum)*4)
	}
	d.new = func() hash.Hash { return make() }
	return d, rest, nil
}

// check compares a whole file with its digest.
func (d digest) check(f io.ReadSeeker) error {
	if d.new == nil {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := d.new()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != d.sum {
		return fmt.Errorf("invalid digest: %s, expected %s", got, d.sum)
	}
	return nil
}

// writeFile puts a file in place when all of it is there and hashes to what it
// should; until then, and on an error, what was there before stays.
func writeFile(ctx context.Context, path string, from io.Reader, want digest) error {
	return writeWith(ctx, path, want, func(f *os.File) error {
		_, err := io.Copy(f, io.LimitReader(&interruptible{ctx, from}, maxTransfer+1))
		return err
	})
}

// writeWith is writeFile with the content written by fill.
func writeWith(ctx context.Context, path string, want digest, fill func(*os.File) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), ".transfer-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(temp, path)
		}
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if info, err := f.Stat(); err != nil || info.Size() > maxTransfer {
		return errors.Join(err, fmt.Errorf("larger than %d GiB", maxTransfer>>30))
	}
	return want.check(f)
}

// receive writes a file as the gftp program does: in its place, as it comes.
func receive(ctx context.Context, path string, from io.Reader, want digest) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(&interruptible{ctx, from}, maxTransfer+1))
	if err == nil && n > maxTransfer {
		err = fmt.Errorf("larger than %d GiB", maxTransfer>>30)
	}
	if err == nil {
		err = want.check(f)
	}
	return errors.Join(err, f.Close())
}

// An interruptible reader ends with its context.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r *interruptible) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(b)
}

// web makes the calls of transfers. It keeps no connection, so that nothing is
// left of one; ten redirects are net/http's own limit.
func web() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
}

// fetch copies from a web server: HEAD, then GET, which is taken up where it
// broke off if the server can.
func fetch(ctx context.Context, url, path string, want digest, m *meter) error {
	head, err := ask(ctx, http.MethodHead, url, 0)
	if err != nil {
		return err
	}
	_ = head.Body.Close()
	if head.ContentLength > maxTransfer {
		return fmt.Errorf("larger than %d GiB", maxTransfer>>30)
	}
	return writeWith(ctx, path, want, func(f *os.File) (err error) {
		for try := range fetchTries {
			if try > 0 && sleep(ctx, time.Second) != nil {
				return ctx.Err()
			}
			if err = fetchInto(ctx, url, f, m); err == nil || !errors.Is(err, errBroken) {
				return err
			}
		}
		return err
	})
}

var errBroken = errors.New("connection broke off")

// fetchInto appends what the file lacks.
func fetchInto(ctx context.Context, url string, f *os.File, m *meter) error {
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	answer, err := ask(ctx, http.MethodGet, url, at)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	m.at(at)
	if at > 0 && answer.StatusCode != http.StatusPartialContent {
		// The server begins anew.
		m.at(0)
		if err := errors.Join(f.Truncate(0), rewind(f)); err != nil {
			return err
		}
	}
	if _, err := io.Copy(f, io.LimitReader(m.of(answer.Body, answer.ContentLength), maxTransfer+1)); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// ask makes a request, for what lies beyond the first bytes, and wants success.
func ask(ctx context.Context, method, url string, beyond int64) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	if beyond > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", beyond))
	}
	return send(r)
}

func send(r *http.Request) (*http.Response, error) {
	answer, err := web().Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("HTTP error: %s %s: %s", r.Method, r.URL.Redacted(), answer.Status)
	}
	return answer, nil
}

// put copies to a web server with one PUT.
func put(ctx context.Context, url string, from io.Reader, size int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, io.NopCloser(from))
	if err != nil {
		return err
	}
	r.ContentLength = size
	answer, err := send(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
