package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"relay-shell/internal/files/sftp"
)

// maxEmpty is how many answers in a row may bring no entry before a server is not asked for more.
const maxEmpty = 100

func (r *remote) ReadDir(ctx context.Context, name string, limit int) (entries []Info, more bool, err error) {
	if limit <= 0 {
		limit = defaultEntries
	}
	err = r.with(ctx, "list", name, true, func(s *session, name string) error {
		entries, more = nil, false
		h, err := s.Opendir(ctx, name)
		if err != nil {
			return r.explain(err, "invalid_argument", "it is not a directory", func() bool { return exists(ctx, s, name) })
		}
		defer closeHandle(ctx, h)
		for empty := 0; ; empty++ {
			batch, err := h.Readdir(ctx)
			var status *sftp.StatusError
			if errors.As(err, &status) && status.Status == sftp.StatusEOF {
				return nil
			}
			if err != nil {
				return err
			}
			for _, n := range batch {
				if n.Name == "." || n.Name == ".." {
					continue
				}
				if err := entryName(n.Name); err != nil {
					return err
				}
				if len(entries) == limit {
					more = true
					return nil
				}
				empty = 0
				entries = append(entries, infoOfAttrs(n.Name, n.Attrs))
			}
			if empty > maxEmpty {
				return &sftp.ProtocolError{What: "a listing without end"}
			}
		}
	})
	return entries, more, named("list", name, err)
}

// entryName refuses what no directory can hold: with such names a hostile server would have files written elsewhere.
func entryName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || len(name) > 4096 {
		if len(name) > 100 {
			name = name[:100] + "…"
		}
		return &Error{Op: "list", Code: "permission_denied", Message: fmt.Sprintf("refused: the host lists the name %q, which leads out of the directory", name),
			Hint: "the host, or its sftp server, is not to be trusted"}
	}
	return nil
}

func (r *remote) Rename(ctx context.Context, from, to string) error {
	return r.two(ctx, from, to, func(s *session, from, to string) error {
		if s.Has(sftp.PosixRename) {
			return s.PosixRename(ctx, from, to)
		}
		if exists(ctx, s, to) {
			return &Error{Op: "rename", Path: from, Code: "unsupported", Message: "the host's sftp server cannot replace a file in one step (" + sftp.PosixRename + ")",
				Hint: "delete the old file first, or use mv (ssh_exec)"}
		}
		return s.Client.Rename(ctx, from, to)
	})
}

// RenameNew makes a second name and removes the first, because servers other than OpenSSH's may replace a file when they are asked to
// rename.
func (r *remote) RenameNew(ctx context.Context, from, to string) error {
	return r.two(ctx, from, to, func(s *session, from, to string) error {
		a, err := s.Lstat(ctx, from)
		if err != nil {
			return err
		}
		if s.Has(sftp.Hardlink) && !goMode(a.Mode).IsDir() {
			if err = s.Link(ctx, from, to); err == nil {
				return s.Client.Remove(ctx, from)
			}
		}
		if exists(ctx, s, to) {
			return &Error{Op: "rename to", Path: to, Code: "already_exists", Message: "there is a file of that name", Hint: hints["already_exists"], Err: err}
		}
		if err != nil && !failure(err) {
			return err
		}
		return s.Client.Rename(ctx, from, to) // a directory, or a file system without links
	})
}

func (r *remote) two(ctx context.Context, from, to string, do func(s *session, from, to string) error) error {
	err := r.with(ctx, "rename", from, false, func(s *session, from string) error {
		if to == "" || strings.ContainsRune(to, 0) || len(to) > maxPath {
			return failf("rename to", to, "invalid_argument", "no file can have this name: it is empty, too long or holds a NUL byte")
		}
		return r.expanded(ctx, s, to, func(s *session, to string) error {
			err := do(s, from, to)
			return r.explain(err, "invalid_argument", "it cannot be put in that place: there is a directory, or it lies on another file system", func() bool {
				_, ferr := s.Lstat(ctx, from)
				_, terr := s.Stat(ctx, path.Dir(to))
				return ferr == nil && terr == nil
			})
		})
	})
	return named("rename", from, err)
}
