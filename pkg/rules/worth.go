package rules

import "github.com/loadline-dev/loadline/pkg/rule"

// The upload from which it is worth saying something: below both, a fix saves less than reading about it costs.
const (
	worthBytes = 1_000_000
	worthFiles = 500
)

// worthwhile reports whether leaving a part of the upload out is worth a finding.
func worthwhile(s rule.Size) bool { return s.Bytes >= worthBytes || s.Files >= worthFiles }
