package github

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is an account, or the bot of an app.
type User struct {
	ID    int64
	Login string
	App   string // slug of the app that it is the bot of; empty for a person
}

// Actions is the bot that GITHUB_TOKEN acts for.
func Actions() User { return User{41898282, "github-actions[bot]", "github-actions"} }

// AppBot is the bot of another app.
func AppBot() User { return User{1234567, "octo-app[bot]", "octo-app"} }

// Person is someone with a personal access token.
func Person() User { return User{583231, "octocat", ""} }

// Stranger is someone else, who writes comments.
func Stranger() User { return User{9919, "monalisa", ""} }

// Dependabot is the author of dependency updates.
func Dependabot() User { return User{49699333, "dependabot[bot]", "dependabot"} }

// need is a permission that an operation asks for: one of the scopes at a level.
type need struct {
	scopes []func(*Permissions) Access
	level  Access
}

func (p *Permissions) contents() Access { return p.Contents }
func (p *Permissions) checks() Access   { return p.Checks }
func (p *Permissions) issues() Access   { return p.Issues }
func (p *Permissions) pulls() Access    { return p.PullRequests }
func (p *Permissions) statuses() Access { return p.Statuses }
func (p *Permissions) actions() Access  { return p.Actions }

// needs are the documented permissions ("Permissions required for GitHub Apps"). A comment on a pull request is
// governed by either of two scopes.
func needs(o Operation) need {
	type scope = func(*Permissions) Access
	one := func(level Access, scopes ...scope) need { return need{scopes, level} }
	switch o {
	case CreateComment, UpdateComment, DeleteComment:
		return one(Write, (*Permissions).issues, (*Permissions).pulls)
	case ListComments, GetComment, GetIssue, ListLabels:
		return one(Read, (*Permissions).issues, (*Permissions).pulls)
	case CreateCheck, UpdateCheck:
		return one(Write, (*Permissions).checks)
	case GetCheck, ListChecks, ListAnnotation:
		return one(Read, (*Permissions).checks)
	case CreateStatus:
		return one(Write, (*Permissions).statuses)
	case CreateReview:
		return one(Write, (*Permissions).pulls)
	case GetPull, ListPulls, ListFiles, ListPullsOf, ListReviewed:
		return one(Read, (*Permissions).pulls)
	case GetBlob, GetTree, GetGitCommit, GetCommit, CompareCommits, GetRef:
		return one(Read, (*Permissions).contents)
	case GetRun:
		return one(Read, (*Permissions).actions)
	}
	return need{} // metadata, which every token may read
}

const notAccessible = "Resource not accessible by integration"

// permit refuses what the token may not do. Reading a public repository needs no permission, as the documentation of each
// operation says ("can be used without … the aforementioned permissions if only public resources are requested").
func (s *Server) permit(o Operation) answer {
	n := needs(o)
	if n.level == None || n.level == Read && !s.options.Private && !s.options.StrictReads {
		return answer{}
	}
	for _, scope := range n.scopes {
		if scope(s.options.Permissions) >= n.level {
			return answer{}
		}
	}
	return refuse(http.StatusForbidden, notAccessible)
}

// authenticate refuses a request without the token.
func (s *Server) authenticate(c call) answer {
	header := c.request.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	switch {
	case c.request.UserAgent() == "":
		return refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	case header == "":
		return refuse(http.StatusUnauthorized, "Requires authentication")
	case token != s.options.Token || !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token"):
		return refuse(http.StatusUnauthorized, "Bad credentials")
	}
	return answer{}
}

// meter counts a request against the primary limit. Asking for the limit is free.
func (s *Server) meter(o Operation) answer {
	if s.options.RateLimit < 0 || o == GetRateLimit {
		return answer{}
	}
	if s.remaining == 0 {
		if o == GraphQL {
			return exhausted()
		}
		return refuse(http.StatusForbidden, limitMessage)
	}
	s.remaining--
	return s.meterWrites(o)
}

// meterWrites counts what creates content against the secondary limit.
func (s *Server) meterWrites(o Operation) answer {
	if !slices.Contains([]Operation{CreateComment, UpdateComment, CreateCheck, UpdateCheck, CreateReview, CreateStatus}, o) {
		return answer{}
	}
	now := time.Now()
	s.writes = slices.DeleteFunc(s.writes, func(t time.Time) bool { return now.Sub(t) > time.Minute })
	if len(s.writes) >= s.options.Writes {
		a := refuse(http.StatusForbidden, secondaryMessage)
		a.header.Set("Retry-After", strconv.Itoa(int(time.Minute/time.Second)))
		return a
	}
	s.writes = append(s.writes, now)
	return answer{}
}

const secondaryMessage = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

const limitMessage = "API rate limit exceeded for installation ID 12345678."

// limitHeaders says how much of the primary limit is left. The reset lies in real time, an hour ahead: clients wait for it.
func (s *Server) limitHeaders(h http.Header, fault *Fault) {
	h.Set("Server", "github.com")
	h.Set("X-Github-Media-Type", "github.v3; format=json")
	if s.options.RateLimit < 0 {
		return
	}
	set := func(name string, value int64) {
		if h.Get(name) == "" {
			h.Set(name, strconv.FormatInt(value, 10))
		}
	}
	set("X-Ratelimit-Limit", int64(s.options.RateLimit))
	set("X-Ratelimit-Remaining", int64(s.remaining))
	set("X-Ratelimit-Used", int64(s.options.RateLimit-s.remaining))
	set("X-Ratelimit-Reset", time.Now().Add(time.Hour).Unix())
	h.Set("X-Ratelimit-Resource", "core")
	if fault != nil {
		for name, values := range fault.Header {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
}

// getRateLimit answers with the primary limit.
func (s *Server) getRateLimit(call) answer {
	limit := rateLimit{max(s.options.RateLimit, 0), max(s.remaining, 0), time.Now().Add(time.Hour).Unix(), 0}
	limit.Used = limit.Limit - limit.Remaining
	var out rateLimits
	out.Resources.Core, out.Resources.Search, out.Resources.GraphQL, out.Rate = limit, limit, limit, limit
	return reply(http.StatusOK, out, "limits")
}

type rateLimit struct {
	Limit     int   `json:"limit"`
	Remaining int   `json:"remaining"`
	Reset     int64 `json:"reset"`
	Used      int   `json:"used"`
}

type rateLimits struct {
	Resources struct {
		Core    rateLimit `json:"core"`
		Search  rateLimit `json:"search"`
		GraphQL rateLimit `json:"graphql"`
	} `json:"resources"`
	Rate rateLimit `json:"rate"`
}

// getUser refuses a token that acts for an app: there is no user.
func (s *Server) getUser(call) answer {
	if s.options.User.App != "" {
		return refuse(http.StatusForbidden, notAccessible)
	}
	return reply(http.StatusOK, s.privateUser(s.options.User), "user %s", s.options.User.Login)
}
