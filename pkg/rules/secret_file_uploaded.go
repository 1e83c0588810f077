package rules

import (
	"context"
	"path"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// secretFileUploaded reports files with credentials that git is told to leave out, and the upload is not.
var secretFileUploaded = rule.Rule{
	Name:     "secret-file-uploaded",
	Title:    "a local file with credentials is uploaded",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsFiles,
	Run:      runSecretFileUploaded,
}

// secretFile is a kind of files that hold credentials: by a name, and by what such a file says. Names alone are no proof.
type secretFile struct {
	names, says *regexp.Regexp
}

// secretFiles are such kinds. Values that refer to a variable are no credentials.
var secretFiles = []secretFile{
	{regexp.MustCompile(`^\.env(\.[a-z-]+)*$`), regexp.MustCompile(`(?im)^\s*(?:export\s+)?[A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS?|DSN)[A-Z0-9_]*\s*=\s*["']?[^\s"'$<{]{6,}`)},
	{regexp.MustCompile(`\.(pem|key|p8)$|^id_(rsa|dsa|ecdsa|ed25519)$`), regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
	{regexp.MustCompile(`^\.(npmrc|yarnrc|yarnrc\.yml)$`), regexp.MustCompile(`(?i)(_authToken|_auth|_password|npmAuthToken)\s*[=:]\s*["']?[^\s"'$]{8,}`)},
	{regexp.MustCompile(`^(\.netrc|_netrc|\.git-credentials)$`), regexp.MustCompile(`(?i)password\s+\S+|https?://[^:/\s]+:[^@\s]+@`)},
	{regexp.MustCompile(`^(\.pypirc|pip\.conf)$`), regexp.MustCompile(`(?im)^\s*password\s*[=:]\s*\S+|https?://[^:/\s]+:[^@\s]+@`)},
	{regexp.MustCompile(`^credentials$|^config\.json$|^kubeconfig$|\.kubeconfig$`), regexp.MustCompile(`(?i)aws_secret_access_key\s*=|"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"|client-key-data:|^\s*token:\s*\S{8,}`)},
	{regexp.MustCompile(`\.tfstate(\.backup)?$`), regexp.MustCompile(`"terraform_version"`)},
	{regexp.MustCompile(`\.json$`), regexp.MustCompile(`"type"\s*:\s*"service_account"[\s\S]*"private_key"\s*:`)},
}

// example matches names of files that show what is to be filled in.
var example = regexp.MustCompile(`(?i)(example|sample|template|dist|defaults?|schema|test|testing|ci)$`)

// maxSecretFile is the size up to which a file is read for credentials, in bytes.
const maxSecretFile = 256 << 10

func runSecretFileUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		for _, f := range u.Files() {
			if !f.Untracked || !f.Mode.IsRegular() || f.Size == 0 || f.Size > maxSecretFile {
				continue
			}
			base := path.Base(f.Path)
			for _, k := range secretFiles {
				if !k.names.MatchString(base) || example.MatchString(base) || dependencyDirectory.MatchString(f.Path) || fixtures.MatchString(path.Dir(f.Path)) {
					continue
				}
				text, err := read(p, f.Path)
				if err != nil {
					return err
				}
				if k.says.MatchString(text) {
					reportSecret(p, u, f)
					break
				}
			}
		}
	}
	return nil
}

// dependencyDirectory matches directories of other people's code, which brings keys for its own tests along.
var dependencyDirectory = regexp.MustCompile(`(^|/)(node_modules|vendor|site-packages|\.venv|venv|target|\.git|\.terraform)/`)

// reportSecret never says what the file holds.
func reportSecret(p *rule.Pass, u *rule.Upload, f rule.File) {
	pulls := u.Pulls(f.Path)
	if len(pulls) == 0 {
		return
	}
	out := finding.Finding{
		Span: pulls[0].Keyword.Span, About: f.Path,
		Message: "uploads " + source.Printable(f.Path) + ", which holds credentials and is not in git",
	}
	if u.Wanted(f.Path) || u.Readmitted(f.Path) != nil {
		out.Advice = "Mount it for the step that needs it, with RUN --mount=type=secret, so that no layer and no cache holds it"
	} else {
		out.Fixes = u.Exclude(rule.IgnoreLine{Pattern: secretPattern(f.Path), Why: "credentials of this machine"})
	}
	p.Report(out)
}

func secretPattern(name string) string {
	if strings.HasPrefix(path.Base(name), ".env") {
		return recursive(name)
	}
	return rule.Pattern(name)
}
