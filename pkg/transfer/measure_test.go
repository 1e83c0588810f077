package transfer

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// pipe is one end of a connection between fsutil's sender and a receiver of the test.
type pipe struct {
	ctx  context.Context
	send chan<- *types.Packet
	recv <-chan *types.Packet
}

func (p *pipe) Context() context.Context { return p.ctx }

func (p *pipe) SendMsg(m any) error {
	packet, ok := m.(*types.Packet)
	if !ok {
		return fmt.Errorf("sending %T", m)
	}
	select {
	case p.send <- packet.CloneVT():
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *pipe) RecvMsg(m any) error {
	into, ok := m.(*types.Packet)
	if !ok {
		return fmt.Errorf("receiving %T", m)
	}
	select {
	case packet, ok := <-p.recv:
		if !ok {
			return io.EOF
		}
		into.Type, into.Stat, into.ID, into.Data = packet.Type, packet.Stat, packet.ID, packet.Data
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// sent is what fsutil's own sender puts on the wire for a filtered directory: the size of all its packets, as
// receive.go counts them.
func sent(t *testing.T, files fsutil.FS) int64 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	toReceiver, toSender := make(chan *types.Packet, 16), make(chan *types.Packet, 16)
	var wg sync.WaitGroup
	var sendErr error
	wg.Go(func() {
		defer close(toReceiver)
		sendErr = fsutil.Send(ctx, &pipe{ctx: ctx, send: toReceiver, recv: toSender}, files, nil)
	})
	var total int64
	var regular []uint32
	open := map[uint32]bool{}
	var id uint32
	request := func() {
		for len(regular) > 0 && len(open) < 4 {
			toSender <- &types.Packet{Type: types.PACKET_REQ, ID: regular[0]}
			open[regular[0]] = true
			regular = regular[1:]
		}
	}
	listed := false
	for packet := range toReceiver {
		total += int64(packet.SizeVT())
		switch packet.Type {
		case types.PACKET_STAT:
			if packet.Stat == nil {
				listed = true
				break
			}
			if os.FileMode(packet.Stat.Mode)&os.ModeType == 0 && packet.Stat.Linkname == "" {
				regular = append(regular, id)
			}
			id++
		case types.PACKET_DATA:
			if len(packet.Data) == 0 {
				delete(open, packet.ID)
			}
		}
		if listed {
			request()
			if len(open) == 0 && len(regular) == 0 && packet.Type != types.PACKET_FIN {
				toSender <- &types.Packet{Type: types.PACKET_FIN}
			}
		}
	}
	wg.Wait()
	if sendErr != nil {
		t.Fatalf("sending: %v", sendErr)
	}
	return total
}

// write fills a directory: a path ending in / is a directory, a value beginning with -> a symbolic link.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, isLink := strings.CutPrefix(content, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(p, 0o755)
		case isLink:
			err = os.Symlink(target, p)
		default:
			err = os.WriteFile(p, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMeasureEqualsWhatTheClientSends(t *testing.T) {
	chunks := map[string]string{}
	for _, n := range []int{0, 1, 126, 127, 128, 16383, 16384, 32767, 32768, 32769, 65536, 98304, 300000} {
		chunks[fmt.Sprintf("f%07d", n)] = strings.Repeat("x", n)
	}
	many := map[string]string{}
	for i := range 400 {
		many[fmt.Sprintf("d%02d/f%03d", i%17, i)] = strings.Repeat("y", i)
	}
	mixed := map[string]string{
		"a.txt": "one", "dir/b.txt": "two", "dir/sub/c.go": "package c", "empty/": "", "link": "-> dir/b.txt",
		"dangling": "-> nowhere", "out": "-> ../../etc/passwd", "ünïcode name": "x", ".git/HEAD": "ref: x",
		"keep/x/y": "1", "keep/x/z": "2",
	}
	tests := []struct {
		name    string
		files   map[string]string
		follow  []string
		exclude []string
	}{
		{"an empty directory is one packet", nil, nil, nil},
		{"sizes around a chunk", chunks, nil, nil},
		{"ids of one, two and three bytes", many, nil, nil},
		{"links, empty directories and odd names", mixed, nil, nil},
		{"an ignore file", mixed, nil, []string{".git", "**/*.go"}},
		{"an allow list", mixed, nil, []string{"*", "!keep", "keep/x/z"}},
		{"a pattern that closes what a negation opened", mixed, nil, []string{"keep", "!keep/x", "keep"}},
		{"a path through a link", mixed, []string{"link", "keep"}, nil},
		{"wildcards", mixed, []string{"dir/*.txt", "k*/x"}, []string{"**/z"}},
		{"nothing asked for exists", mixed, []string{"absent"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.files)
			if len(test.files) > 5 {
				if err := os.Link(filepath.Join(dir, firstFile(test.files)), filepath.Join(dir, "zz-hard-link")); err != nil {
					t.Fatal(err)
				}
			}
			snapshot, err := tree.Directory(dir)
			if err != nil {
				t.Fatal(err)
			}
			local := Local{Name: "context", FollowPaths: test.follow, ExcludePatterns: test.exclude, tree: localTree{Snapshot: snapshot}}
			got, err := (&Meter{}).Measure(t.Context(), local)
			if err != nil {
				t.Fatal(err)
			}
			disk, err := fsutil.NewFS(dir)
			if err != nil {
				t.Fatal(err)
			}
			// client/solve.go, prepareSyncedFiles: the owner is reset.
			disk, err = fsutil.NewFilterFS(disk, &fsutil.FilterOpt{Map: func(_ string, st *types.Stat) fsutil.MapResult {
				st.Uid, st.Gid = 0, 0
				return fsutil.MapResultKeep
			}})
			if err != nil {
				t.Fatal(err)
			}
			disk, err = fsutil.NewFilterFS(disk, &fsutil.FilterOpt{FollowPaths: test.follow, ExcludePatterns: test.exclude})
			if err != nil {
				t.Fatal(err)
			}
			if want := sent(t, disk); got.Bytes != want {
				t.Errorf("measured %d bytes, fsutil sends %d", got.Bytes, want)
			}
		})
	}
}

func TestWhatLiesBesideIsTheDifferenceToTheOthersAlone(t *testing.T) {
	files, others := map[string]string{}, map[string]string{}
	for i := range 500 {
		name, text := fmt.Sprintf("f%03d", i), strings.Repeat("y", i*200)
		files[name] = text
		if i%3 > 0 {
			others[name] = text
		}
	}
	measured := func(files map[string]string) *Transfer {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, files)
		snapshot, err := tree.Directory(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&Meter{}).Measure(t.Context(), Local{Name: "context", tree: localTree{Snapshot: snapshot}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	all, alone := measured(files), measured(others)
	bytes, payload, count := all.Beside(func(p string) bool { _, ok := others[p]; return ok })
	if bytes != all.Bytes-alone.Bytes || payload != all.Payload-alone.Payload || count != all.Files-alone.Files {
		t.Errorf("got %d, %d, %d, want %d, %d, %d", bytes, payload, count, all.Bytes-alone.Bytes, all.Payload-alone.Payload, all.Files-alone.Files)
	}
	own := int64(0)
	for _, e := range all.Entries {
		if _, ok := others[e.Path]; !ok {
			own += e.Bytes
		}
	}
	if own == bytes {
		t.Error("no number got longer: the test shows nothing")
	}
}

func firstFile(files map[string]string) string {
	first := ""
	for name, content := range files {
		if !strings.HasSuffix(name, "/") && !strings.HasPrefix(content, "-> ") && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

func TestMatchersDisagreeOnlyAfterANegation(t *testing.T) {
	tests := []struct {
		name     string
		patterns []string
		want     bool
	}{
		{"no negation", []string{"a", "b"}, false},
		{"negations last", []string{"*", "!a", "!b"}, false},
		{"a pattern after a negation", []string{"a", "!a/b", "a"}, true},
		{"blank lines do not count", []string{"*", "!a", " "}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mayDisagree(test.patterns)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
