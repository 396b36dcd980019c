package devnet

import (
	"context"
	"crypto/rand"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"tasks/golem/gftp"
)

// gftpScheme begins the URLs of files beside the daemon.
const gftpScheme = "gftp://"

// A gftpFile is a file of this computer that providers reach by URL. The real
// daemon's bus forwards every read to the gftp process; here the process says
// where the file is, and the devnet does the reading and writing.
type gftpFile struct {
	path    string
	receive bool // providers write it, and do not read it
}

// gftpRegister answers at gftp.DevnetPath, which no daemon has: POST makes a URL
// for a file, DELETE takes it back, GET reads and PUT writes the file of one, as
// another node would.
func (s *Server) gftpRegister(w http.ResponseWriter, r *http.Request) {
	url := r.URL.Query().Get("url")
	switch r.Method {
	case http.MethodPost:
		handler(s.registerFile).ServeHTTP(w, r)
	case http.MethodDelete:
		handler(func(*http.Request) (answer, error) { return s.forgetFile(url) }).ServeHTTP(w, r)
	case http.MethodGet:
		s.serveFile(w, r, url)
	case http.MethodPut:
		handler(func(r *http.Request) (answer, error) { return s.takeFile(r, url) }).ServeHTTP(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *Server) registerFile(r *http.Request) (answer, error) {
	var body struct {
		File       string `json:"file"`
		OutputFile string `json:"output_file"`
	}
	if err := decodePlain(r, &body); err != nil {
		return answer{}, err
	}
	if (body.File == "") == (body.OutputFile == "") || !filepath.IsAbs(body.File+body.OutputFile) {
		return answer{}, refuse(http.StatusBadRequest, "one of file and output_file has to be an absolute path")
	}
	f := &gftpFile{path: body.File + body.OutputFile, receive: body.OutputFile != ""}
	name := randomName()
	if !f.receive {
		var err error
		if name, err = hashOfFile(r.Context(), f.path); err != nil {
			return answer{}, refuse(http.StatusBadRequest, "%v", err)
		}
	}
	url := gftpScheme + string(s.identity()) + "/" + name
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ram.files[url] = f
	return ok(map[string]string{"file": f.path, "url": url})
}

// forgetFile takes a URL back, whoever else may have published the same content.
func (s *Server) forgetFile(url string) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ram.files[url] == nil {
		return answer{}, refuse(http.StatusNotFound, "no file at %s", url)
	}
	delete(s.ram.files, url)
	return noContent()
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, url string) {
	f, _, err := s.openGFTP(url)
	if err != nil {
		handler(func(*http.Request) (answer, error) {
			return answer{}, refuse(http.StatusNotFound, "%v", err)
		}).ServeHTTP(w, r)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(http.StatusOK)
	_, _ = io.Copy(w, f) // a client that left is not our concern
}

func (s *Server) takeFile(r *http.Request, url string) (answer, error) {
	path, err := s.receiver(url)
	if err != nil {
		return answer{}, refuse(http.StatusNotFound, "%v", err)
	}
	if err := receive(r.Context(), path, r.Body, digest{}); err != nil {
		return answer{}, refuse(http.StatusInternalServerError, "%v", err)
	}
	return noContent()
}

// openGFTP opens what is published under a URL.
func (s *Server) openGFTP(url string) (*os.File, int64, error) {
	s.mu.Lock()
	f := s.ram.files[url]
	s.mu.Unlock()
	if f == nil || f.receive {
		return nil, 0, gftpGone(url)
	}
	return openFile(f.path)
}

// receiver is where what is written to a URL goes.
func (s *Server) receiver(url string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.ram.files[url]
	if f == nil || !f.receive {
		return "", gftpGone(url)
	}
	return f.path, nil
}

func gftpGone(url string) error {
	return fmt.Errorf("GSB error: %s: endpoint address not found", url)
}

// openFile opens a plain file of this computer and says how large it is.
func openFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// hashOfFile names a file by its content.
func hashOfFile(ctx context.Context, path string) (string, error) {
	f, _, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha3.New256()
	if _, err := io.Copy(sum, &interruptible{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// randomName is 65 letters and digits, as the gftp program names a receiver.
func randomName() string { return (rand.Text() + rand.Text() + rand.Text())[:65] }

// gftpPath is where the register answers; the package of the other side says it.
const gftpPath = gftp.DevnetPath
