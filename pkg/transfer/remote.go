package transfer

import (
	"github.com/moby/buildkit/frontend/dockerui"
)

// IsRemote answers whether a build context is an address that BuildKit fetches itself, so that nothing is uploaded
// and no .dockerignore applies: a Git repository or an HTTP address (dockerui context.go, initContext).
func IsRemote(context string) bool {
	if _, ok, err := dockerui.DetectGitContext(context, nil); ok && err == nil {
		return true
	}
	_, _, ok := dockerui.DetectHTTPContext(context)
	return ok
}
