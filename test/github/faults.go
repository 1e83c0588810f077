package github

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"time"
)

// FaultKind is how an operation goes wrong.
type FaultKind int

const (
	Refuse    FaultKind = iota // an error status with GitHub's JSON
	Reset                      // the connection is reset
	Truncate                   // half the answer, then the end of the connection
	Malformed                  // an answer of the right status that is no JSON
	Huge                       // an answer of Size bytes
	Redirect                   // to another host
	Slow                       // only late
)

// Fault makes an operation go wrong.
type Fault struct {
	Operation Operation // empty for all
	Kind      FaultKind
	Skip      int // that many requests pass first
	Times     int // then so many go wrong; all if 0
	Status    int // of Refuse and Redirect; 500 and 302 if 0
	Message   string
	Header    http.Header
	Delay     time.Duration // before the answer, with any kind
	Size      int           // of Huge; 64 MiB if 0
	Done      bool          // the operation takes effect, only its answer is lost
}

// Fail is a fault that answers with an error, n times; always if n is 0.
func Fail(o Operation, n, status int, message string) Fault {
	return Fault{Operation: o, Times: n, Status: status, Message: message}
}

// PrimaryLimit is a fault that says that the primary rate limit is used up and when it is reset.
func PrimaryLimit(o Operation, n, status int, reset time.Duration) Fault {
	f := Fail(o, n, status, limitMessage)
	at := strconv.FormatInt(time.Now().Add(reset).Unix(), 10)
	f.Header = http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {at}}
	return f
}

// SecondaryLimit is a fault that says that the client is too fast, and when to come again if wait is not 0.
func SecondaryLimit(o Operation, n, status int, wait time.Duration) Fault {
	f := Fail(o, n, status, secondaryMessage)
	if wait > 0 {
		f.Header = http.Header{"Retry-After": {strconv.Itoa(int(wait.Seconds()))}}
	}
	return f
}

// Inject adds a fault. Where several match a request the first that is not used up applies.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) nextFault(o Operation) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		switch {
		case f.Operation != "" && f.Operation != o, f.Times == 0:
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times > 0 {
				f.Times--
			}
			again := *f
			return &again
		}
	}
	return nil
}

// passes tells whether the operation takes place.
func (f *Fault) passes() bool {
	return f.Done || f.Kind == Truncate || f.Kind == Malformed || f.Kind == Slow
}

// disturb replaces the answer.
func (f *Fault) disturb(s *Server, a answer) answer {
	switch f.Kind {
	case Slow:
		return a
	case Reset:
		return answer{note: "the connection is reset"}
	case Truncate:
		a.note = "the connection ends in the middle of: " + a.note
		return a
	case Malformed:
		a.body, a.note = []byte("<!DOCTYPE html>\n<title>Unicorn!</title>\n"), "no JSON instead of: "+a.note
		return a
	case Huge:
		return f.huge()
	case Redirect:
		return f.redirect(s)
	}
	status := f.Status
	if status == 0 {
		status = http.StatusInternalServerError
	}
	message := f.Message
	if message == "" {
		message = http.StatusText(status)
	}
	return refuse(status, message)
}

func (f *Fault) huge() answer {
	size := f.Size
	if size == 0 {
		size = 64 << 20
	}
	body := bytes.Repeat([]byte(" "), size)
	copy(body, "[")
	body[size-1] = ']'
	return answer{http.StatusOK, http.Header{"Content-Type": {mediaJSON}}, body, strconv.Itoa(size) + " bytes"}
}

func (f *Fault) redirect(s *Server) answer {
	a := refuse(http.StatusFound, "Found")
	if f.Status != 0 {
		a.status = f.Status
	}
	a.header.Set("Location", s.ElsewhereURL()+"/")
	a.note = "to another host"
	return a
}

// reset closes the connection so that the client sees a reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// hook is what happens before an operation.
type hook struct {
	operation Operation
	skip      int
	do        func()
}

// Before runs a function once, before the next request for an operation is answered: another run's comment that appears
// between list and create, say.
func (s *Server) Before(o Operation, do func()) { s.BeforeNth(o, 1, do) }

// BeforeNth is Before for the n-th request for the operation from now on, counted from 1.
func (s *Server) BeforeNth(o Operation, n int, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, &hook{o, n - 1, do})
}

// runHooks runs what is due, without the lock, so that a hook may use the server.
func (s *Server) runHooks(o Operation) {
	s.mu.Lock()
	var due []func()
	rest := s.hooks[:0:0]
	for _, h := range s.hooks {
		switch {
		case h.operation != o:
			rest = append(rest, h)
		case h.skip > 0:
			h.skip--
			rest = append(rest, h)
		default:
			due = append(due, h.do)
		}
	}
	s.hooks = rest
	s.mu.Unlock()
	for _, do := range due {
		do()
	}
}
