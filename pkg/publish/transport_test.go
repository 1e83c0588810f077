package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hurry is a clock that does not wait, and counts what it would have waited.
type hurry struct {
	mu     sync.Mutex
	waited time.Duration
}

func (h *hurry) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.waited)
}

func (h *hurry) Sleep(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waited += d
	return ctx.Err()
}

// script answers one request after the other; the last answer stands for all that follow.
type script struct {
	answers []scripted
	bodies  []string
	tokens  []string
}

type scripted struct {
	status int // 0 is a connection that breaks
	header http.Header
	body   string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(text)
	}
	s.tokens = append(s.tokens, req.Header.Get("Authorization"))
	s.bodies = append(s.bodies, body)
	a := s.answers[min(len(s.bodies), len(s.answers))-1]
	if a.status == 0 {
		return nil, errors.New("connection reset")
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

const limitText = `{"message":"You have exceeded a secondary rate limit."}`

func retry(seconds int) http.Header { return http.Header{"Retry-After": {strconv.Itoa(seconds)}} }

// reset is the header of the primary limit that ends so much later.
func reset(after time.Duration) http.Header {
	return http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(time.Now().Add(after).Unix(), 10)}}
}

func TestRequestsAreRepeatedWhereThatIsSafeAndSoon(t *testing.T) {
	const api, graphQL = "https://api.example.com/", "https://api.example.com/graphql"
	ok := scripted{status: 200}
	tests := []struct {
		name     string
		method   string
		url      string
		answers  []scripted
		status   int // 0 is an error
		requests int
		// waits are the least and the most that is waited, in seconds.
		least, most float64
	}{
		{"nothing is wrong", "GET", api, []scripted{ok}, 200, 1, 0, 0},
		{"a read breaks once", "GET", api, []scripted{{}, ok}, 200, 2, 0.2, 1},
		{"a read breaks always", "GET", api, []scripted{{}}, 0, 4, 1.5, 6},
		{"a read fails once", "GET", api, []scripted{{status: 502}, ok}, 200, 2, 0.2, 1},
		{"a read fails always", "GET", api, []scripted{{status: 500}}, 500, 4, 1.5, 6},
		{"a read is unavailable for a time", "GET", api, []scripted{{status: 503, header: retry(20)}, ok}, 200, 2, 20, 21},
		{"a write breaks", "POST", api, []scripted{{}, ok}, 0, 1, 0, 0},
		{"a write fails", "POST", api, []scripted{{status: 502}, ok}, 502, 1, 0, 0},
		{"an edit breaks", "PATCH", api, []scripted{{}, ok}, 0, 1, 0, 0},
		{"a deletion breaks", "DELETE", api, []scripted{{}, ok}, 200, 2, 0.2, 1},
		{"a query breaks", "POST", graphQL, []scripted{{}, ok}, 200, 2, 0.2, 1},
		{"too fast", "POST", api, []scripted{{status: 429, header: retry(3)}, ok}, 200, 2, 3, 3},
		{"too fast, without a time", "POST", api, []scripted{{status: 429, body: limitText}, ok}, 200, 2, 60, 60},
		{"too fast twice, without a time", "POST", api, []scripted{{status: 403, body: limitText}}, 403, 2, 60, 60},
		{"too fast for an hour", "GET", api, []scripted{{status: 429, header: retry(3600)}}, 429, 1, 0, 0},
		{"the primary limit for a moment", "GET", api, []scripted{{status: 403, header: reset(10 * time.Second), body: `{"message":"API rate limit exceeded"}`}, ok}, 200, 2, 9, 12},
		{"the primary limit for an hour", "GET", api, []scripted{{status: 403, header: reset(time.Hour), body: `{"message":"API rate limit exceeded"}`}}, 403, 1, 0, 0},
		{"a permission on the last request", "GET", api, []scripted{{status: 403, header: reset(time.Second), body: `{"message":"Resource not accessible by integration"}`}}, 403, 1, 0, 0},
		{"no such thing", "GET", api, []scripted{{status: 404}}, 404, 1, 0, 0},
		{"invalid", "POST", api, []scripted{{status: 422}}, 422, 1, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clock := &hurry{}
			inner := &script{answers: test.answers}
			base, _ := url.Parse(api)
			tr := &transport{inner: inner, api: base, graphQL: graphQL, token: "t", clock: clock, patience: patience}
			req, err := http.NewRequest(test.method, test.url, strings.NewReader("what is sent"))
			if err != nil {
				t.Fatal(err)
			}
			res, err := tr.RoundTrip(req)
			got := 0
			if err == nil {
				got = res.StatusCode
			}
			if got != test.status || len(inner.bodies) != test.requests {
				t.Errorf("status %d (%v) after %d requests, want %d after %d", got, err, len(inner.bodies), test.status, test.requests)
			}
			if s := clock.waited.Seconds(); s < test.least || s > test.most {
				t.Errorf("it waits for %.1f s, want %.1f to %.1f", s, test.least, test.most)
			}
			for _, body := range inner.bodies {
				if body != "what is sent" {
					t.Errorf("a request sends %q", body)
				}
			}
			if err == nil && test.answers[0].body != "" && got >= 400 {
				if text, _ := io.ReadAll(res.Body); string(text) != test.answers[0].body {
					t.Errorf("the answer reads %q", text)
				}
			}
		})
	}
}

func TestNothingIsWaitedForBeyondTheDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	clock := &hurry{}
	base, _ := url.Parse("https://api.example.com/")
	tr := &transport{inner: &script{answers: []scripted{{status: 429, header: retry(3)}}}, api: base, clock: clock, patience: patience}
	req, _ := http.NewRequestWithContext(ctx, "GET", base.String(), nil)
	if res, err := tr.RoundTrip(req); err != nil || res.StatusCode != 429 || clock.waited > 0 {
		t.Errorf("%v, %v after %v", res, err, clock.waited)
	}
}

func TestAllRequestsTogetherHaveOnePatience(t *testing.T) {
	clock := &hurry{}
	base, _ := url.Parse("https://api.example.com/")
	tr := &transport{inner: &script{answers: []scripted{{status: 429, header: retry(20)}}}, api: base, clock: clock, patience: patience}
	for range 10 {
		req, _ := http.NewRequest("GET", base.String(), nil)
		if _, err := tr.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
	}
	if clock.waited > patience {
		t.Errorf("ten requests wait for %v", clock.waited)
	}
}

func TestTheTokenGoesToTheHostOfTheAPIAlone(t *testing.T) {
	base, _ := url.Parse("https://api.example.com/")
	for address, want := range map[string]string{
		"https://api.example.com/x":      "Bearer t",
		"http://api.example.com/x":       "",
		"https://api.example.com:8443/x": "",
		"https://example.com/x":          "",
		"https://api.example.com.evil/x": "",
	} {
		inner := &script{answers: []scripted{{status: 200}}}
		tr := &transport{inner: inner, api: base, token: "t", clock: &hurry{}, patience: patience}
		req, _ := http.NewRequest("GET", address, nil)
		req.Header.Set("Authorization", "Bearer of somebody else")
		if _, err := tr.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if got := inner.tokens[0]; got != want {
			t.Errorf("%s is sent %q, want %q", address, got, want)
		}
	}
}

func TestAnAnswerHasASize(t *testing.T) {
	base, _ := url.Parse("https://api.example.com/")
	tr := &transport{inner: &script{answers: []scripted{{status: 200, body: strings.Repeat(" ", maxAnswer+1)}}}, api: base, clock: &hurry{}}
	req, _ := http.NewRequest("GET", base.String(), nil)
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	var large *http.MaxBytesError
	if text, err := io.ReadAll(res.Body); !errors.As(err, &large) || len(text) > maxAnswer {
		t.Errorf("it reads %d bytes: %v", len(text), err)
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	request := func(method, address string) *http.Request {
		req, err := http.NewRequest(method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	from := request("POST", "https://api.example.com/repos/old")
	tests := []struct {
		to   *http.Request
		via  int
		want string
	}{
		{request("POST", "https://api.example.com/repositories/1"), 1, ""},
		{request("POST", "https://evil.example.com/"), 1, "another host"},
		{request("POST", "http://api.example.com/"), 1, "another host"},
		{request("GET", "https://api.example.com/repositories/1"), 1, "what would be a GET"},
		{request("POST", "https://api.example.com/"), maxRedirects + 1, "without end"},
	}
	for _, test := range tests {
		var via []*http.Request
		for range test.via {
			via = append(via, from)
		}
		err := stayOnHost(test.to, via)
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) && test.want != "" {
			t.Errorf("to %s %s: %v, want %q", test.to.Method, test.to.URL, err, test.want)
		}
	}
}

func TestAClientHasAnAddressAndAName(t *testing.T) {
	for _, bad := range []string{"", "api.github.com", "ftp://x", "https://", "https://user:secret@api.github.com", "\n"} {
		if _, err := NewClient(ClientOptions{APIURL: bad}); err == nil {
			t.Errorf("%q passes for an address", bad)
		}
	}
	tests := []struct{ api, graphQL, base, query string }{
		{"https://api.github.com", "https://api.github.com/graphql", "https://api.github.com/", "https://api.github.com/graphql"},
		{"https://ghe.example.com/api/v3/", "https://ghe.example.com/api/graphql", "https://ghe.example.com/api/v3/", "https://ghe.example.com/api/graphql"},
		{"https://api.github.com", "https://elsewhere.example.com/graphql", "https://api.github.com/", ""},
		{"https://api.github.com", "", "https://api.github.com/", ""},
	}
	for _, test := range tests {
		c, err := NewClient(ClientOptions{APIURL: test.api, GraphQLURL: test.graphQL, Version: "(devel)"})
		if err != nil {
			t.Fatal(err)
		}
		if c.REST().BaseURL.String() != test.base || c.graphQL != test.query || c.REST().UserAgent != "loadline/devel" {
			t.Errorf("%s: %s, %s, %s", test.api, c.REST().BaseURL, c.graphQL, c.REST().UserAgent)
		}
	}
	if c, err := NewClient(ClientOptions{APIURL: "https://x", Version: "v1\r\nX: y"}); err != nil || c.REST().UserAgent != "loadline/devel" {
		t.Errorf("%v, %v", c, err)
	}
}
