package files

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// auto is the file system of a host: by SFTP, or by commands where there is no sftp subsystem. Which of them shows with the first use.
type auto struct {
	sftp  *remote
	shell *shell
}

// pick tells which it is. What hinders both, such as a host that cannot be reached, shows when SFTP is used.
func (a *auto) pick(ctx context.Context) FS {
	s, err := a.sftp.host.use(ctx, a.sftp)
	if err == nil {
		s.leave()
	} else if errors.Is(err, errNoSFTP) {
		return a.shell
	}
	return a.sftp
}

// settled is a file system in its final form.
func settled(ctx context.Context, f FS) FS {
	if a, ok := f.(*auto); ok {
		return a.pick(ctx)
	}
	return f
}

func (a *auto) Local() bool { return false }

func (a *auto) RealPath(ctx context.Context, name string) (string, error) {
	return a.pick(ctx).RealPath(ctx, name)
}
func (a *auto) Stat(ctx context.Context, name string) (Info, error) {
	return a.pick(ctx).Stat(ctx, name)
}
func (a *auto) Lstat(ctx context.Context, name string) (Info, error) {
	return a.pick(ctx).Lstat(ctx, name)
}
func (a *auto) ReadDir(ctx context.Context, name string, limit int) ([]Info, bool, error) {
	return a.pick(ctx).ReadDir(ctx, name, limit)
}
func (a *auto) ReadLink(ctx context.Context, name string) (string, error) {
	return a.pick(ctx).ReadLink(ctx, name)
}
func (a *auto) Open(ctx context.Context, name string) (Reader, error) {
	return a.pick(ctx).Open(ctx, name)
}
func (a *auto) Create(ctx context.Context, name string, o CreateOptions) (Writer, error) {
	return a.pick(ctx).Create(ctx, name, o)
}
func (a *auto) Mkdir(ctx context.Context, name string, mode fs.FileMode) error {
	return a.pick(ctx).Mkdir(ctx, name, mode)
}
func (a *auto) Chmod(ctx context.Context, name string, mode fs.FileMode) error {
	return a.pick(ctx).Chmod(ctx, name, mode)
}
func (a *auto) Chown(ctx context.Context, name string, uid, gid int) error {
	return a.pick(ctx).Chown(ctx, name, uid, gid)
}
func (a *auto) Chtimes(ctx context.Context, name string, accessed, modified time.Time) error {
	return a.pick(ctx).Chtimes(ctx, name, accessed, modified)
}
func (a *auto) Symlink(ctx context.Context, to, name string) error {
	return a.pick(ctx).Symlink(ctx, to, name)
}
func (a *auto) Rename(ctx context.Context, from, to string) error {
	return a.pick(ctx).Rename(ctx, from, to)
}
func (a *auto) RenameNew(ctx context.Context, from, to string) error {
	return a.pick(ctx).RenameNew(ctx, from, to)
}
func (a *auto) Remove(ctx context.Context, name string) error { return a.pick(ctx).Remove(ctx, name) }
func (a *auto) Rmdir(ctx context.Context, name string) error  { return a.pick(ctx).Rmdir(ctx, name) }
func (a *auto) SHA256(ctx context.Context, name string, length int64) ([32]byte, int64, error) {
	return a.pick(ctx).SHA256(ctx, name, length)
}
