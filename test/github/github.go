package github

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Options say what the fake is. The zero value is a public repository octo-org/app with a new, empty Git repository, read
// with the token of a workflow that may write comments, checks and statuses.
type Options struct {
	Owner, Name string // of the repository; octo-org and app if empty
	Git         string // directory of the Git repository whose objects are served; a new bare one if empty
	Private     bool   // without access there is nothing to see: 404 instead of 403

	Token       string       // the only token that is accepted; TestToken if empty
	User        User         // whose token it is; Actions() if zero
	Permissions *Permissions // what the token may; Writer() if nil
	NoAccess    bool         // the token belongs to someone who cannot see a private repository
	StrictReads bool         // reading a public repository needs the permission too
	OwnComments bool         // only the token's own comments can be changed; GitHub lets who may write change all

	APIPath     string // path of the REST API, such as /api/v3 on GitHub Enterprise Server; none if empty
	GraphQLPath string // path of the GraphQL API; /graphql if empty

	// Description holds the traffic against another OpenAPI description, such as GitHub's whole one; the reduced one if
	// empty. Answers are made from the reduced one all the same.
	Description []byte

	TreeLimit int // entries after which a recursive tree is truncated; 100,000 if 0
	BlobLimit int // bytes above which a blob is refused; 100 MiB if 0
	RateLimit int // requests until the primary limit is reached; 1,000 if 0, none at all if negative
	Writes    int // requests that create content, a minute, until the secondary limit is reached; 80 if 0
	Lines     int // lines of a long text that the conversation shows; 12 if 0, all if negative
}

// TestToken is the token that the fake accepts unless Options names one.
const TestToken = "ghs_loadline0000000000000000000000000000"

// Permissions are what a token may, as under permissions: in a workflow. What is not named is None.
type Permissions struct {
	Actions, Checks, Contents, Issues, PullRequests, Statuses Access
}

// Access is the level of one permission.
type Access int

const (
	None Access = iota
	Read
	Write
)

// Writer are the permissions of a workflow that reads the repository and reports in pull requests.
func Writer() *Permissions {
	return &Permissions{Actions: Read, Checks: Write, Contents: Read, Issues: Write, PullRequests: Write, Statuses: Write}
}

// Reader are the permissions of a pull request from a fork: at most read.
func Reader() *Permissions {
	return &Permissions{Actions: Read, Checks: Read, Contents: Read, Issues: Read, PullRequests: Read, Statuses: Read}
}

// Server is a GitHub with one repository. Its methods may be called at any time, also from hooks.
type Server struct {
	options  Options
	contract *contract
	schema   *ast.Schema // of GraphQL
	git      *repository
	http     *httptest.Server
	other    *httptest.Server // another host, to which redirects lead

	mu         sync.Mutex
	state      state
	faults     []*Fault
	hooks      []*hook
	exchanges  []exchange
	violations []string
	hosts      map[string]bool // those that saw the token
	names      []string        // pairs of old and new for the conversation
	remaining  int
	writes     []time.Time // of the last minute
}

// Start runs a fake until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Git == "" {
		o.Git = t.TempDir()
		if err := initBare(o.Git); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New runs a fake until it is closed, on a free port of this machine. Options.Git must name a directory.
func New(o Options) (*Server, error) {
	return listen(o, "127.0.0.1:0")
}

// Listen runs a fake on an address, until it is closed.
func Listen(o Options, address string) (*Server, error) {
	return listen(o, address)
}

func listen(o Options, address string) (*Server, error) {
	o = o.withDefaults()
	if _, err := os.Stat(o.Git); err != nil {
		return nil, fmt.Errorf("opening the repository that is served: %w", err)
	}
	c, err := newContract(o.Description)
	if err != nil {
		return nil, err
	}
	schema, err := graphqlSchema()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, contract: c, schema: schema, git: &repository{dir: o.Git}, hosts: map[string]bool{}, remaining: o.RateLimit}
	s.state = newState()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Listener.Close()
	s.http.Listener = l
	s.http.Start()
	s.other = httptest.NewServer(http.HandlerFunc(s.serveElsewhere))
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Owner == "" {
		o.Owner = "octo-org"
	}
	if o.Name == "" {
		o.Name = "app"
	}
	if o.Token == "" {
		o.Token = TestToken
	}
	if o.User == (User{}) {
		o.User = Actions()
	}
	if o.Permissions == nil {
		o.Permissions = Writer()
	}
	if o.GraphQLPath == "" {
		o.GraphQLPath = "/graphql"
	}
	if o.TreeLimit == 0 {
		o.TreeLimit = 100_000
	}
	if o.BlobLimit == 0 {
		o.BlobLimit = 100 << 20
	}
	if o.RateLimit == 0 {
		o.RateLimit = 1000
	}
	if o.Writes == 0 {
		o.Writes = 80
	}
	if o.Lines == 0 {
		o.Lines = 12
	}
	return o
}

// Close ends the fake.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
	s.other.CloseClientConnections()
	s.other.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.git.close()
}

// URL is the address of the REST API, without a slash at its end: the value of GITHUB_API_URL.
func (s *Server) URL() string { return s.http.URL + s.options.APIPath }

// GraphQLURL is the address of the GraphQL API: the value of GITHUB_GRAPHQL_URL.
func (s *Server) GraphQLURL() string { return s.http.URL + s.options.GraphQLPath }

// ElsewhereURL is the address of another host, to which redirects lead.
func (s *Server) ElsewhereURL() string {
	return strings.Replace(s.other.URL, "127.0.0.1", "localhost", 1)
}

// Token is the token that is accepted.
func (s *Server) Token() string { return s.options.Token }

// Repository is OWNER/NAME.
func (s *Server) Repository() string { return s.options.Owner + "/" + s.options.Name }

// TokenSeenBy are the hosts that were sent the token: "api", and "elsewhere" if it went astray.
func (s *Server) TokenSeenBy() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, host := range []string{"api", "elsewhere"} {
		if s.hosts[host] {
			out = append(out, host)
		}
	}
	return out
}

// Violations are the breaches of GitHub's published description so far: of requests, and of the fake's own answers. A test
// that does not provoke any wants none.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// Requests is the number of requests so far, those included that were answered by a fault.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.exchanges)
}

// start is the time of the fake's first event; each later one is a second after the one before.
func start() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// Private tells whether the repository is private.
func (s *Server) Private() bool { return s.options.Private }
