package devnet

import (
	"encoding/json"
	"fmt"
	"net/http"

	"tasks/golem"
)

// streamScan answers GET /scan/{s}/events as an event stream: an "offer" event
// for each offer not seen before (protocol section 2.10). No offer appears
// later, so that the stream then waits for its reader to leave.
func (s *Server) streamScan(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, err := s.scanLocked(r)
	if err != nil {
		return answer{}, err
	}
	offers := it.take(s.providers, len(s.providers))
	return answer{status: http.StatusOK, stream: func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", typeEvents)
		w.Header().Set("Cache-Control", "no-cache")
		for _, each := range offers {
			writeOffer(w, each)
		}
		if http.NewResponseController(w).Flush() == nil {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}}, nil
}

func writeOffer(w http.ResponseWriter, o golem.Offer) {
	data, err := json.Marshal(o)
	if err != nil {
		panic("devnet: offer cannot be written: " + err.Error())
	}
	_, _ = fmt.Fprintf(w, "event: offer\ndata: %s\n\n", wholeFloats(data)) // Flush tells when the reader has left
}
