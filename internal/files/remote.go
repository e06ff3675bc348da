package files

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path"
	"strings"
	"time"

	"relay-shell/internal/files/sftp"
	"relay-shell/internal/target"
)

// remote is the file system of a host, by SFTP.
type remote struct {
	host   *host
	target target.Target
	opener target.Opener
	store  bool
}

func (r *remote) Local() bool { return false }

// with does something over the host's session. Where again allows it, a session that turns out to be gone is replaced once.
func (r *remote) with(ctx context.Context, op, name string, again bool, do func(s *session, name string) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if name == "" || strings.ContainsRune(name, 0) || len(name) > maxPath {
		return failf(op, name, "invalid_argument", "no file can have this name: it is empty, too long or holds a NUL byte")
	}
	for {
		s, err := r.host.use(ctx, r)
		if err != nil {
			return r.fail(ctx, op, name, err)
		}
		err = r.expanded(ctx, s, name, func(s *session, name string) error { return r.absent(ctx, s, op, name, do(s, name)) })
		s.leave()
		var lost *sftp.LostError
		if again && errors.As(err, &lost) && ctx.Err() == nil {
			again = false
			continue
		}
		return r.fail(ctx, op, name, err)
	}
}

// expanded does it with "~/" replaced.
func (r *remote) expanded(ctx context.Context, s *session, name string, do func(s *session, name string) error) error {
	if name == "~" || strings.HasPrefix(name, "~/") {
		home, err := s.Realpath(ctx, ".")
		if err != nil {
			return err
		}
		name = home + name[1:]
	}
	return do(s, name)
}

// fail puts the codes of the protocol into the contract's.
func (r *remote) fail(ctx context.Context, op, name string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var status *sftp.StatusError
	var lost *sftp.LostError
	var protocol *sftp.ProtocolError
	code := ""
	switch {
	case errors.As(err, &status):
		code = map[uint32]string{
			sftp.StatusNoSuchFile: "not_found", sftp.StatusPermissionDenied: "permission_denied", sftp.StatusUnsupported: "unsupported",
			sftp.StatusBadMessage: "invalid_argument", sftp.StatusConnectionLost: "connection_lost", sftp.StatusNoConnection: "connection_lost",
		}[status.Status]
		if code == "" {
			code = "internal"
		}
	case errors.As(err, &lost), errors.Is(err, sftp.ErrClosed):
		code = "connection_lost"
	case errors.As(err, &protocol):
		code = "internal"
	case errors.Is(err, errNoSFTP):
		return &Error{Op: op, Path: name, Code: "unsupported", Message: err.Error(), Hint: "use commands (ssh_exec) there", Err: err}
	default:
		return fail(ctx, op, name, err)
	}
	return &Error{Op: op, Path: name, Code: code, Message: err.Error(), Hint: hints[code], Err: err}
}

// failure reports a status that says nothing: OpenSSH's for most of what can go wrong.
func failure(err error) bool {
	var known *Error
	var status *sftp.StatusError
	return !errors.As(err, &known) && errors.As(err, &status) && status.Status == sftp.StatusFailure
}

// explain replaces a status that says nothing when the reason can be seen.
func (r *remote) explain(err error, code, message string, seen func() bool) error {
	if !failure(err) || !seen() {
		return err
	}
	return &Error{Op: "", Code: code, Message: message, Hint: hints[code], Err: err}
}

// named fills in what explain leaves out.
func named(op, name string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Op == "" {
		c := *e
		c.Op, c.Path = op, name
		return &c
	}
	return err
}

func (r *remote) RealPath(ctx context.Context, name string) (real string, err error) {
	err = r.with(ctx, "resolve", name, true, func(s *session, name string) error {
		real, err = s.Realpath(ctx, name)
		return err
	})
	return real, err
}

func (r *remote) Stat(ctx context.Context, name string) (info Info, err error) {
	err = r.with(ctx, "stat", name, true, func(s *session, name string) error {
		a, err := s.Stat(ctx, name)
		info = infoOfAttrs(name, a)
		return err
	})
	return info, err
}

func (r *remote) Lstat(ctx context.Context, name string) (info Info, err error) {
	err = r.with(ctx, "stat", name, true, func(s *session, name string) error {
		a, err := s.Lstat(ctx, name)
		info = infoOfAttrs(name, a)
		return err
	})
	return info, err
}

func (r *remote) ReadLink(ctx context.Context, name string) (to string, err error) {
	err = r.with(ctx, "read link", name, true, func(s *session, name string) error {
		to, err = s.Readlink(ctx, name)
		return r.explain(err, "invalid_argument", "it is no link", func() bool { _, lerr := s.Lstat(ctx, name); return lerr == nil })
	})
	return to, named("read link", name, err)
}

func (r *remote) Mkdir(ctx context.Context, name string, mode fs.FileMode) error {
	err := r.with(ctx, "create directory", name, false, func(s *session, name string) error {
		return r.explain(s.Mkdir(ctx, name, unixMode(mode)), "already_exists", "there is a file of that name", func() bool { return exists(ctx, s, name) })
	})
	return named("create directory", name, err)
}

func exists(ctx context.Context, s *session, name string) bool {
	_, err := s.Lstat(ctx, name)
	return err == nil
}

func (r *remote) Chmod(ctx context.Context, name string, mode fs.FileMode) error {
	return r.with(ctx, "change the mode of", name, false, func(s *session, name string) error {
		return s.Setstat(ctx, name, sftp.Attrs{Flags: sftp.HasMode, Mode: unixMode(mode)})
	})
}

// Chown is unsupported where the server can only follow links (OpenSSH before 8.0): whoever may change names in the directory would have any file given to
// anybody, by root.
func (r *remote) Chown(ctx context.Context, name string, uid, gid int) error {
	return r.with(ctx, "change the owner of", name, false, func(s *session, name string) error {
		old, err := s.Lstat(ctx, name)
		if err != nil || uid < 0 && gid < 0 {
			return err
		}
		return s.Lsetstat(ctx, name, owners(old, uid, gid))
	})
}

func (r *remote) Chtimes(ctx context.Context, name string, accessed, modified time.Time) error {
	return r.with(ctx, "change the times of", name, false, func(s *session, name string) error {
		old, err := s.Stat(ctx, name)
		if err != nil {
			return err
		}
		return s.Setstat(ctx, name, times(old, accessed, modified))
	})
}

func (r *remote) Symlink(ctx context.Context, to, name string) error {
	err := r.with(ctx, "create link", name, false, func(s *session, name string) error {
		return r.explain(s.Symlink(ctx, to, name), "already_exists", "there is a file of that name", func() bool { return exists(ctx, s, name) })
	})
	return named("create link", name, err)
}

func (r *remote) Remove(ctx context.Context, name string) error {
	err := r.with(ctx, "delete", name, false, func(s *session, name string) error {
		err := s.Client.Remove(ctx, name)
		if err == nil {
			return nil
		}
		if a, lerr := s.Lstat(ctx, name); lerr == nil && goMode(a.Mode).IsDir() {
			return &Error{Code: "invalid_argument", Message: "it is a directory", Hint: hints["invalid_argument"], Err: err}
		}
		return err
	})
	return named("delete", name, err)
}

func (r *remote) Rmdir(ctx context.Context, name string) error {
	err := r.with(ctx, "delete directory", name, false, func(s *session, name string) error {
		return r.explain(s.Client.Rmdir(ctx, name), "invalid_argument", "the directory is not empty, or it is none", func() bool { return exists(ctx, s, name) })
	})
	return named("delete directory", name, err)
}

// infoOfAttrs believes of a server's words what there is.
func infoOfAttrs(name string, a sftp.Attrs) Info {
	info := Info{Name: path.Base(name), UID: -1, GID: -1}
	if a.Flags&sftp.HasSize != 0 {
		info.Size = int64(min(a.Size, math.MaxInt64))
	}
	if a.Flags&sftp.HasOwner != 0 {
		info.UID, info.GID = int(a.UID), int(a.GID)
	}
	if a.Flags&sftp.HasMode != 0 {
		info.Mode = goMode(a.Mode)
	} else {
		info.Mode = fs.ModeIrregular
	}
	if a.Flags&sftp.HasTimes != 0 {
		info.AccessTime, info.ModTime = time.Unix(int64(a.Accessed), 0), time.Unix(int64(a.Modified), 0)
	}
	return info
}

// owners and times fill what is kept with what there is: the protocol changes both at once.
func owners(old sftp.Attrs, uid, gid int) sftp.Attrs {
	a := sftp.Attrs{Flags: sftp.HasOwner, UID: old.UID, GID: old.GID}
	if uid >= 0 {
		a.UID = uint32(uid)
	}
	if gid >= 0 {
		a.GID = uint32(gid)
	}
	return a
}

func times(old sftp.Attrs, accessed, modified time.Time) sftp.Attrs {
	a := sftp.Attrs{Flags: sftp.HasTimes, Accessed: old.Accessed, Modified: old.Modified}
	if !accessed.IsZero() {
		a.Accessed = uint32(min(max(accessed.Unix(), 0), math.MaxUint32))
	}
	if !modified.IsZero() {
		a.Modified = uint32(min(max(modified.Unix(), 0), math.MaxUint32))
	}
	return a
}
