// Package report holds the complete result of a check as plain data. Its JSON form (loadline.report/v1) is what
// every output format is rendered from and what other programs may rely on.
package report

import "fmt"

// Schema is the name and version of the JSON form of a Report.
const Schema = "loadline.report/v1"

// Report is the result of comparing the builds of a repository at head with those at base.
// No slice of it is nil once Normalize has run, so that JSON has [] and never null.
type Report struct {
	Schema string `json:"schema"`
	// Head and Base say what was compared and how it was read. Base is nil where there is none.
	Head Side  `json:"head"`
	Base *Side `json:"base"`
	// Path is where the analysed directory lies in its repository; "." or empty is the root. The other paths are relative
	// to that directory.
	Path string `json:"path"`
	// Upload is the sum over builds; equal requests count once.
	Upload Upload `json:"upload"`
	// Untracked is the sum over builds of what lies on disk beside head's tree and would be sent; nil where
	// there is no disk to look at.
	Untracked *Size `json:"untracked"`
	// Builds are sorted by name.
	Builds []Build `json:"builds"`
	// Findings are those that count, Suppressed those that an ignore comment or the configuration takes out.
	Findings   []Finding `json:"findings"`
	Suppressed []Finding `json:"suppressed"`
	Gate       Gate      `json:"gate"`
	// Skipped is what could not be analysed.
	Skipped []Skipped `json:"skipped"`
	// Lines are what the change adds or edits in the files that annotations stand in.
	Lines []Lines `json:"lines"`
	// Notices are facts about the run that a reader should know: no base, no builds, a limit the change raises.
	Notices []string `json:"notices"`
	// Uplink is the rate in bits per second at which upload times are shown; 0 means none is configured.
	Uplink int64 `json:"uplink"`
	// Floor is the growth below which a change is not worth a comment.
	Floor Floor `json:"floor"`
}

// Side says what was measured on one side of the comparison.
type Side struct {
	// Commit is the full object id; empty where the side is a directory.
	Commit string `json:"commit"`
	// Directory is the directory as the user named it; empty where the side is a commit.
	Directory string `json:"directory"`
	// Ref is the name the user or the event gave for it, such as "origin/main"; may be empty.
	Ref string `json:"ref"`
	// Source says how it was read: "commit", "commit, fetched from origin", "GitHub API", "tracked files on disk" or
	// "directory".
	Source string `json:"source"`
	// Reason says why this one was taken, such as "merge base with origin/main".
	Reason string `json:"reason"`
}

// Size is an amount that is uploaded.
type Size struct {
	// Bytes is what BuildKit prints as "transferring": contents and metadata.
	Bytes int64 `json:"bytes"`
	// Payload is the contents of the files alone, in bytes.
	Payload int64 `json:"payload"`
	// Files is the number of regular files.
	Files int64 `json:"files"`
}

// Upload is an amount at head, at base and their difference. Head is nil for a removed build, Base for an added
// one and where there is no base; Delta is nil exactly where the report has no base. The missing side counts as 0.
type Upload struct {
	Head  *Size `json:"head"`
	Base  *Size `json:"base"`
	Delta *Size `json:"delta"`
}

// Status says how a build at head relates to base.
type Status string

// The states of a build. Absolute is that of every build where there is no base.
const (
	Added     Status = "added"
	Removed   Status = "removed"
	Changed   Status = "changed"
	Unchanged Status = "unchanged"
	Absolute  Status = "absolute"
)

// Build is one build of the repository, at both sides.
type Build struct {
	Name       string            `json:"name"`
	Status     Status            `json:"status"`
	Dockerfile string            `json:"dockerfile"`
	Context    string            `json:"context"`
	Stage      string            `json:"stage"`
	Args       map[string]string `json:"args"`
	Platforms  []string          `json:"platforms"`
	// Contexts are the named contexts.
	Contexts map[string]string `json:"contexts"`
	Origin   Origin            `json:"origin"`
	// GitContext is the step of a workflow that builds it from a Git context, so that nothing is uploaded there and no
	// budget judges it; nil where it is built from a directory.
	GitContext *Origin `json:"gitContext"`
	// Exact is false where an assumption may change a number of either side.
	Exact       bool     `json:"exact"`
	Assumptions []string `json:"assumptions"`
	Upload      Upload   `json:"upload"`
	// Untracked is what lies on disk beside head's tree and would be sent; nil where there is no disk to look at.
	Untracked *Size `json:"untracked"`
	// Transfers are the parts of the upload at head.
	Transfers []Transfer `json:"transfers"`
	// Changed are the uploaded paths whose size or content differs, the largest difference first.
	Changed []Change `json:"changed"`
}

// Origin says where a build was found.
type Origin struct {
	Path string `json:"path"`
	Line int    `json:"line"`
}

// Transfer is one part of an upload, as BuildKit prints it.
type Transfer struct {
	// Name is the local's name: "context", "dockerfile" or a named context's.
	Name string `json:"name"`
	// Label is BuildKit's name for the step, such as "load build context".
	Label string `json:"label"`
	Size
}

// Change is an uploaded path that differs between base and head.
type Change struct {
	Path string `json:"path"`
	// Transfer is the name of the transfer that holds the path.
	Transfer string `json:"transfer"`
	// Base and Head are sizes of the contents in bytes; nil where the path is not uploaded on that side.
	Base *int64 `json:"base"`
	Head *int64 `json:"head"`
	// Pulls are the instructions that pull the path in, at head, or at base where the path is gone.
	Pulls []Instruction `json:"pulls"`
}

// Instruction is a place in a Dockerfile.
type Instruction struct {
	Path string `json:"path"`
	Line int    `json:"line"`
	// Text is the instruction as written, its first line only.
	Text string `json:"text"`
}

// Position is a place in a file: 1-based line and column, columns in characters.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Lines are lines of a file at head that base does not have, from First to Last, counted from 1.
type Lines struct {
	Path  string `json:"path"`
	First int    `json:"first"`
	Last  int    `json:"last"`
}

// String is LINE:COLUMN.
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Finding is what a rule says about a build, or about several that share what it is about.
type Finding struct {
	Rule     string `json:"rule"`
	Area     string `json:"area"`
	Severity string `json:"severity"`
	State    string `json:"state"`
	// Build is the build whose numbers the finding has; Builds are all that it is about, sorted, that one included.
	Build   string   `json:"build"`
	Builds  []string `json:"builds"`
	Path    string   `json:"path"`
	Start   Position `json:"start"`
	End     Position `json:"end"`
	Message string   `json:"message"`
	// Snippet shows the place with a caret under it, in plain text.
	Snippet string `json:"snippet,omitempty"`
	// Advice says what to do where there is no fix, or what to know before one is made; may be empty.
	Advice string `json:"advice,omitempty"`
	// Saves is what the first fix saves of the build's upload; nil where that was not measured.
	Saves       *Saving `json:"saves"`
	Fixes       []Fix   `json:"fixes"`
	Fingerprint string  `json:"fingerprint"`
	// Reason is why the finding is suppressed; empty where it is not.
	Reason string `json:"reason,omitempty"`
}

// Saving is a measured difference of an upload, in bytes.
type Saving struct {
	Bytes int64 `json:"bytes"`
	Exact bool  `json:"exact"`
}

// Fix is a set of edits that makes a finding go away.
type Fix struct {
	Title string `json:"title"`
	Edits []Edit `json:"edits"`
	// Diff is the same as a diff that git apply reads. Only the first fix of a new finding has one, and not one of more than
	// MaxDiff bytes.
	Diff string `json:"diff,omitempty"`
}

// MaxDiff is the most bytes of a fix's diff that a report holds: what a person reads in a comment.
const MaxDiff = 4000

// Edit replaces the text between Start and End of a file. Equal positions insert; a file that does not exist is created.
type Edit struct {
	Path    string   `json:"path"`
	Start   Position `json:"start"`
	End     Position `json:"end"`
	NewText string   `json:"newText"`
}

// Gate says whether the check passed. Reasons are empty where it did.
type Gate struct {
	Passed  bool     `json:"passed"`
	Reasons []string `json:"reasons"`
	// Failures are the reasons with what they are about, in the same order.
	Failures []Failure `json:"failures"`
	// Override is what a label on the pull request takes out of the gate; nil where it takes out nothing.
	Override *Override `json:"override"`
}

// Override lets a change pass that exceeds a growth budget.
type Override struct {
	// Label is the label on the pull request that allows it.
	Label string `json:"label"`
	// Failures are what would fail without it; never empty.
	Failures []Failure `json:"failures"`
}

// Failure is one reason why the gate fails.
type Failure struct {
	// Rule is what failed: upload-budget, growth-budget, or the rule of a new finding.
	Rule    string `json:"rule"`
	Build   string `json:"build"`
	Message string `json:"message"`
}

// The names of what fails besides findings.
const (
	UploadBudget = "upload-budget"
	GrowthBudget = "growth-budget"
	// Unreadable is a build that cannot be analysed.
	Unreadable = "build-not-analysed"
)

// Skipped is a build, or a rule of a build, that could not be analysed.
type Skipped struct {
	Build string `json:"build"`
	// Rule is empty where the whole build was skipped.
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	// Path and Line say where; empty and 0 where there is no such place.
	Path string `json:"path"`
	Line int    `json:"line"`
	// Snippet shows the place with a caret under it, in plain text; may be empty.
	Snippet string `json:"snippet,omitempty"`
	// Regression says that base could read this build and head cannot.
	Regression bool `json:"regression"`
	// Template says that the file is what a Dockerfile is made from, so that there is nothing to analyse.
	Template bool `json:"template"`
}

// Floor is the growth below which a change is not worth a comment: both must be exceeded.
type Floor struct {
	Bytes   int64   `json:"bytes"`
	Percent float64 `json:"percent"`
}
