package change

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

// dress gives the temporary file the owner, the mode and what else the old file had. A new file has what its directory and the
// umask gave it, unless the caller said otherwise.
func (w *work) dress(ctx context.Context) error {
	if w.info == nil {
		if w.r.Mode == nil {
			return nil
		}
		return w.FS.Chmod(ctx, w.temp, *w.r.Mode)
	}
	now, err := w.FS.Lstat(ctx, w.temp)
	if err != nil {
		return err
	}
	if now.UID != w.info.UID || now.GID != w.info.GID {
		if err := w.FS.Chown(ctx, w.temp, w.info.UID, w.info.GID); err != nil {
			_ = w.FS.Chown(ctx, w.temp, -1, w.info.GID) // the group alone may be allowed; what came of it is looked at below
		}
	}
	w.attributes(ctx)
	mode := files.Permissions(w.info.Mode)
	if now, err = w.FS.Lstat(ctx, w.temp); err != nil {
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
	return w.FS.Chmod(ctx, w.temp, mode)
}

// attributes has the target's cp copy what SFTP knows nothing of: access lists, extended attributes, labels. GNU cp can; where it
// cannot, the new file has what its directory gives, and that is said of an access list or a label that ls shows. It also tells how many names the
// file has.
func (w *work) attributes(ctx context.Context) {
	if w.Shell == nil {
		return
	}
	from, to := target.Quote("./"+path.Base(w.real)), target.Quote("./"+path.Base(w.temp))
	r, err := w.Shell(ctx, Within(path.Dir(w.real), "cp --attributes-only --preserve=all "+from+" "+to+" 2>/dev/null && touch -c "+to+"; LC_ALL=C ls -ld "+from+"; LC_ALL=C ls -ld "+to))
	if err != nil {
		return
	}
	was, rest, _ := strings.Cut(r.Output, "\n")
	for !strings.HasPrefix(rest, "-") && strings.Contains(rest, "\n") { // a name with a line feed, where ls shows it as it is
		_, rest, _ = strings.Cut(rest, "\n")
	}
	fields := strings.Fields(was)
	if len(fields) < 2 {
		return
	}
	if links, err := strconv.Atoi(fields[1]); err == nil && links > 1 {
		w.done.Notes = append(w.done.Notes, fmt.Sprintf("the file had %d names (hard links); the others keep the old content", links))
	}
	mark := strings.TrimLeft(fields[0], "-rwxsStT")
	if what := map[string]string{"+": "access list", ".": "security label"}[mark]; what != "" && !strings.HasPrefix(strings.TrimLeft(rest, "-rwxsStT"), mark) {
		w.done.Notes = append(w.done.Notes, "the file's "+what+" could not be kept (it takes GNU cp, and the right to): the new file has what its directory gives")
	}
}

// Within is shell text that runs in a directory, and only in that one: where somebody has put a link on the way to it, nothing runs. By their paths the
// files of the text would be looked for wherever that leads.
func Within(dir, text string) string {
	d := target.Quote(dir)
	return "cd -P -- " + d + " 2>/dev/null && [ \"$(pwd -P)\" = " + d + " ] && {\n" + text + "\n}"
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
