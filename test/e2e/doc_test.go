// Package e2e compares what Loadline predicts with what a real buildkitd receives.
package e2e
