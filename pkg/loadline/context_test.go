package loadline

import "testing"

func TestTheContextOfAnExampleIsNotTheProjectAroundIt(t *testing.T) {
	for _, test := range []struct {
		dockerfile, dir string
		want            bool
	}{
		{"examples/simple/Dockerfile", ".", true},
		{"hack/demo-env/examples/simple/Dockerfile", "hack/demo-env", true},
		{"hack/demo-env/examples/simple/Dockerfile", "hack/demo-env/examples", false},
		{"examples/simple/docker/Dockerfile", "examples/simple", false},
		{"docker/Dockerfile", ".", false},
		{"services/sampler/Dockerfile", ".", false},
	} {
		if got := leavesExamples(test.dockerfile, test.dir); got != test.want {
			t.Errorf("leavesExamples(%q, %q) = %t, want %t", test.dockerfile, test.dir, got, test.want)
		}
	}
}
