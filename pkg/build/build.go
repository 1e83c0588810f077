// Package build answers which Docker builds a repository asks for, and where each was found.
//
// There is one file per origin: dockerfiles.go (Dockerfiles found by name) and declared.go (builds: in .loadline.yaml).
package build

// Origin says where a build was found.
type Origin struct {
	// Path is the file that asks for the build, from the repository root: a Dockerfile or .loadline.yaml.
	Path string
	// Line is 1-based; 0 where the whole file is the origin.
	Line int
}

// Budgets are the limits of one build. Nil means no limit of that kind.
type Budgets struct {
	// Upload is the most the build may upload, in bytes.
	Upload *int64
	// Growth is the most the build may grow against the base.
	Growth *Growth
}

// Growth is a limit on the difference between base and head. Where both are set, both must be exceeded.
type Growth struct {
	// Bytes is the absolute growth allowed.
	Bytes int64
	// Percent is the growth allowed relative to the base, in percent; nil means that only Bytes counts.
	Percent *float64
}

// Unspecified stands in for the value of a build argument that nobody gives and that a FROM needs.
const Unspecified = "unspecified"

// Build is one `docker build` that the repository asks for. All paths are slash-separated and relative to the
// repository root; "." is the root itself.
type Build struct {
	// Name identifies the build within the repository and across commits.
	// A discovered build is named after its Dockerfile's path.
	Name string
	// Dockerfile is the path of the Dockerfile.
	Dockerfile string
	// Context is the context directory; empty where it has to be chosen from Candidates.
	Context string
	// Candidates are the directories that may be the context of a discovered build, nearest first:
	// the Dockerfile's own directory, then its ancestors. Empty where Context is given.
	Candidates []string
	// Stage is the stage to build (--target); empty means the last one.
	Stage string
	// Args are build arguments (--build-arg). One of value Unspecified is not known.
	Args map[string]string
	// Platforms are the platforms to build for; empty means linux/amd64.
	Platforms []string
	// Contexts are the named contexts (--build-context): a name and a directory of the repository or a
	// reference such as docker-image://alpine.
	Contexts map[string]string
	// IgnoreFile is an ignore file to use instead of the one BuildKit would choose; empty means BuildKit's choice.
	IgnoreFile string
	// Budgets limit this build; the zero value takes the repository's default budgets.
	Budgets Budgets
	// Origin says where the build was found.
	Origin Origin
}

// LeftOut is a file that looks like a Dockerfile and is not taken for a build, with the reason.
type LeftOut struct {
	Path   string
	Reason string
}

// Equal reports whether two budgets limit the same.
func (b Budgets) Equal(other Budgets) bool {
	sameUpload := (b.Upload == nil) == (other.Upload == nil) && (b.Upload == nil || *b.Upload == *other.Upload)
	sameGrowth := (b.Growth == nil) == (other.Growth == nil) && (b.Growth == nil || b.Growth.equal(*other.Growth))
	return sameUpload && sameGrowth
}

func (g Growth) equal(other Growth) bool {
	if g.Bytes != other.Bytes || (g.Percent == nil) != (other.Percent == nil) {
		return false
	}
	return g.Percent == nil || *g.Percent == *other.Percent
}
