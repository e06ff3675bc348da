package files

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/target"
)

// streams is how many archives go to a host at once, if its connection has the places: one tar makes one file after the other, and to make a file takes a
// file system longer than all else.
const streams = 3

// streamFiles is how many files make a further archive worth its command.
const streamFiles = 200

// errUnheard says that nobody reads the archive any more.
var errUnheard = errors.New("nobody reads the archive")

// send has the host's tar write files of this machine into the part directory.
func (t *tree) send(ctx context.Context, here *local, host *remote, items []item) error {
	stage, err := t.To.RealPath(ctx, t.stage)
	if err != nil {
		return err
	}
	q := &queue{batches: batches(items)}
	g, ctx := errgroup.WithContext(ctx)
	for n := range min(streams, 1+len(items)/streamFiles) {
		g.Go(func() error { return t.stream(ctx, here, host, stage, q, n > 0) })
	}
	return g.Wait()
}

// queue is what is still to be sent.
type queue struct {
	mu      sync.Mutex
	batches [][]item
}

func (q *queue) next() []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) == 0 {
		return nil
	}
	b := q.batches[0]
	q.batches = q.batches[1:]
	return b
}

// extractScript reads an archive in the directory that was made for it, or not at all: its path may lead elsewhere by now, or to what somebody else has made.
// The modes of the archive: p for root's tar, the umask for busybox. o: the account's own files, also where it is root.
const extractScript = "[ -O . ] || exit 3\n" + unsetTar + "\numask 000\nLC_ALL=C exec tar -xpof -"

// stream sends an archive of what the queue has. tar goes to the directory once: whatever becomes of the names on the way, nothing is written elsewhere.
// A spare stream is of use, not needed: where it has no place, others send all.
func (t *tree) stream(ctx context.Context, here *local, host *remote, stage string, q *queue, spare bool) error {
	in, out := io.Pipe()
	packed := make(chan error, 1)
	w := &packer{tree: t}
	pack := func() { // ends with the queue, or when nobody reads it any more
		err := w.pack(ctx, here, q, out)
		packed <- err
		out.CloseWithError(err)
	}
	began := false
	var words bytes.Buffer
	exit, err := host.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: Within(stage, extractScript)},
		Stdin:  in, Stdout: io.Discard, Stderr: &limited{w: &words, left: 4096}, StoreHostKeys: host.store, Spare: spare,
		Started: func() { began = true; go pack() }, // nothing is taken from the queue before there is somebody to read it
	})
	in.CloseWithError(errUnheard)
	if !began {
		if spare && ctx.Err() == nil {
			return nil
		}
		return host.tarred(ctx, exit, err, "", t.stage)
	}
	perr := <-packed
	failed := host.tarred(ctx, exit, err, strings.TrimSpace(words.String()), t.stage)
	switch {
	case failed != nil:
		return failed
	case perr == nil:
		return w.taken(ctx)
	case errors.Is(perr, errUnheard):
		return &tarError{"it ended before the archive did"}
	}
	return perr
}

// packer writes members into an archive, for several at once.
type packer struct {
	*tree
	mu   sync.Mutex
	w    *tar.Writer
	last string // the newest member
	size int
}

// pack writes an archive. Files that cannot be read are left out of it.
func (p *packer) pack(ctx context.Context, here *local, q *queue, out io.Writer) error {
	buffered := bufio.NewWriterSize(out, 128<<10)
	p.w = tar.NewWriter(buffered)
	g, ctx := errgroup.WithContext(ctx)
	for range batchers {
		g.Go(func() error {
			for batch := q.next(); batch != nil && ctx.Err() == nil; batch = q.next() {
				if err := p.add(ctx, here, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return errors.Join(p.w.Close(), buffered.Flush())
}

// taken looks for the last member on the host. A tar that gets half an archive, cut where a header stands, takes that for all of it and says nothing.
func (p *packer) taken(ctx context.Context) error {
	if p.last == "" {
		return nil
	}
	info, err := p.To.Lstat(ctx, under(p.stage, p.last))
	if err != nil && Code(err) != "not_found" {
		return err
	}
	if err != nil || info.Size != int64(p.size) {
		return &tarError{"it did not get all of the archive"}
	}
	return nil
}

func (p *packer) add(ctx context.Context, here *local, batch []item) error {
	dir, err := here.openDir(ctx, p.Source, path.Dir(batch[0].rel))
	if err != nil {
		return nil // what is left out is told of later
	}
	defer dir.close()
	for _, i := range batch {
		data, err := dir.read(nameOf(i), i.info.Size)
		if err != nil {
			continue
		}
		sum := sha256.Sum256(data)
		p.mu.Lock()
		err = errors.Join(p.w.WriteHeader(headerOf(i, len(data))), errOf(p.w.Write(data)))
		p.last, p.size = i.rel, len(data)
		p.mu.Unlock()
		if err != nil {
			return err
		}
		p.meter.add(len(data))
		p.arrived(i, sum, int64(len(data)))
	}
	return nil
}

func errOf[T any](_ T, err error) error { return err }

// headerOf is what an archive says of a file, in the form that every tar reads and in which a name is bytes.
func headerOf(i item, size int) *tar.Header {
	a := bothOf(i.info.Mode.Perm(), i.info)
	return &tar.Header{Typeflag: tar.TypeReg, Name: i.rel, Size: int64(size), Mode: int64(a.Mode), ModTime: time.Unix(int64(a.Modified), 0), Format: tar.FormatGNU}
}
