package tree

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// batchReader is one git cat-file --batch, which reads many objects without a process for each.
type batchReader struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// patience is how long one object may take. Nothing is fetched, so only a broken disk is that slow.
const patience = time.Minute

// maxBlob is the most that Open reads of a blob into memory, in bytes.
const maxBlob = 64 << 20

func (g *Git) startBatch(ctx context.Context) (*batchReader, error) {
	cmd := gitCommand(ctx, g.dir(), g.arguments("cat-file", "--batch")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	return &batchReader{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<16)}, nil
}

func (b *batchReader) close() {
	if b == nil {
		return
	}
	_ = b.in.Close()
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// readBlob reads one blob. The error matches ErrAbsent or ErrTooLarge.
func (g *Git) readBlob(id string) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.batch == nil {
		b, err := g.startBatch(context.Background())
		if err != nil {
			return nil, err
		}
		g.batch = b
	}
	b := g.batch
	guard := time.AfterFunc(patience, func() { _ = b.cmd.Process.Kill() })
	defer guard.Stop()
	_, err := io.WriteString(b.in, id+"\n")
	var data []byte
	if err == nil {
		data, err = b.next(id, maxBlob)
	}
	if err != nil && !errors.Is(err, ErrAbsent) {
		b.close()
		g.batch = nil
	}
	return data, err
}

// next reads the answer for one object: "ID TYPE SIZE\nCONTENT\n" or "ID missing\n".
func (b *batchReader) next(id string, limit int64) ([]byte, error) {
	head, err := b.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	fields := strings.Fields(head)
	if len(fields) == 2 && fields[1] == "missing" {
		return nil, fmt.Errorf("the object %s %w", id, ErrAbsent)
	}
	if len(fields) != 3 || fields[0] != id {
		return nil, fmt.Errorf("git cat-file: unexpected answer %q", head)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("git cat-file: unexpected answer %q", head)
	}
	if size > limit {
		return nil, fmt.Errorf("the object %s %w: %d bytes", id, ErrTooLarge, size)
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(b.out, data); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	return data[:size], nil
}

// readAll reads the blobs of some entries in one go. found gets nil for a blob that is absent after all.
func (g *Git) readAll(ctx context.Context, entries []Entry, which []int, found func(e *Entry, data []byte)) error {
	if len(which) == 0 {
		return nil
	}
	b, err := g.startBatch(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	go func() {
		w := bufio.NewWriter(b.in)
		for _, i := range which {
			if _, err := w.WriteString(entries[i].Object + "\n"); err != nil {
				return
			}
		}
		_ = w.Flush()
		_ = b.in.Close()
	}()
	for _, i := range which {
		data, err := b.next(entries[i].Object, maxBlob)
		if err != nil && !errors.Is(err, ErrAbsent) {
			return err
		}
		found(&entries[i], data)
	}
	return nil
}
