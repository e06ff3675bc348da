package change

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

// Apply makes a change. When it fails, the file is as it was and nothing is left beside it.
func Apply(ctx context.Context, p *Place, r Request) (*Done, error) {
	w := &work{Place: p, r: r, id: newID(time.Now()), done: &Done{}}
	return w.apply(ctx)
}

// work is a change being made.
type work struct {
	*Place
	r    Request
	id   string
	done *Done

	real string
	old  []byte // nil if there was no file, or it was not read
	info *files.Info
	temp string
	undo []func(context.Context) // what to take back on failure, newest last
	bare bool                    // there is no place for backups
}

func (w *work) apply(ctx context.Context) (done *Done, err error) {
	if w.real, err = w.resolve(ctx); err != nil {
		return nil, err
	}
	w.temp = temporary(w.real, w.id)
	if err := w.admit(); err != nil {
		return nil, err
	}
	release, err := w.Locks.acquire(ctx, w.Key+"\x00"+w.real)
	if err != nil {
		return nil, err
	}
	defer release()
	w.done.ID, w.done.Path = w.id, w.real
	defer func() {
		if err != nil {
			w.takeBack(ctx)
		}
	}()
	content, err := w.content(ctx)
	if err != nil || w.done.Unchanged {
		return w.done, err
	}
	for _, step := range []func(context.Context) error{
		w.pending, w.note, func(ctx context.Context) error { return w.write(ctx, content) }, w.check, w.backup, w.arm, w.untouched, w.replace,
	} {
		if err := step(ctx); err != nil {
			return w.done, err
		}
	}
	w.finish(ctx)
	return w.done, nil
}

// onFailure remembers how to take something back.
func (w *work) onFailure(undo func(context.Context)) { w.undo = append(w.undo, undo) }

func (w *work) takeBack(ctx context.Context) {
	after, cancel := afterwards(ctx)
	defer cancel()
	for i := len(w.undo) - 1; i >= 0; i-- {
		w.undo[i](after)
	}
}

// resolve follows links, the last one too: one that leads nowhere has its target created.
func (w *work) resolve(ctx context.Context) (string, error) {
	real, err := w.FS.RealPath(ctx, w.r.Path)
	if err == nil {
		if info, err := w.FS.Lstat(ctx, real); err == nil && info.Mode&fs.ModeSymlink != 0 {
			return "", &Error{Code: "not_found", Message: "the link leads to a file that is not there", Hint: "name the file itself (file_stat shows where the link leads)"}
		}
		return real, nil
	}
	return "", err
}

func (w *work) admit() error {
	check, err := Mentioned(w.r.Check, w.temp, target.Quote)
	if err != nil || w.r.Admit == nil {
		return err
	}
	return w.r.Admit(w.real, check)
}

// content reads the old content and makes the new one.
func (w *work) content(ctx context.Context) ([]byte, error) {
	info, err := w.FS.Lstat(ctx, w.real)
	switch {
	case files.Code(err) == "not_found":
		if w.r.MustExist {
			return nil, err
		}
	case err != nil:
		return nil, err
	case !info.Mode.IsRegular():
		_, kind := files.Kind(info.Mode)
		return nil, &Error{Code: "invalid_argument", Message: "it is " + kind + ", not a regular file", Hint: "only regular files can be replaced; file_stat shows what is there"}
	case w.r.CreateOnly:
		return nil, &Error{Code: "already_exists", Message: "the file is there already", Hint: "leave create_only out to replace it, or use file_edit"}
	default:
		w.info = &info
		if err := w.read(ctx); err != nil {
			return nil, err
		}
	}
	content, err := w.r.Make(w.old)
	if err != nil {
		return nil, err
	}
	w.done.Before, w.done.After, w.done.Created = w.old, content, w.info == nil
	if w.info != nil && w.old != nil && bytes.Equal(w.old, content) && (w.r.Mode == nil || *w.r.Mode == files.Permissions(info.Mode)) {
		w.done.Unchanged, w.done.Info = true, info
	}
	return content, nil
}

func (w *work) read(ctx context.Context) error {
	old, whole, err := readAll(ctx, w.FS, w.real, w.Limit)
	switch {
	case w.r.Blind && w.r.Expected == "" && (err != nil && ctx.Err() == nil || err == nil && !whole):
		w.done.Notes = append(w.done.Notes, fmt.Sprintf("the old content could not be kept (%s): there is no backup", orWords(err, fmt.Sprintf("it is over %d bytes, FILE_BYTES", w.Limit))))
		return nil
	case err != nil:
		return err
	case !whole:
		return &Error{Code: "too_large", Message: fmt.Sprintf("the file is over %d bytes (FILE_BYTES)", w.Limit), Hint: "change it with a command (sed -i by shell_exec or ssh_exec)"}
	}
	w.old = old
	if old == nil {
		w.old = []byte{}
	}
	if sum := Digest(old); w.r.Expected != "" && !strings.EqualFold(w.r.Expected, sum) {
		return &Error{Code: "invalid_argument", Message: "the file has changed: its sha256 is " + sum, Hint: "read it again with file_read and edit what is there now"}
	}
	return nil
}

func orWords(err error, words string) string {
	if err != nil {
		return err.Error()
	}
	return words
}

// pending refuses to change a file again whose last change may still revert: the revert would undo both, or neither.
func (w *work) pending(ctx context.Context) error {
	p, err := w.Pending(ctx, w.real)
	if err != nil || p == nil {
		return err
	}
	if p.Lapsed {
		w.done.Notes = append(w.done.Notes, fmt.Sprintf("change %s should have been reverted at %s, but the target ended what would have done it (a restart?): it stands; file_stat lists its backup",
			p.ID, p.Reverts.UTC().Format(time.RFC3339)))
		return w.lapse(ctx, w.real, p.ID)
	}
	return &Error{
		Code: "already_exists", Message: fmt.Sprintf("change %s of this file reverts at %s unless it is confirmed", p.ID, p.Reverts.UTC().Format(time.RFC3339)),
		Hint: fmt.Sprintf("first keep it with file_confirm change_id=%s, or take it back with undo=true", p.ID),
	}
}

// note records where the temporary file will be, so that a later call can remove it if this one is killed.
func (w *work) note(ctx context.Context) error {
	dir := w.keeping(w.real)
	err := mkdirAll(ctx, w.State, dir)
	marker := path.Join(dir, w.id+".tmp")
	if err == nil {
		err = writeNew(ctx, w.State, marker, []byte(w.temp))
	}
	if err != nil {
		if ctx.Err() != nil || w.r.RevertAfter > 0 {
			return err
		}
		w.done.Notes = append(w.done.Notes, "no backup is kept: "+err.Error())
		w.bare = true
		return nil
	}
	w.onFailure(func(ctx context.Context) { _ = w.State.Remove(ctx, marker) })
	return nil
}

// write makes the temporary file, with the mode and the owner that the file shall have.
func (w *work) write(ctx context.Context, content []byte) error {
	o := files.CreateOptions{Exclusive: true}
	if w.info == nil && w.r.Mode == nil {
		o.Mode = 0o666 // less the umask there, as for any new file
	}
	f, err := w.FS.Create(ctx, w.temp, o)
	if err != nil {
		return w.explain(err)
	}
	w.onFailure(func(ctx context.Context) { _ = w.FS.Remove(ctx, w.temp) })
	_, err = f.Write(content)
	if err == nil {
		err = w.dress(ctx, f)
	}
	if err == nil {
		_, err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// explain says what an error of making or moving a file beside another one means.
func (w *work) explain(err error) error {
	switch files.Code(err) {
	case "permission_denied":
		return &Error{Code: "permission_denied", Message: err.Error(), Hint: "a file is replaced from within its directory, which this account may not write to; a command run as another user can (ssh_exec with sudo)"}
	case "already_exists":
		return &Error{Code: "already_exists", Message: "a file of this name appeared meanwhile", Hint: "read it with file_read, then decide"}
	}
	if strings.Contains(err.Error(), "busy") {
		return &Error{Code: "unsupported", Message: err.Error() + ": the file is mounted by itself, so it cannot be replaced", Hint: "write into it with a command (shell_exec, ssh_exec), knowing that this is not atomic"}
	}
	return err
}

// untouched makes sure that nobody changed the file since it was read, or the way to it. Between this look and the next step there is a moment in which
// a program that does not know our locks can still do so.
func (w *work) untouched(ctx context.Context) error {
	if again, err := w.FS.RealPath(ctx, w.r.Path); err != nil || again != w.real {
		if err == nil {
			err = &Error{Code: "invalid_argument", Message: "the path leads elsewhere now: to " + files.Escape(again), Hint: "look at the path with file_stat; somebody is changing links on the way to it"}
		}
		return err
	}
	if w.info == nil {
		return nil // replace refuses if there is a file by then
	}
	now, err := w.FS.Lstat(ctx, w.real)
	if err == nil && now.Size == w.info.Size && now.ModTime.Equal(w.info.ModTime) && now.Mode.Type() == w.info.Mode.Type() {
		return nil
	}
	if err != nil && files.Code(err) != "not_found" {
		return err
	}
	return &Error{Code: "invalid_argument", Message: "somebody changed the file meanwhile", Hint: "read it again with file_read and edit what is there now"}
}

// replace is the step that counts.
func (w *work) replace(ctx context.Context) error {
	if w.info == nil {
		return w.explainNil(w.FS.RenameNew(ctx, w.temp, w.real))
	}
	return w.explainNil(w.FS.Rename(ctx, w.temp, w.real))
}

func (w *work) explainNil(err error) error {
	if err == nil {
		return nil
	}
	return w.explain(err)
}

// finish tidies up after the change; it is made whatever happens here.
func (w *work) finish(ctx context.Context) {
	after, cancel := afterwards(ctx)
	defer cancel()
	if info, err := w.FS.Lstat(after, w.real); err == nil {
		w.done.Info = info
	}
	if !w.bare {
		_ = w.State.Remove(after, path.Join(w.keeping(w.real), w.id+".tmp"))
		w.expireWhenDue(after)
	}
}
