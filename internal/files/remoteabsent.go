package files

import (
	"context"
	"errors"
	"os"
	"path"

	"relay-shell/internal/files/sftp"
)

// absent tells what is not there from what cannot be there: a link that leads in a circle, a file where a directory should be. The protocol has
// one status for all of them (OpenSSH's sftp-server.c, errno_to_portable), this machine has three.
func (r *remote) absent(ctx context.Context, s *session, op, name string, err error) error {
	var known *Error
	var status *sftp.StatusError
	if errors.As(err, &known) || !errors.As(err, &status) || status.Status != sftp.StatusNoSuchFile {
		return err
	}
	why := ""
	for at, links, below := name, 0, false; why == ""; {
		a, lerr := s.Lstat(ctx, at)
		mode := goMode(a.Mode)
		switch {
		case lerr != nil && path.Dir(at) == at, a.Flags&sftp.HasMode == 0 && lerr == nil:
			return err
		case lerr != nil:
			at, below = path.Dir(at), true
		case mode.Type() == os.ModeSymlink:
			to, rerr := s.Readlink(ctx, at)
			if rerr != nil {
				return err
			}
			if links++; links > maxLinks {
				why = "too many levels of symbolic links"
			}
			if !path.IsAbs(to) {
				to = path.Dir(at) + "/" + to
			}
			at = to
		case !mode.IsDir() && (below || op == "list"):
			why = "a file is where a directory should be"
		default:
			return err
		}
	}
	return &Error{Op: op, Path: name, Code: "invalid_argument", Message: why, Hint: hints["invalid_argument"], Err: err}
}
