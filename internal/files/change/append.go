package change

import (
	"context"
	"io/fs"

	"relay-shell/internal/files"
)

// Append adds to the end of a file, as the shell's >> does: the file stays the same one, so that whoever has it open sees what is added.
// It is not atomic: a connection that is cut in the middle leaves a part.
func (p *Place) Append(ctx context.Context, real string, content []byte, mode *fs.FileMode) (created bool, size int64, err error) {
	release, err := p.Locks.acquire(ctx, p.Key+"\x00"+real)
	if err != nil {
		return false, 0, err
	}
	defer release()
	o := files.CreateOptions{Append: true, Mode: 0o666}
	if _, err = p.FS.Lstat(ctx, real); files.Code(err) == "not_found" {
		created = true
		if mode != nil {
			o.Mode = *mode & fs.ModePerm
		}
	}
	f, err := p.FS.Create(ctx, real, o)
	if err != nil {
		return false, 0, err
	}
	_, err = f.Write(content)
	if err == nil && mode != nil {
		err = f.Chmod(*mode)
	}
	if err == nil {
		_, err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return created, 0, err
	}
	info, err := p.FS.Lstat(ctx, real)
	return created, info.Size, err
}
