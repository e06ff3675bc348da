package change

import (
	"context"
	"fmt"
	"io/fs"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

// dress gives the temporary file the owner, the mode and what else the old file had. A new file has what its directory and the
// umask gave it, unless the caller said otherwise. It goes by the open file: by now its name may be a link, of somebody who may change names there.
func (w *work) dress(ctx context.Context, f files.Writer) error {
	if w.info == nil {
		if w.r.Mode == nil {
			return nil
		}
		return f.Chmod(*w.r.Mode)
	}
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if now.UID != w.info.UID || now.GID != w.info.GID {
		if err := f.Chown(w.info.UID, w.info.GID); err != nil {
			_ = f.Chown(-1, w.info.GID) // the group alone may be allowed; what came of it is looked at below
		}
	}
	w.attributes(ctx)
	mode := files.Permissions(w.info.Mode)
	if now, err = f.Stat(); err != nil {
		return err
	}
	if now.UID != w.info.UID || now.GID != w.info.GID {
		w.done.Notes = append(w.done.Notes, fmt.Sprintf("the owner could not be kept: it was %d:%d and is %d:%d", w.info.UID, w.info.GID, now.UID, now.GID))
		mode &^= fs.ModeSetuid | fs.ModeSetgid // they would lend the rights of somebody else
	}
	if w.r.Mode != nil {
		mode = *w.r.Mode
	}
	if files.Permissions(now.Mode) == mode {
		return nil
	}
	return f.Chmod(mode)
}

// attributes keeps what SFTP knows nothing of, or says what is lost.
func (w *work) attributes(ctx context.Context) {
	if w.Shell == nil {
		return
	}
	if r, err := w.Shell(ctx, files.KeepAttributes(w.real, w.temp, *w.info, w.r.Mode)); err == nil {
		w.done.Notes = append(w.done.Notes, files.LostAttributes(r.Output)...)
	}
}

// check runs the caller's command on the new content.
func (w *work) check(ctx context.Context) error {
	if w.r.Check == "" {
		return nil
	}
	if w.Shell == nil {
		return &Error{Code: "unsupported", Message: "no command can be run there, so nothing can be checked", Hint: "leave check out"}
	}
	command, err := Mentioned(w.r.Check, w.temp, target.Quote)
	if err != nil {
		return err
	}
	r, err := w.Shell(ctx, command)
	if err != nil {
		return err
	}
	w.done.Checked = &r
	if r.Code != 0 {
		return &Error{
			Code: "invalid_argument", Message: fmt.Sprintf("the check failed with exit %d; nothing was changed", r.Code),
			Hint: "correct the content by what the check says; it ran on a temporary file beside the real one", Checked: &r,
		}
	}
	return w.unharmed(ctx)
}

// unharmed refuses content that the check has changed or removed: what was checked must be what counts.
func (w *work) unharmed(ctx context.Context) error {
	sum, _, err := w.FS.SHA256(ctx, w.temp, -1)
	if err != nil && files.Code(err) != "not_found" {
		return err
	}
	if err == nil && fmt.Sprintf("%x", sum) == Digest(w.done.After) {
		return nil
	}
	return &Error{Code: "invalid_argument", Message: "the check changed or removed the file that it was to look at; nothing was changed", Hint: "use a command that only checks"}
}
