package loadline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// analyse answers what one build uploads. name is the Dockerfile's path in messages; r looks base images up, and nil does
// not.
func analyse(ctx context.Context, meter *transfer.Meter, r *registry.Resolver, req transfer.Request, name string) (*upload, error) {
	u, err := prepare(ctx, r, req, name)
	if err != nil {
		return nil, err
	}
	return u, u.measure(ctx, meter)
}

// prepare answers what one build asks its client for.
func prepare(ctx context.Context, r *registry.Resolver, req transfer.Request, name string) (*upload, error) {
	u := &upload{args: req.Args}
	var err error
	if u.file, err = readDockerfile(req, name); err != nil {
		return nil, err
	}
	if u.plan, err = newPlan(ctx, req, u.file, name); err != nil {
		return nil, err
	}
	if r != nil {
		if err := u.lookUp(ctx, r, req, name); err != nil {
			return nil, err
		}
	}
	u.aboutImages(u.plan)
	u.aboutVariables(u.plan, u.file)
	u.aboutSyntax(u.plan)
	if req.RemoteContext != "" {
		u.note("the context is remote: BuildKit fetches it, and nothing of it is uploaded")
	}
	return u, nil
}

// measure answers how much that is.
func (u *upload) measure(ctx context.Context, meter *transfer.Meter) error {
	for _, local := range u.plan.Locals {
		t, err := meter.Measure(ctx, local)
		if err != nil {
			return err
		}
		u.transfers = append(u.transfers, t)
	}
	u.aboutEntries(u.transfers)
	return nil
}

// readDockerfile parses the Dockerfile and refuses one whose variables would grow without bounds, before BuildKit
// sees it.
func readDockerfile(req transfer.Request, name string) (*dockerfile.File, error) {
	text, err := req.ReadDockerfile()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, plain(err))
	}
	image, line := dockerfile.Syntax(text)
	if err := transfer.CheckSyntax(image); err != nil {
		at := source.NewFile(name, text)
		return nil, &source.Error{File: at, Span: at.Line(line), Msg: err.Error(), Err: err}
	}
	file, err := dockerfile.Parse(name, text)
	if err != nil {
		return nil, err
	}
	if err := dockerfile.CheckExpansion(file, req.Args); err != nil {
		return nil, err
	}
	return file, nil
}

// newPlan runs BuildKit's frontend, and gives its errors the place in the file that they are about.
func newPlan(ctx context.Context, req transfer.Request, file *dockerfile.File, name string) (*transfer.Plan, error) {
	plan, err := transfer.NewPlan(ctx, req)
	if err == nil {
		return plan, nil
	}
	var located *source.Error
	var unread *transfer.FileError
	if errors.As(err, &located) || errors.As(err, &unread) {
		return nil, err // it names the file: an ignore file, most often
	}
	line := transfer.Line(err)
	instruction := file.InstructionAt(line)
	if instruction == nil {
		return nil, fmt.Errorf("%s: %w", source.Printable(name), err)
	}
	return nil, &source.Error{File: file.Source, Span: instruction.Keyword.Span, Msg: err.Error(), Err: err}
}

// plain drops the path from an error of package io/fs: the message names it already.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
