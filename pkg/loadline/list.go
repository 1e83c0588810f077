package loadline

import (
	"context"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// List answers exactly what one `docker build` would upload.
//
// Errors: *UsageError for directories and revisions that do not exist; *source.Error for a Dockerfile or ignore file
// that cannot be read as one; *transfer.SyntaxError for a frontend that is not Docker's.
func List(ctx context.Context, b Single) (*report.UploadReport, error) {
	return inTime(ctx, BuildDeadline, b.list)
}

func (b Single) list(ctx context.Context) (*report.UploadReport, error) {
	req, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	if req.Dockerfile == nil {
		return remoteUpload(), nil
	}
	var meter transfer.Meter
	r, err := newResolver(b.Registry, nil)
	if err != nil {
		return nil, err
	}
	u, err := analyse(ctx, &meter, r, req, b.dockerfile())
	if err != nil {
		return nil, err
	}
	return u.report(), nil
}

// remoteUpload is the answer for a context that BuildKit fetches itself, Dockerfile and all.
func remoteUpload() *report.UploadReport {
	u := upload{}
	u.note("the context is remote: BuildKit fetches it, and nothing is uploaded")
	return u.report()
}

// upload is what one build uploads on one side.
type upload struct {
	assumptions
	plan *transfer.Plan
	file *dockerfile.File
	// args are the build arguments it was planned with.
	args      map[string]string
	transfers []*transfer.Transfer
	// failures are the reasons why images could not be looked up; nil where none was to be.
	failures map[transfer.ImageKey]string
}

// size adds up the transfers.
func (u *upload) size() report.Size {
	var total report.Size
	for _, t := range u.transfers {
		total.Bytes += t.Bytes
		total.Payload += t.Payload
		total.Files += t.Files
	}
	return total
}

// report is the upload as `loadline ls` shows it.
func (u *upload) report() *report.UploadReport {
	r := &report.UploadReport{
		Schema: report.UploadSchema, Exact: !u.inexact, Assumptions: append([]string{}, u.texts...),
		Upload: u.size(), Transfers: []report.UploadTransfer{},
	}
	for _, t := range u.transfers {
		out := report.UploadTransfer{
			Name: t.Name, Label: t.Label,
			Size:    report.Size{Bytes: t.Bytes, Payload: t.Payload, Files: t.Files},
			Entries: []report.UploadEntry{},
		}
		for _, e := range t.Entries {
			if !e.Mode.IsDir() {
				out.Entries = append(out.Entries, report.UploadEntry{Path: e.Path, Size: e.Payload})
			}
		}
		r.Transfers = append(r.Transfers, out)
	}
	return r
}
