package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"

	"relay-shell/internal/files/sftp"
)

// one copies a file. One that cannot be read is skipped.
func (t *tree) one(ctx context.Context, i item) error {
	r, err := openListed(ctx, t.From, t.Source, i.rel)
	if err != nil {
		return t.skip(ctx, i, err)
	}
	var data []byte
	if i.info.Size < fastFrom {
		if data, err = readWhole(r, i.info.Size); err != nil {
			return t.skip(ctx, i, err)
		}
	} else {
		defer r.Close()
	}
	w, err := t.To.Create(ctx, under(t.stage, i.rel), CreateOptions{Exclusive: true, Mode: 0o600})
	if err != nil {
		return err
	}
	sum, n, err := t.write(ctx, i, r, data, w)
	if err != nil {
		return err
	}
	t.arrived(i, sum, n)
	return nil
}

// write fills a new file of the stage, dresses and closes it.
func (t *tree) write(ctx context.Context, i item, r Reader, data []byte, w Writer) (sum [32]byte, n int64, err error) {
	mode := i.info.Mode.Perm()
	if f, ok := w.(*remoteFile); ok && i.info.Size < fastFrom && sftp.Fits(len(data)) {
		t.meter.add(len(data))
		return sha256.Sum256(data), int64(len(data)), f.complete(data, mode, i.info, !t.syncs)
	}
	sum, n, err = t.content(ctx, i, r, data, &part{path: under(t.stage, i.rel), w: w})
	if err == nil {
		err = finish(w, mode, i.info)
	}
	if err == nil && !t.syncs {
		_, err = w.Sync()
	}
	return sum, n, errors.Join(err, w.Close())
}

// content writes what a file holds: data of a small one. sum is the digest of what this side of the transfer has read, or written.
func (t *tree) content(ctx context.Context, i item, r Reader, data []byte, p *part) (sum [32]byte, n int64, err error) {
	if i.info.Size < fastFrom {
		if len(data) > 0 {
			_, err = p.w.WriteAt(data, 0)
		}
		t.meter.add(len(data))
		return sha256.Sum256(data), int64(len(data)), err
	}
	mine, err := move(ctx, t.From, under(t.Source, i.rel), r, t.To, p, i.info.Size, t.Verify, t.meter)
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

// readWhole reads a small file and closes it; size is what was listed. One that has grown is cut there.
func readWhole(r Reader, size int64) ([]byte, error) {
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

// openListed opens what a listing of a tree has called a regular file. A host need not be asked again. Here no link is followed to it, also where somebody
// has put one since.
func openListed(ctx context.Context, f FS, root, rel string) (Reader, error) {
	switch f := f.(type) {
	case *remote:
		return f.openListed(ctx, under(root, rel))
	case *local:
		return f.openBeneath(ctx, root, rel)
	}
	return f.Open(ctx, under(root, rel))
}

// finish gives a complete file its mode and its time.
func finish(w Writer, mode fs.FileMode, info Info) error {
	if f, ok := w.(*remoteFile); ok {
		return f.finish(mode, info)
	}
	return errors.Join(w.Chmod(mode), w.Chtimes(info.AccessTime, info.ModTime))
}
