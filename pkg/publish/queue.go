package publish

import (
	"regexp"
	"strconv"
)

// queued matches the branch of a merge queue's entry. GitHub makes it: BASE may hold slashes.
var queued = regexp.MustCompile(`^refs/heads/gh-readonly-queue/.+/pr-([0-9]{1,9})-[0-9a-f]{40}(?:[0-9a-f]{24})?$`)

// QueuedPull is the pull request for which a merge queue made a ref, the last of those that it merges; 0 where the ref is
// none of a queue. Only under the event merge_group is that GitHub's own word.
func QueuedPull(ref string) int {
	m := queued.FindStringSubmatch(ref)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // nine digits
	return n
}
