package golem

import "encoding/json"

// ActivityState is one half of the pair that the daemon reports (protocol
// section 5.3).
type ActivityState string

const (
	ActivityNew          ActivityState = "New"
	ActivityInitialized  ActivityState = "Initialized"  // exe-unit up; deploy is expected
	ActivityDeployed     ActivityState = "Deployed"     // image there; start is expected
	ActivityReady        ActivityState = "Ready"        // run and transfer are allowed
	ActivityUnresponsive ActivityState = "Unresponsive" // no usage report for 5 s
	ActivityTerminated   ActivityState = "Terminated"   // final
)

// An ActivityStatus is what the provider's daemon, or ours once the activity is
// over, says of an activity. Pending is "" when no change is under way.
type ActivityStatus struct {
	Current, Pending     ActivityState
	Reason, ErrorMessage string
}

// Alive reports whether neither half of the pair is Terminated.
func (s ActivityStatus) Alive() bool {
	return s.Current != ActivityTerminated && s.Pending != ActivityTerminated
}

type activityStatusWire struct {
	State        [2]*ActivityState `json:"state"`
	Reason       *string           `json:"reason,omitempty"`
	ErrorMessage *string           `json:"errorMessage,omitempty"`
}

// MarshalJSON writes the pair as the daemon does, null for no pending state.
func (s ActivityStatus) MarshalJSON() ([]byte, error) {
	w := activityStatusWire{State: [2]*ActivityState{&s.Current, nil}}
	if s.Pending != "" {
		w.State[1] = &s.Pending
	}
	if s.Reason != "" {
		w.Reason = &s.Reason
	}
	if s.ErrorMessage != "" {
		w.ErrorMessage = &s.ErrorMessage
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads the daemon's pair.
func (s *ActivityStatus) UnmarshalJSON(b []byte) error {
	var w activityStatusWire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*s = ActivityStatus{}
	if w.State[0] != nil {
		s.Current = *w.State[0]
	}
	if w.State[1] != nil {
		s.Pending = *w.State[1]
	}
	if w.Reason != nil {
		s.Reason = *w.Reason
	}
	if w.ErrorMessage != nil {
		s.ErrorMessage = *w.ErrorMessage
	}
	return nil
}

// A Usage is the latest usage report, in the order of the agreement's usage
// vector. CurrentUsage is nil before the first report. Timestamp is in Unix
// seconds.
type Usage struct {
	CurrentUsage []float64 `json:"currentUsage,omitempty"`
	Timestamp    int64     `json:"timestamp"`
}

// A Command is one step of an exe-script; exactly one field is set (protocol
// section 5.5).
type Command struct {
	Deploy    *Deploy    `json:"deploy,omitempty"`
	Start     *Start     `json:"start,omitempty"`
	Run       *Run       `json:"run,omitempty"`
	Transfer  *Transfer  `json:"transfer,omitempty"`
	Terminate *Terminate `json:"terminate,omitempty"`
}

// Deploy fetches and checks the image of the agreement.
type Deploy struct {
	Env      map[string]string `json:"env,omitempty"`
	Hosts    map[string]string `json:"hosts,omitempty"`
	Hostname string            `json:"hostname,omitempty"`
	Volumes  json.RawMessage   `json:"volumes,omitempty"` // a list of paths, or an object of volume options
	Net      json.RawMessage   `json:"net,omitempty"`
	Progress *Progress         `json:"progress,omitempty"`
}

// Start starts the runtime.
type Start struct {
	Args []string `json:"args"`
}

// MarshalJSON writes no arguments as [], because null is refused (protocol
// section 5.5).
func (s Start) MarshalJSON() ([]byte, error) {
	type wire Start
	s.Args = arguments(s.Args)
	return json.Marshal(wire(s))
}

// Run runs a program of the image, with no shell between.
type Run struct {
	EntryPoint string   `json:"entry_point"`
	Args       []string `json:"args"`
	Capture    *Capture `json:"capture,omitempty"`
}

// MarshalJSON writes no arguments as [], as Start does.
func (r Run) MarshalJSON() ([]byte, error) {
	type wire Run
	r.Args = arguments(r.Args)
	return json.Marshal(wire(r))
}

func arguments(args []string) []string {
	if args == nil {
		return []string{}
	}
	return args
}

// Transfer copies a file between a URL and a container path, one of which is
// "container:/...".
type Transfer struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Progress *Progress `json:"progress,omitempty"`
}

// Terminate stops the runtime. It does not end the activity: metering goes on.
type Terminate struct{}

// Progress asks for progress events, seen by event stream only.
// UpdateInterval is a human duration such as "1s".
type Progress struct {
	UpdateInterval string `json:"updateInterval,omitempty"`
}

// Capture says what to keep of a command's output; a nil stream is discarded.
type Capture struct {
	Stdout *CaptureMode `json:"stdout,omitempty"`
	Stderr *CaptureMode `json:"stderr,omitempty"`
}

// A CaptureMode keeps output at the end of the command (AtEnd) or as it comes
// (Stream); exactly one is set. Both are delivered in the batch results.
type CaptureMode struct {
	AtEnd  *CapturePart   `json:"atEnd,omitempty"`
	Stream *CaptureStream `json:"stream,omitempty"`
}

// A CapturePart keeps the first, the last, or half and half of that many bytes;
// zero fields are off, and all zero keeps everything.
type CapturePart struct {
	Head     int64  `json:"head,omitempty"`
	Tail     int64  `json:"tail,omitempty"`
	HeadTail int64  `json:"headTail,omitempty"`
	Format   string `json:"format,omitempty"` // "str" (default) or "bin"
}

// A CaptureStream keeps up to Limit bytes, 0 for no limit.
type CaptureStream struct {
	Limit  int64  `json:"limit,omitempty"`
	Format string `json:"format,omitempty"` // "str" (default) or "bin"
}
