package finding

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/source"
)

func TestADiffIsOneThatGitReads(t *testing.T) {
	tests := []struct{ what, name, before, after, want string }{
		{"a line more", "a", "x\n", "x\ny\n", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,2 @@\n x\n+y\n"},
		{"no end of line", "a", "x", "x\ny\n",
			"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,2 @@\n-x\n\\ No newline at end of file\n+x\n+y\n"},
		{"nothing", "a", "x\n", "x\n", ""},
		{"an odd name", "ä b\n\"", "x\n", "", "diff --git \"a/\\303\\244 b\\012\\\"\" \"b/\\303\\244 b\\012\\\"\"\n" +
			"--- \"a/\\303\\244 b\\012\\\"\"\n+++ \"b/\\303\\244 b\\012\\\"\"\n@@ -1,1 +0,0 @@\n-x\n"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Diff(test.name, []byte(test.before), []byte(test.after))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
}

func TestTheDiffOfAFixHasAllItsFiles(t *testing.T) {
	file := source.NewFile("Dockerfile", []byte("FROM a\n"))
	fix := Fix{Title: "Do it", Edits: []Edit{
		{Path: "Dockerfile", File: file, Edit: source.Edit{Span: source.Span{Start: 5, End: 6}, NewText: "b"}},
		{Path: ".dockerignore", Edit: source.Edit{NewText: ".git\n"}},
	}}
	want := "diff --git a/.dockerignore b/.dockerignore\nnew file mode 100644\n--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1,1 @@\n+.git\n" +
		"diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,1 +1,1 @@\n-FROM a\n+FROM b\n"
	if diff := cmp.Diff(want, fix.Diff()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
