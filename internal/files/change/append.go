package change

import (
	"context"
	"fmt"
	"io/fs"

	"relay-shell/internal/files"
)

// Append adds to the end of a file, as the shell's >> does: the file stays the same one, so that whoever has it open sees what is added.
// It is not atomic: where it fails in the middle, the error says how much of it is there.
func (p *Place) Append(ctx context.Context, real string, content []byte, mode *fs.FileMode) (created bool, size int64, err error) {
	release, err := p.Locks.acquire(ctx, p.Key+"\x00"+real)
	if err != nil {
		return false, 0, err
	}
	defer release()
	o := files.CreateOptions{Append: true, Mode: 0o666}
	before, err := p.FS.Lstat(ctx, real)
	if files.Code(err) == "not_found" {
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
		return created, 0, p.partly(ctx, real, before.Size, len(content), created, err)
	}
	info, err := p.FS.Lstat(ctx, real)
	return created, info.Size, err
}

// partly says how much of what was to be appended is there. A file that was made for it and holds none of it is removed again.
func (p *Place) partly(ctx context.Context, real string, before int64, wanted int, created bool, err error) error {
	after, cancel := afterwards(ctx)
	defer cancel()
	info, serr := p.FS.Lstat(after, real)
	code := files.Code(err)
	if code == "" {
		code = "internal"
	}
	switch landed := info.Size - before; {
	case serr != nil:
		return &Error{Code: code, Message: err.Error() + "; how much of it was added cannot be told", Hint: "look at the end of the file (file_read lines=-5) before appending again"}
	case landed == 0 && created:
		_ = p.FS.Remove(after, real)
		fallthrough
	case landed == 0:
		return &Error{Code: code, Message: err.Error() + "; nothing was added", Hint: "append again once that is solved"}
	case landed < 0 || landed > int64(wanted):
		return &Error{Code: code, Message: fmt.Sprintf("%v; somebody else writes to the file, which has %d bytes and had %d", err, info.Size, before), Hint: "look at the end of the file (file_read lines=-5) before appending again"}
	default:
		return &Error{
			Code: code, Message: fmt.Sprintf("%v; %d of %d bytes were added before that: the file has %d bytes and had %d", err, landed, wanted, info.Size, before),
			Hint: fmt.Sprintf("once that is solved append what is missing, from byte %d of the content on, or cut the file to %d bytes (truncate -s)", landed, before),
		}
	}
}
