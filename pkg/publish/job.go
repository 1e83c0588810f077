package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Job is the job of a workflow that publishes. The zero value is somebody's own machine.
type Job struct {
	// Workflow is the path of the workflow's file, such as .github/workflows/ci.yml, and Name the job's id in it. The
	// jobs of a matrix have the same.
	Workflow, Name string
	// Run and Attempt number the run of the workflow; both only grow.
	Run     int64
	Attempt int
	// Server is where people see the repository, such as https://github.com; empty where that is not known.
	Server string
}

// ReadJob reads the variables that a runner sets (docs.github.com, "Default environment variables").
func ReadJob(getenv func(string) string) Job {
	j := Job{Workflow: getenv("GITHUB_WORKFLOW"), Name: getenv("GITHUB_JOB")}
	// OWNER/REPO/.github/workflows/FILE@REF; the ref is another one for each pull request.
	if ref, _, ok := strings.Cut(getenv("GITHUB_WORKFLOW_REF"), "@"); ok {
		if parts := strings.SplitN(ref, "/", 3); len(parts) == 3 {
			j.Workflow = parts[2]
		}
	}
	j.Run = number(getenv("GITHUB_RUN_ID"))
	j.Attempt = int(min(number(getenv("GITHUB_RUN_ATTEMPT")), 1<<30))
	if u, err := address(getenv("GITHUB_SERVER_URL")); err == nil {
		j.Server = strings.TrimRight(u.String(), "/")
	}
	return j
}

// number is a positive number, or 0.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// key tells the comments of jobs apart. It is a hash, so that nothing in the names can end the marker it stands in.
func (j Job) key(comment string) string {
	h := sha256.New()
	for _, part := range []string{j.Workflow, j.Name, comment} {
		fmt.Fprintf(h, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// marker is the first line of a comment, which GitHub does not show: whose comment it is and which run wrote it.
type marker struct {
	key     string
	run     int64
	attempt int
	// head is the commit that was judged.
	head string
}

func (m marker) String() string {
	return fmt.Sprintf("<!-- loadline:v1 key=%s run=%d.%d sha=%s -->", m.key, m.run, m.attempt, m.head)
}

var markers = regexp.MustCompile(`\A<!-- loadline:v1 key=([0-9a-f]{16}) run=([0-9]{1,18})\.([0-9]{1,9}) sha=([0-9a-f]{40}|[0-9a-f]{64}) -->\r?(?:\n|\z)`)

// cutMarker splits a comment into its marker and the rest.
func cutMarker(body string) (m marker, rest string, ok bool) {
	found := markers.FindStringSubmatch(body)
	if found == nil {
		return marker{}, body, false
	}
	attempt, _ := strconv.Atoi(found[3]) // nine digits
	return marker{key: found[1], run: number(found[2]), attempt: attempt, head: found[4]}, body[len(found[0]):], true
}

// isNewer reports whether a marker is that of a later run than ours for the same commit.
func (m marker) isNewer(than marker) bool {
	if m.head != than.head {
		return false
	}
	return m.run > than.run || m.run == than.run && m.attempt > than.attempt
}

// sameText reports whether two comments show the same. GitHub may store line ends and white space at the end otherwise.
func sameText(a, b string) bool {
	tidy := func(s string) string {
		_, rest, _ := cutMarker(s)
		return strings.TrimSpace(strings.ReplaceAll(rest, "\r\n", "\n"))
	}
	return tidy(a) == tidy(b)
}
