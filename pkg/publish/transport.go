package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// How often and how long requests are tried again.
const (
	maxAttempts = 4
	// patience is how long a client waits in all, over all of its requests.
	patience = 75 * time.Second
	// secondaryPause is how long to wait after a secondary limit that names no time
	// (docs.github.com, "Rate limits for the REST API": at least one minute).
	secondaryPause = time.Minute
)

// transport sends requests with the token, waits where GitHub asks for it, and tries again what failed for a moment.
type transport struct {
	inner   http.RoundTripper
	api     *url.URL
	graphQL string
	token   string
	clock   Clock

	mu       sync.Mutex
	patience time.Duration // what is left of it
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.Multiplier = 2
	for attempt := 1; ; attempt++ {
		res, err := t.once(req)
		pause, again := t.again(req, res, err, pauses)
		if !again || attempt == maxAttempts || !t.take(req.Context(), pause) {
			return res, err
		}
		if res != nil {
			res.Body.Close()
		}
		if err := t.clock.Sleep(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// once sends a request.
func (t *transport) once(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	out.Header.Del("Authorization")
	if t.token != "" && out.URL.Host == t.api.Host && out.URL.Scheme == t.api.Scheme {
		out.Header.Set("Authorization", "Bearer "+t.token)
	}
	res, err := t.inner.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	return res, nil
}

// again answers whether a request is worth another attempt, and after which pause.
func (t *transport) again(req *http.Request, res *http.Response, err error, pauses *backoff.ExponentialBackOff) (time.Duration, bool) {
	switch {
	case req.Context().Err() != nil:
		return 0, false
	case req.Body != nil && req.Body != http.NoBody && req.GetBody == nil:
		return 0, false // what was sent is gone
	case err != nil:
		return pauses.NextBackOff(), t.isRepeatable(req)
	case res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusTooManyRequests:
		return t.limited(res) // refused before anything was done, so that also a write may be sent again
	case res.StatusCode >= http.StatusInternalServerError:
		pause := pauses.NextBackOff()
		if asked, ok := retryAfter(res.Header); ok {
			pause = max(pause, asked)
		}
		return pause, t.isRepeatable(req)
	}
	return 0, false
}

// isRepeatable answers whether a request that may have been carried out can be sent again without doing more than once
// would. All that is posted to the GraphQL API are queries. An edit appends in one place (check runs), so that whoever
// sends one decides.
func (t *transport) isRepeatable(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
		return true
	case http.MethodPost:
		return t.graphQL != "" && req.URL.String() == t.graphQL
	}
	return false
}

// limited answers how long a limit lasts that an answer speaks of (docs.github.com, "Exceeding the rate limit"); false
// where it is about permissions.
func (t *transport) limited(res *http.Response) (time.Duration, bool) {
	if asked, ok := retryAfter(res.Header); ok {
		return asked, true
	}
	message := peek(res)
	if res.StatusCode == http.StatusForbidden && !speaksOfLimit(message) {
		return 0, false
	}
	if res.Header.Get("X-Ratelimit-Remaining") == "0" {
		at, err := strconv.ParseInt(res.Header.Get("X-Ratelimit-Reset"), 10, 64)
		if err == nil {
			// The reset is given in whole seconds, and our clock may be a little ahead.
			return max(time.Unix(at, 0).Sub(t.clock.Now()), 0) + time.Second, true
		}
	}
	return secondaryPause, true
}

func speaksOfLimit(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "rate limit") || strings.Contains(message, "abuse detection")
}

// peek reads the message of an error and leaves the answer as it was.
func peek(res *http.Response) string {
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(res.Body, most))
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), res.Body), res.Body}
	if err != nil {
		return ""
	}
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return string(text)
	}
	return answer.Message
}

// retryAfter is the header's value in seconds; GitHub gives no dates.
func retryAfter(h http.Header) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(strings.TrimSpace(h.Get("Retry-After")), 10, 32)
	if err != nil || seconds < 0 {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

// take takes a pause out of the client's patience; false where it is longer than what is left, or than the request has
// time.
func (t *transport) take(ctx context.Context, pause time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && t.clock.Now().Add(pause).After(end) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if pause > t.patience {
		return false
	}
	t.patience -= pause
	return true
}
