package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/files/sftp"
)

// workers is how many files of a tree are under way at once.
const workers = 32

// tree is a transfer of a tree. All of it is built in a part directory first; then a tree that is new is renamed as a whole, and one that
// joins a directory goes into it file by file, whole subtrees at once where there is nothing yet.
type tree struct {
	*Transfer
	goal  goal
	stage string // the part directory
	list  *listing
	meter *meter
	syncs bool // all of the tree can be written to disk by one call

	mu   sync.Mutex
	sums map[string][32]byte // of what was read or written on this machine's side, by rel
	have map[string]bool     // complete from an earlier transfer
	// others are part directories that were not taken.
	others leftovers
	r      Report
}

func (t *Transfer) tree(ctx context.Context, g goal) (Report, error) {
	m := newMeter(t.Progress, 0)
	defer m.stop()
	m.say("listing")
	list, err := walkTree(ctx, t.From, t.Source, t.most())
	if err != nil {
		return Report{}, err
	}
	list.dropLeaving()
	if err := t.admitted(ctx, list, g); err != nil {
		return Report{}, err
	}
	m.change(func(p *Progress) { p.Total, p.TotalFiles, p.Doing = list.bytes, list.files, "" })
	tr := &tree{Transfer: t, goal: g, list: list, meter: m, sums: map[string][32]byte{}, have: map[string]bool{}, others: leftovers{}}
	tr.r = Report{Dest: g.path, Skipped: list.skipped}
	if err := tr.copy(ctx); err != nil {
		tr.r.Part = tr.abandon(ctx)
		return tr.r, t.resumable(err, tr.r.Part)
	}
	tr.others.removeOthers(ctx, t.To)
	sweep(ctx, t.To, g.dir())
	return tr.r, nil
}

// most is how many entries a tree may have.
func (t *Transfer) most() int {
	if t.MaxEntries > 0 {
		return t.MaxEntries
	}
	return DefaultEntries
}

// admitted asks about all of the tree. In a directory of this machine that exists there may be what no file tool touches: that is found now, not when
// half of the tree is in place.
func (t *Transfer) admitted(ctx context.Context, l *listing, g goal) error {
	for _, i := range l.items {
		dest := under(g.path, i.rel)
		if t.Admit != nil && i.rel != "" {
			if err := t.Admit(i.rel, dest); err != nil {
				return err
			}
		}
		if g.exists && t.To.Local() {
			if _, err := t.To.Lstat(ctx, dest); errors.Is(err, errPrivate) || errors.Is(err, errOutside) {
				return err
			}
		}
	}
	return context.Cause(ctx)
}

func (t *tree) copy(ctx context.Context) error {
	if err := t.makeStage(ctx); err != nil {
		return err
	}
	if err := t.directories(ctx); err != nil {
		return err
	}
	host, there := t.To.(*remote)
	t.syncs = !there || host.commands(ctx)
	if err := t.files(ctx); err != nil {
		return err
	}
	if t.Verify {
		t.meter.say("comparing")
		if err := t.compare(ctx, t.written()); err != nil {
			return err
		}
	}
	t.meter.say("putting in place")
	if err := syncTree(ctx, t.To, t.stage); err != nil {
		return err
	}
	return t.publish(ctx)
}

// makeStage makes the part directory, or takes the one that an earlier transfer left: beside a tree that is new, in a directory that exists.
func (t *tree) makeStage(ctx context.Context) error {
	in, base := t.goal.dir(), path.Base(t.goal.path)
	if t.goal.exists {
		in = t.goal.path
	}
	t.stage = under(in, partName(base))
	if t.Resume {
		taken, err := t.takeStage(ctx, in, base)
		if taken || err != nil {
			return err
		}
		t.note("nothing to resume: it starts anew")
	}
	return t.To.Mkdir(ctx, t.stage, 0o700)
}

func (t *tree) takeStage(ctx context.Context, in, base string) (bool, error) {
	entries, _, err := t.To.ReadDir(ctx, in, 0)
	if err != nil {
		return false, err
	}
	var newest *Info
	for _, e := range entries {
		if !isPart(e.Name, base) || !e.Mode.IsDir() {
			continue
		}
		t.others[under(in, e.Name)] = e
		if newest == nil || e.ModTime.After(newest.ModTime) {
			newest = &e
		}
	}
	if newest == nil || t.To.RenameNew(ctx, under(in, newest.Name), t.stage) != nil {
		return false, nil
	}
	delete(t.others, under(in, newest.Name))
	if err := t.To.Chmod(ctx, t.stage, 0o700); err != nil {
		return false, err
	}
	return true, t.inherit(ctx)
}

// inherit keeps what is there of this tree and complete, and removes everything else: it would be put in place, too.
func (t *tree) inherit(ctx context.Context) error {
	old, err := walkTree(ctx, t.To, t.stage, t.most())
	if err != nil {
		return err
	}
	wanted := map[string]item{}
	for _, i := range t.list.items {
		wanted[i.rel] = i
	}
	var same []item
	bare := map[string]bool{}                      // content complete, mode not yet set
	for _, i := range slices.Backward(old.items) { // children first
		w, ok := wanted[i.rel]
		switch {
		case i.rel == "":
		case ok && i.info.Mode.IsDir() && w.info.Mode.IsDir():
		// A file gets its time when it is complete, but a source of this very second has it by chance.
		case ok && i.info.Mode.IsRegular() && w.info.Mode.IsRegular() && i.info.Size == w.info.Size && i.info.ModTime.Unix() == w.info.ModTime.Unix():
			same = append(same, w)
			bare[i.rel] = i.info.Mode != w.info.Mode
		default:
			if err := RemoveAll(ctx, t.To, under(t.stage, i.rel)); err != nil {
				return err
			}
		}
	}
	equal, err := t.equal(ctx, same)
	if err != nil {
		return err
	}
	for _, i := range same {
		if !equal[i.rel] {
			if err := t.To.Remove(ctx, under(t.stage, i.rel)); err != nil {
				return err
			}
			continue
		}
		if bare[i.rel] {
			if err := setBoth(ctx, t.To, under(t.stage, i.rel), i.info.Mode.Perm(), i.info); err != nil {
				return err
			}
		}
		t.have[i.rel] = true
		t.r.Resumed += i.info.Size
	}
	t.meter.change(func(p *Progress) { p.Done, p.Files = t.r.Resumed, len(t.have) })
	return nil
}

func (t *tree) directories(ctx context.Context) error {
	return eachLevel(t.list.items, func(i item) error {
		if i.rel == "" {
			return nil
		}
		if err := t.To.Mkdir(ctx, under(t.stage, i.rel), 0o700); err != nil && Code(err) != "already_exists" {
			return err
		}
		return nil
	})
}

// eachLevel does something to all directories, those of one depth at once. items are in the order of their depth, up or down.
func eachLevel(items []item, do func(i item) error) error {
	level := -1
	var g *errgroup.Group
	for _, i := range items {
		if !i.info.Mode.IsDir() {
			continue
		}
		depth := strings.Count(i.rel, "/")
		if i.rel == "" {
			depth = -1
		}
		if g == nil || depth != level {
			if g != nil {
				if err := g.Wait(); err != nil {
					return err
				}
			}
			g, level = new(errgroup.Group), depth
			g.SetLimit(workers)
		}
		g.Go(func() error { return do(i) })
	}
	if g == nil {
		return nil
	}
	return g.Wait()
}

// files copies files and links.
func (t *tree) files(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range t.list.items {
		if i.info.Mode.IsDir() || t.have[i.rel] || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			if i.info.Mode.Type() == fs.ModeSymlink {
				return t.To.Symlink(ctx, i.link, under(t.stage, i.rel))
			}
			return t.one(ctx, i)
		})
	}
	err := g.Wait()
	slices.SortFunc(t.r.Skipped, func(a, b Skipped) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return err
}

// one copies a file. One that cannot be read is skipped.
func (t *tree) one(ctx context.Context, i item) error {
	source := under(t.Source, i.rel)
	var data []byte
	if i.info.Size < fastFrom {
		var err error
		if data, err = readWhole(ctx, t.From, source, i.info.Size); err != nil {
			return t.skip(ctx, i, err)
		}
	}
	w, err := t.To.Create(ctx, under(t.stage, i.rel), CreateOptions{Exclusive: true, Mode: 0o600})
	if err != nil {
		return err
	}
	sum, n, err := t.write(ctx, i, data, w)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.sums[i.rel] = sum
	t.r.Files++
	t.r.Bytes += n
	t.mu.Unlock()
	t.meter.change(func(p *Progress) { p.Files++ })
	return nil
}

// write fills a new file of the stage, dresses and closes it.
func (t *tree) write(ctx context.Context, i item, data []byte, w Writer) (sum [32]byte, n int64, err error) {
	mode := i.info.Mode.Perm()
	if f, ok := w.(*remoteFile); ok && i.info.Size < fastFrom && sftp.Fits(len(data)) {
		t.meter.add(len(data))
		return sha256.Sum256(data), int64(len(data)), f.complete(data, mode, i.info, !t.syncs)
	}
	sum, n, err = t.content(ctx, i, data, &part{path: under(t.stage, i.rel), w: w})
	if err == nil {
		err = finish(w, mode, i.info)
	}
	if err == nil && !t.syncs {
		_, err = w.Sync()
	}
	return sum, n, errors.Join(err, w.Close())
}

// content writes what a file holds. sum is the digest of what this side of the transfer has read, or written.
func (t *tree) content(ctx context.Context, i item, data []byte, p *part) (sum [32]byte, n int64, err error) {
	if i.info.Size < fastFrom {
		if len(data) > 0 {
			_, err = p.w.WriteAt(data, 0)
		}
		t.meter.add(len(data))
		return sha256.Sum256(data), int64(len(data)), err
	}
	mine, err := move(ctx, t.From, under(t.Source, i.rel), t.To, p, i.info.Size, t.Verify, t.meter)
	if err != nil {
		return sum, 0, err
	}
	info, err := p.w.Stat()
	if err != nil {
		return sum, 0, err
	}
	sum, err = mine()
	return sum, info.Size, err
}

func (t *tree) skip(ctx context.Context, i item, err error) error {
	if code := Code(err); ctx.Err() != nil || code != "permission_denied" && code != "not_found" && code != "invalid_argument" {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.r.Skipped = append(t.r.Skipped, Skipped{i.rel, err.Error()})
	return nil
}

// readWhole reads a small file; size is what was listed. One that has grown is cut there.
func readWhole(ctx context.Context, f FS, name string, size int64) ([]byte, error) {
	r, err := openListed(ctx, f, name)
	if err != nil {
		return nil, err
	}
	if f, ok := r.(*remoteFile); ok {
		defer f.closeSoon()
	} else {
		defer r.Close()
	}
	b := make([]byte, max(size, 1))
	n, err := r.ReadAt(b, 0)
	if size == 0 && n > 0 {
		return nil, errUnsized
	}
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// openListed opens what a listing has called a regular file: a host need not be asked again.
func openListed(ctx context.Context, f FS, name string) (Reader, error) {
	if r, ok := f.(*remote); ok {
		return r.openListed(ctx, name)
	}
	return f.Open(ctx, name)
}

// finish gives a complete file its mode and its time.
func finish(w Writer, mode fs.FileMode, info Info) error {
	if f, ok := w.(*remoteFile); ok {
		return f.finish(mode, info)
	}
	return errors.Join(w.Chmod(mode), w.Chtimes(info.AccessTime, info.ModTime))
}

// written are the files that this transfer has written.
func (t *tree) written() []item {
	var all []item
	for _, i := range t.list.items {
		if _, ok := t.sums[i.rel]; ok {
			all = append(all, i)
		}
	}
	return all
}

// compare compares the digests of both ends.
func (t *tree) compare(ctx context.Context, items []item) error {
	equal, err := t.equal(ctx, items)
	if err != nil {
		return err
	}
	for _, i := range items {
		if !equal[i.rel] {
			// Of no use to a resumed transfer either.
			_ = t.To.Remove(ctx, under(t.stage, i.rel))
			return &Error{Op: "copy", Path: under(t.Source, i.rel), Code: "internal", Hint: "call again when the source is at rest; nothing was replaced",
				Message: "the two ends differ: it changed while it was read, or bytes were damaged on the way"}
		}
	}
	return nil
}

// equal computes the digests of both ends and says which are the same.
func (t *tree) equal(ctx context.Context, items []item) (map[string]bool, error) {
	if len(items) == 0 {
		return nil, nil
	}
	rels := make([]string, len(items))
	for n, i := range items {
		rels[n] = i.rel
	}
	var here, there map[string][32]byte
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { here, err = digests(gctx, t.From, t.Source, rels, t.known(t.From)); return err })
	g.Go(func() (err error) { there, err = digests(gctx, t.To, t.stage, rels, t.known(t.To)); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	equal := map[string]bool{}
	for _, rel := range rels {
		a, aok := here[rel]
		b, bok := there[rel]
		equal[rel] = aok && bok && a == b
	}
	return equal, nil
}

// known are digests that need not be computed again: those of bytes that went through this process, on its own side. A transfer between
// two file systems of this machine reads everything again.
func (t *tree) known(f FS) map[string][32]byte {
	if !f.Local() || t.From.Local() && t.To.Local() {
		return nil
	}
	return t.sums
}

// abandon leaves the part directory for a resumed transfer, or removes it.
func (t *tree) abandon(ctx context.Context) string {
	if t.stage == "" {
		return ""
	}
	late, cancel := lastly(ctx, "the part directory could not be removed in time")
	defer cancel()
	cancelled := ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled)
	if (cancelled && !t.Resume || t.r.Files == 0) && removeTree(late, t.To, t.stage) == nil {
		return ""
	}
	if _, err := t.To.Lstat(late, t.stage); err != nil {
		return ""
	}
	return t.stage
}

func (s Skipped) String() string { return fmt.Sprintf("%s: %s", Escape(s.Path), s.Reason) }
