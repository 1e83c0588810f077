package tree

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// FetchDepth1 fetches one commit without its history from a configured remote. It is the only call that uses the
// network. Credentials that the configuration states itself are used (http.extraHeader, as actions/checkout leaves
// it); helpers, ssh commands and proxies that it names are not run.
func (g *Git) FetchDepth1(ctx context.Context, remote, commit string) error {
	if !isObjectID(commit) {
		return fmt.Errorf("fetching %s: it is no full object id", source.Printable(commit))
	}
	if remote == "" || strings.HasPrefix(remote, "-") || strings.ContainsAny(remote, ":/\x00") {
		return fmt.Errorf("fetching %s: %s is no name of a remote", commit, source.Printable(remote))
	}
	// One pack, not loose objects: their directories would belong to root in the action's container, and the runner's own
	// user could not clear the workspace.
	cmd := gitCommand(ctx, g.dir(), append([]string{"-c", "protocol.allow=user", "-c", "core.sshCommand=ssh", "-c", "fetch.unpackLimit=1"},
		g.arguments("fetch", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance",
			"--upload-pack=git-upload-pack", "--quiet", remote, commit)...)...)
	// The last setting of a variable counts. Only https, ssh and copies on this machine: no remote helpers such as ext.
	cmd.Env = append(cmd.Env, "GIT_ALLOW_PROTOCOL=https:http:ssh:file", "GIT_SSH_COMMAND=ssh -oBatchMode=yes")
	for _, name := range []string{
		"SSH_AUTH_SOCK", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE",
	} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if _, err := output(cmd); err != nil {
		return fmt.Errorf("fetching %s: %w", commit, err)
	}
	return nil
}
