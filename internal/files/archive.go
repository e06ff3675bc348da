package files

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/target"
)

// The small files of a tree travel as a tar archive where one end is a host that has tar and the other is this machine: an sftp-server is asked four things
// about each file and answers each of them by itself, which takes it longer than the file. What an archive cannot carry, or the host's tar does not give or
// take, is moved one by one afterwards; that also shows why, if it cannot be moved at all.

const (
	// archiveFrom is how many small files make an archive worth its command.
	archiveFrom = 20
	// batchFiles and batchBytes bound a batch: files of one directory that are read or written together.
	batchFiles, batchBytes = 256, fastFrom
	// batchers is how many batches this machine reads or writes at once.
	batchers = 4
)

// unsetTar has tar do what its arguments say: an account's profile may have it rename members, leave some out or write elsewhere (GNU's TAR_OPTIONS and TAPE,
// bsdtar's TAR_READER_OPTIONS and TAR_WRITER_OPTIONS), and it would say that all went well.
const unsetTar = "unset TAR_OPTIONS TAPE TAR_READER_OPTIONS TAR_WRITER_OPTIONS"

// archive moves all files that can be moved so.
func (t *tree) archive(ctx context.Context) error {
	host, up := t.archiver()
	if host == nil {
		return nil
	}
	items := t.small(up)
	if len(items) < archiveFrom || !host.tars(ctx) {
		return nil
	}
	var err error
	if up {
		err = t.send(ctx, t.From.(*local), host, items)
	} else {
		err = t.fetch(ctx, host, t.To.(*local), items)
	}
	var refused *tarError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.As(err, &refused):
		return err
	case up || len(t.sums) == 0:
		host.withoutTar() // it is not asked again for each tree
	}
	return t.doubt(ctx, items)
}

// archiver is the host of the transfer, nil if none or both ends are hosts.
func (t *tree) archiver() (host *remote, up bool) {
	if t.From.Local() == t.To.Local() {
		return nil, false
	}
	if t.From.Local() {
		return commander(t.To), true
	}
	return commander(t.From), false
}

// commander is the host of a file system whose commands can be run there, nil for this machine.
func commander(f FS) *remote {
	switch f := f.(type) {
	case *remote:
		return f
	case *shell:
		return f.r
	}
	return nil
}

// small are the files that an archive takes. Whether an empty one is what it says can only be seen by reading it (errUnsized).
func (t *tree) small(up bool) (items []item) {
	for _, i := range t.list.items {
		if i.info.Mode.IsRegular() && i.info.Size < fastFrom && (up || i.info.Size > 0) && !t.have[i.rel] {
			items = append(items, i)
		}
	}
	return items
}

// batches are files of one directory each, in the order of the listing.
func batches(items []item) (all [][]item) {
	var size int64
	for n, i := range items {
		if last := len(all) - 1; n > 0 && dirOf(i.rel) == dirOf(items[n-1].rel) && len(all[last]) < batchFiles && size+i.info.Size <= batchBytes {
			all[last] = append(all[last], i)
			size += i.info.Size
			continue
		}
		all, size = append(all, []item{i}), i.info.Size
	}
	return all
}

// arrived counts a file that is there.
func (t *tree) arrived(i item, sum [32]byte, n int64) {
	t.mu.Lock()
	t.sums[i.rel], t.sizes[i.rel] = sum, n
	t.r.Files++
	t.r.Bytes += n
	t.mu.Unlock()
	t.meter.change(func(p *Progress) { p.Files++ })
}

// doubt keeps, of the files that came by an archive whose tar has complained, those that are the same on both ends. The others are to be moved again.
func (t *tree) doubt(ctx context.Context, items []item) error {
	var came []item
	for _, i := range items {
		if _, ok := t.sums[i.rel]; ok {
			came = append(came, i)
		}
	}
	equal, err := t.equal(ctx, came)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range items {
		if equal[i.rel] {
			continue
		}
		// Also one that was not told of may be there, in part.
		g.Go(func() error {
			if err := t.To.Remove(gctx, under(t.stage, i.rel)); err != nil && Code(err) != "not_found" {
				return err
			}
			return nil
		})
		if _, ok := t.sums[i.rel]; ok {
			n := t.sizes[i.rel] // not what the listing says of a file that has shrunk since
			delete(t.sums, i.rel)
			t.r.Files--
			t.r.Bytes -= n
			t.meter.change(func(p *Progress) { p.Files, p.Done = p.Files-1, p.Done-n })
		}
	}
	return g.Wait()
}

// tarError says that the host's tar has not done all that was asked of it.
type tarError struct{ said string }

func (e *tarError) Error() string { return "tar: " + e.said }

// tars reports whether the host may have a tar that does.
func (r *remote) tars(ctx context.Context) bool {
	r.host.mu.Lock()
	not := time.Since(r.host.noTar) < forget
	r.host.mu.Unlock()
	return !not && r.commands(ctx)
}

func (r *remote) withoutTar() {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.noTar = time.Now()
}

// tarred is how a command with tar has ended: nil, a tarError, or what is wrong with the host.
func (r *remote) tarred(ctx context.Context, exit target.Exit, err error, said, dir string) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return r.fail(ctx, "archive", dir, err)
	case exit.Code != nil && *exit.Code == 0:
		return nil
	}
	if said = clipWords(said); saidCode(said) == "limit_reached" { // more of it would not fit either
		return &Error{Op: "write", Path: dir, Code: "limit_reached", Message: said, Hint: hints["limit_reached"], Err: errors.New(said)}
	}
	return &tarError{said + exitWord(exit)}
}
