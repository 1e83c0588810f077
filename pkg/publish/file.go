package publish

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// WriteFile writes a file that the workflow asks for, and the directories that it lies in. The working directory may hold
// what a pull request brought: no symbolic link below it is followed, and one in the file's place is replaced, so that
// nothing else is written to.
func WriteFile(name string, data []byte) error {
	root, inside, err := openAbove(name)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer root.Close()
	if err := replace(root, inside, data); err != nil {
		return fmt.Errorf("writing %s: %w", name, plain(err))
	}
	return nil
}

func replace(root *os.Root, name string, data []byte) error {
	if err := throughDirectories(root, path.Dir(name), root.Mkdir); err != nil {
		return err
	}
	if info, err := root.Lstat(name); err == nil && info.IsDir() {
		return errors.New("it is a directory")
	}
	next := path.Join(path.Dir(name), ".loadline-"+rand.Text())
	f, err := root.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = root.Rename(next, name)
	}
	if err != nil {
		_ = root.Remove(next)
	}
	return err
}

// OpenFile opens a regular file that the workflow names. As with WriteFile, no symbolic link below the working directory
// is followed.
func OpenFile(name string) (*os.File, error) {
	root, inside, err := openAbove(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	defer root.Close()
	f, err := openRegular(root, inside)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, plain(err))
	}
	return f, nil
}

func openRegular(root *os.Root, name string) (*os.File, error) {
	if err := throughDirectories(root, path.Dir(name), nil); err != nil {
		return nil, err
	}
	info, err := root.Lstat(name) // before it is opened: a fifo would wait for its other end
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	return root.Open(name)
}

// openAbove opens the working directory where the file lies below it, else the directory that the file lies in, which
// nobody but the workflow has named.
func openAbove(name string) (root *os.Root, inside string, err error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, "", err
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, "", err
	}
	if within, err := filepath.Rel(dir, absolute); err == nil && filepath.IsLocal(within) {
		root, err = os.OpenRoot(dir)
		return root, filepath.ToSlash(within), err
	}
	if root, err = os.OpenRoot(filepath.Dir(absolute)); err != nil {
		return nil, "", plain(err)
	}
	return root, filepath.Base(absolute), nil
}

// throughDirectories checks that a path below root is made of directories, and no links to some. What is missing is made
// by a function; nil makes nothing.
func throughDirectories(root *os.Root, dir string, mkdir func(string, fs.FileMode) error) error {
	if dir == "." {
		return nil
	}
	parts := strings.Split(dir, "/")
	for i := range parts {
		at := strings.Join(parts[:i+1], "/")
		info, err := root.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) && mkdir != nil {
			if err = mkdir(at, 0o755); err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", at)
		}
	}
	return nil
}

// plain drops the path from an error of the file system: the message names it already.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
