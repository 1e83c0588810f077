package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/sync/singleflight"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Remote is a repository on GitHub, read by its API. Trees and blobs are asked for once, whichever commits hold them.
// It is safe for use by several goroutines.
type Remote struct {
	client      *github.Client
	owner, repo string

	mu sync.Mutex
	// requests is how many were sent, and spent how long they took.
	requests int
	spent    time.Duration
	// commits are those read so far, roots the trees of those listed, and trees what is known of trees, by object id.
	commits map[string]*remoteCommit
	roots   map[string]string
	trees   map[string][]child
	// isLarge says that a listing of everything was cut, so that one is not asked for again.
	isLarge bool
	// blobs are contents by object id, held bytes of them in all.
	blobs map[string][]byte
	held  int64
	// noGraphQL says that the token may not use it.
	noGraphQL bool
	// clone is asked for a blob first; nil without one.
	clone *Git

	flights singleflight.Group
}

// remoteCommit is what the API tells of a commit.
type remoteCommit struct {
	tree    string
	parents []string
	made    time.Time // the zero value where GitHub does not say
}

// NewRemote answers a repository on GitHub. Nothing is asked for yet. The client's BaseURL says where the API is, and its
// transport what becomes of rate limits and of requests that fail for a moment.
func NewRemote(client *github.Client, owner, repo string) *Remote {
	return &Remote{
		client: client, owner: owner, repo: repo,
		commits: map[string]*remoteCommit{}, roots: map[string]string{}, trees: map[string][]child{}, blobs: map[string][]byte{},
	}
}

// Name is OWNER/REPO.
func (r *Remote) Name() string { return r.owner + "/" + r.repo }

// Limits of what is asked for. GitHub allows the token of a workflow 1,000 requests an hour for all workflows of a
// repository (docs.github.com, "Rate limits for the REST API"); an ordinary pull request takes less than ten.
const (
	maxRequests    = 200
	requestTimeout = time.Minute
	maxTime        = 5 * time.Minute
	// maxAnswer is the most that is read of an answer, in bytes; the trees API ends a listing at 7 MB.
	maxAnswer = 64 << 20
	// atOnce is how many requests are on their way at the same time; GitHub's limit is 100.
	atOnce = 4
)

// ErrTooManyRequests says that reading a repository by the API would take more requests than are reasonable.
var ErrTooManyRequests = fmt.Errorf("takes more than %d requests to GitHub", maxRequests)

// ErrForbidden says that the token may not read something.
var ErrForbidden = errors.New("this token may not read it")

// absentError says that GitHub has no such object. It is both ErrAbsent and ErrUnknownRevision.
type absentError struct{ what, where string }

func (e *absentError) Error() string {
	return fmt.Sprintf("GitHub has no %s in %s that this token may read", source.Printable(e.what), e.where)
}

func (e *absentError) Is(target error) bool {
	return target == ErrAbsent || target == ErrUnknownRevision
}

// repositoryParts is what GitHub takes for the name of an owner or a repository.
var repositoryParts = regexp.MustCompile(`^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

// endpoint is the path of an endpoint of the repository.
func (r *Remote) endpoint(path string) (string, error) {
	if !repositoryParts.MatchString(r.owner) || !repositoryParts.MatchString(r.repo) {
		return "", fmt.Errorf("%s is no name of a repository", source.Printable(r.Name()))
	}
	return "repos/" + r.owner + "/" + r.repo + "/" + path, nil
}

// get reads an endpoint of the repository. what names it where it does not exist.
func (r *Remote) get(ctx context.Context, path, what string) ([]byte, error) {
	u, err := r.endpoint(path)
	if err != nil {
		return nil, err
	}
	req, err := r.client.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		return nil, fmt.Errorf("asking GitHub: %w", err)
	}
	return r.do(ctx, req, what)
}

// do sends a request and reads its answer.
func (r *Remote) do(ctx context.Context, req *http.Request, what string) ([]byte, error) {
	if err := r.count(); err != nil {
		return nil, err
	}
	defer r.spend(time.Now())
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	res, err := r.client.BareDo(limited, req)
	if err != nil {
		return nil, r.failed(ctx, err, what)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, r.failed(ctx, err, what)
	}
	if len(body) > maxAnswer {
		return nil, &requestError{what: what, text: fmt.Sprintf("the answer holds more than %d bytes", maxAnswer), err: ErrTooLarge}
	}
	return body, nil
}

func (r *Remote) count() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.requests >= maxRequests {
		return fmt.Errorf("reading %s %w", r.Name(), ErrTooManyRequests)
	}
	if r.spent > maxTime {
		return fmt.Errorf("reading %s: GitHub took more than %v to answer", r.Name(), maxTime)
	}
	r.requests++
	return nil
}

func (r *Remote) spend(start time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent += time.Since(start)
}

// failed says in a line what went wrong.
func (r *Remote) failed(ctx context.Context, err error, what string) error {
	var answered *github.ErrorResponse
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	var address *url.Error
	e := &requestError{what: what, err: err}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		e.text = fmt.Sprintf("no answer within %v", requestTimeout)
	case errors.As(err, &answered) && answered.Response != nil:
		e.status = answered.Response.StatusCode
		switch e.status {
		case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
			// A repository without commits answers 409, and a commit that does not exist 422 (docs.github.com, "Git trees").
			return &absentError{what, r.Name()}
		}
		e.text = fmt.Sprintf("it answers %d %s", e.status, http.StatusText(e.status))
		if m := answered.Message; m != "" && m != http.StatusText(e.status) {
			e.text += ": " + m
		}
	case errors.As(err, &primary):
		e.status, e.text = http.StatusTooManyRequests, primary.Message
	case errors.As(err, &secondary):
		e.status, e.text = http.StatusTooManyRequests, secondary.Message
	case errors.As(err, &address): // addresses say nothing that a reader could use
		e.text = cause(address.Err).Error()
	default:
		e.text = cause(err).Error()
	}
	return e
}

// cause is the error that others wrap.
func cause(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// requestError says that GitHub did not answer, or not with what was asked for.
type requestError struct {
	what, text string
	// status is that of an HTTP answer; 0 where there was none.
	status int
	err    error
}

func (e *requestError) Error() string {
	const longest = 300
	return fmt.Sprintf("asking GitHub for the %s: %s", source.Printable(e.what), source.Printable(e.text[:min(len(e.text), longest)]))
}

func (e *requestError) Unwrap() error { return e.err }

// Is makes a refusal ErrForbidden. One that comes of a rate limit is none; GitHub gives it the same status.
func (e *requestError) Is(target error) bool {
	return target == ErrForbidden && (e.status == http.StatusForbidden || e.status == http.StatusUnauthorized) &&
		!strings.Contains(strings.ToLower(e.text), "rate limit")
}

// decode reads an answer.
func decode(body []byte, into any, what string) error { //nolint:forbidigo // as package json
	if err := json.Unmarshal(body, into); err != nil {
		return &requestError{what: what, text: "the answer cannot be read: " + err.Error(), err: err}
	}
	return nil
}

// Parents answers the parents of a commit, the first one first. commit is a full object id.
// The error matches ErrAbsent and ErrUnknownRevision where GitHub does not have it.
func (r *Remote) Parents(ctx context.Context, commit string) ([]string, error) {
	c, err := r.commit(ctx, commit)
	if err != nil {
		return nil, err
	}
	return c.parents, nil
}

// Day answers the day on which a commit was made, as it says itself, in UTC; ok is false where it says none, and where the
// commit was not read before: it is not worth a request. commit is a full object id.
func (r *Remote) Day(commit string) (day time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.commits[commit]
	if c == nil || c.made.IsZero() {
		return time.Time{}, false
	}
	return dayOf(c.made), true
}

func (r *Remote) commit(ctx context.Context, id string) (*remoteCommit, error) {
	if !isObjectID(id) {
		return nil, fmt.Errorf("%w %s: no full object id", ErrUnknownRevision, source.Printable(id))
	}
	r.mu.Lock()
	known := r.commits[id]
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	body, err := r.get(ctx, "git/commits/"+id, "commit "+id)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Tree      objectRef   `json:"tree"`
		Parents   []objectRef `json:"parents"`
		Committer struct {
			Date string `json:"date"`
		} `json:"committer"`
	}
	if err := decode(body, &answer, "commit "+id); err != nil {
		return nil, err
	}
	c := &remoteCommit{tree: answer.Tree.SHA}
	if made, err := time.Parse(time.RFC3339, answer.Committer.Date); err == nil {
		c.made = made // that there is none is no reason to refuse the commit
	}
	for _, p := range answer.Parents {
		c.parents = append(c.parents, p.SHA)
	}
	for _, object := range append([]string{c.tree}, c.parents...) {
		if !isObjectID(object) {
			return nil, &requestError{what: "commit " + id, text: fmt.Sprintf("%.80q is no object id", object), err: errListing}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits[id] = c
	return c, nil
}

type objectRef struct {
	SHA string `json:"sha"`
}

// notInRevision matches what no name of a branch, a tag or a commit holds (git-check-ref-format(1)).
var notInRevision = regexp.MustCompile(`^$|^[-/]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|^@$`)

// isRevision reports whether a text can be such a name, so that GitHub may be asked for it.
func isRevision(name string) bool {
	const longest = 255
	return len(name) <= longest && !notInRevision.MatchString(name)
}

// Resolve answers the commit that a branch, a tag or an object id, also a shortened one, stands for. What follows
// "origin/" is a branch. The error matches ErrUnknownRevision.
func (r *Remote) Resolve(ctx context.Context, rev string) (string, error) {
	name := strings.TrimPrefix(strings.TrimPrefix(rev, "refs/remotes/"), "origin/")
	if !isRevision(name) {
		return "", fmt.Errorf("%w %s: no name of a branch or commit", ErrUnknownRevision, source.Printable(rev))
	}
	// The media type asks for the id alone, instead of the commit with all of its changes.
	u, err := r.endpoint("commits/" + url.PathEscape(name))
	if err != nil {
		return "", err
	}
	req, err := r.client.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		return "", fmt.Errorf("asking GitHub: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github.sha")
	what := "branch or commit " + name
	body, err := r.do(ctx, req, what)
	if err != nil {
		return "", err
	}
	if id := strings.TrimSpace(string(body)); isObjectID(id) {
		return id, nil
	}
	return "", &requestError{what: what, text: fmt.Sprintf("%.80q is no object id", body), err: errListing}
}

// MergeBase answers the best common ancestor of a branch or commit and another one. Commits of forks are known as well.
// The error matches ErrUnknownRevision where GitHub does not have one of them, or they have no common history.
func (r *Remote) MergeBase(ctx context.Context, base, head string) (string, error) {
	what := "common ancestor of " + base + " and " + head
	if !isRevision(base) || !isRevision(head) {
		return "", fmt.Errorf("%w: no %s", ErrUnknownRevision, source.Printable(what))
	}
	// The first page has up to 300 files with their changes, the others none (docs.github.com, "Compare two commits").
	for _, page := range []string{"?per_page=1&page=2", "?per_page=1"} {
		body, err := r.get(ctx, "compare/"+url.PathEscape(base)+"..."+url.PathEscape(head)+page, what)
		if err != nil {
			return "", err
		}
		var answer struct {
			MergeBase objectRef `json:"merge_base_commit"`
		}
		if err := decode(body, &answer, what); err != nil {
			return "", err
		}
		if isObjectID(answer.MergeBase.SHA) {
			return answer.MergeBase.SHA, nil
		}
	}
	return "", &requestError{what: what, text: "the answer names none", err: errListing}
}

// TestMerge answers the commit that GitHub made to try the merge of an open pull request; empty where there is none, or
// not yet. It may be older than the pull request's head: its second parent says for which it was made. isPending says
// that GitHub is about to make one because somebody asked.
func (r *Remote) TestMerge(ctx context.Context, number int) (commit string, isPending bool, err error) {
	what := fmt.Sprintf("pull request %d", number)
	body, err := r.get(ctx, fmt.Sprintf("pulls/%d", number), what)
	if err != nil {
		return "", false, err
	}
	var answer struct {
		State       string `json:"state"`
		Mergeable   *bool  `json:"mergeable"`
		MergeCommit string `json:"merge_commit_sha"`
	}
	if err := decode(body, &answer, what); err != nil {
		return "", false, err
	}
	if answer.State != "open" || !isObjectID(answer.MergeCommit) {
		answer.MergeCommit = "" // of a merged one, it is the merge itself
	}
	return answer.MergeCommit, answer.State == "open" && answer.Mergeable == nil, nil
}
