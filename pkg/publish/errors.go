package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"
)

// Notice is a reason that is no failure: the token may not, or somebody else is newer.
type Notice string

// Error implements error.
func (n Notice) Error() string { return string(n) }

// IsNotice reports whether an error is no failure.
func IsNotice(err error) bool {
	var n Notice
	return errors.As(err, &n)
}

// Foreign says that a report is not about the pull request that it would be published in.
type Foreign string

// Error implements error.
func (f Foreign) Error() string { return string(f) }

// IsForeign reports whether a report is refused for what it is about.
func IsForeign(err error) bool {
	var f Foreign
	return errors.As(err, &f)
}

// longestMessage is how many bytes of a message of GitHub's are shown.
const longestMessage = 300

// Reason says in one line what went wrong, without the request and times.
func Reason(err error) string {
	reason, cause := explain(err)
	// What we were doing stands before the cause.
	if doing, ok := strings.CutSuffix(err.Error(), cause.Error()); ok {
		return doing + reason
	}
	return reason
}

// explain finds the cause of an error, and says it in our words.
func explain(err error) (reason string, cause error) {
	var (
		limit     *github.RateLimitError
		secondary *github.AbuseRateLimitError
		answered  *github.ErrorResponse
		large     *http.MaxBytesError
		request   *url.Error
	)
	switch {
	case errors.As(err, &limit):
		return "the rate limit of GitHub's API is used up, and it is a long time until it is reset", limit
	case errors.As(err, &secondary):
		return "GitHub asks to wait for longer than a job should (secondary rate limit)", secondary
	case errors.As(err, &answered):
		return "GitHub answers " + refusal(answered), answered
	case errors.As(err, &large):
		return fmt.Sprintf("GitHub's answer holds more than %d bytes", large.Limit), large
	case errors.Is(err, context.DeadlineExceeded):
		return "GitHub does not answer in time", context.DeadlineExceeded
	case errors.As(err, &request):
		return "GitHub cannot be asked: " + request.Err.Error(), request
	case isUnreadable(err):
		return "GitHub's answer cannot be read: " + err.Error(), err
	}
	return err.Error(), err
}

// refusal is the status of an answer and what GitHub says about it.
func refusal(r *github.ErrorResponse) string {
	text := "nothing"
	if r.Response != nil {
		text = fmt.Sprintf("%d %s", r.Response.StatusCode, http.StatusText(r.Response.StatusCode))
	}
	message := r.Message
	for _, e := range r.Errors {
		if e.Message != "" {
			message += " (" + e.Message + ")"
		}
	}
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "") + "…"
	}
	if message == "" || strings.HasSuffix(text, message) {
		return text
	}
	return text + ": " + message
}

// status is that of an error that GitHub answered with; 0 where it did not answer.
func status(err error) int {
	var limit *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	var answered *github.ErrorResponse
	switch {
	case errors.As(err, &answered) && answered.Response != nil:
		return answered.Response.StatusCode
	case errors.As(err, &limit), errors.As(err, &secondary):
		return http.StatusTooManyRequests
	}
	return 0
}

// isRefused reports whether GitHub certainly did not do what it was asked for.
func isRefused(err error) bool {
	s := status(err)
	return s >= http.StatusBadRequest && s < http.StatusInternalServerError
}

// isUnreadable reports whether an answer came and is not what it should be.
func isUnreadable(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// forbidden turns a refusal for lack of permission into the line that the log shows; other errors stay.
func forbidden(err error, permission string) error {
	var answered *github.ErrorResponse
	switch status(err) {
	case http.StatusUnauthorized:
		return Notice("GitHub does not accept the token")
	case http.StatusForbidden:
		if errors.As(err, &answered) && strings.Contains(strings.ToLower(answered.Message), "locked") {
			return Notice("the conversation is locked")
		}
		if errors.As(err, &answered) && strings.Contains(answered.Message, "not accessible") {
			text := fmt.Sprintf("the token lacks the permission %q", permission)
			if strings.HasPrefix(permission, "pull-requests") {
				text += ", as those of forks and of Dependabot do"
			}
			return Notice(text)
		}
	}
	return err
}
