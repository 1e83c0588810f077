package report

import "slices"

// HasNews answers whether a change is worth a comment: a build was added or removed, a difference is above the floor, a
// finding is new or fixed, or the gate has something to say. A report without a base has news only where the gate fails.
//
// What a build from a Git context would upload is no news, since nothing of it is uploaded.
func (r *Report) HasNews() bool {
	if !r.Gate.Passed || r.Gate.Override != nil || len(r.Unanswered()) > 0 {
		return true
	}
	if r.Base == nil {
		return false // all findings count as new
	}
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.State == "new" || f.State == "fixed" }) {
		return true
	}
	return slices.ContainsFunc(r.Builds, r.isNews)
}

func (r *Report) isNews(b Build) bool {
	switch {
	case b.Status == Added || b.Status == Removed:
		return true
	case b.Status != Changed || b.GitContext != nil:
		return false
	}
	return r.Floor.isExceeded(b.Upload.Delta.bytes(), b.Upload.Base.bytes())
}

// isExceeded reports whether a difference is above both parts of the floor. From nothing, any growth is above a share.
func (f Floor) isExceeded(delta, base int64) bool {
	size := max(delta, -delta)
	return size > f.Bytes && (base <= 0 || float64(size) > f.Percent/100*float64(base))
}
