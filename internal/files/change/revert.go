package change

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

var (
	//go:embed arm.sh
	armScript string
	//go:embed revert.sh
	revertScript string
)

// reverts is when the old file would come back.
func (w *work) reverts() time.Time {
	if w.r.RevertAfter <= 0 {
		return time.Time{}
	}
	return time.Now().Add(w.r.RevertAfter).UTC().Truncate(time.Second)
}

// arm starts the process on the target that puts the old file back. It runs before the file is replaced, so that there is no
// moment at which a cut connection leaves the new file without it.
func (w *work) arm(ctx context.Context) error {
	if w.r.RevertAfter <= 0 {
		return nil
	}
	if w.Shell == nil {
		return &Error{Code: "unsupported", Message: "no command can be run there, so nothing could put the old file back", Hint: "leave revert_after out"}
	}
	pending := w.pendingDir(w.real, w.id)
	w.onFailure(func(ctx context.Context) { w.disarm(ctx, w.real, w.id) })
	existed := "0"
	if w.info != nil {
		existed = "1"
	}
	var b strings.Builder
	for _, v := range []struct{ name, value string }{
		{"P", pending}, {"F", w.real}, {"O", former(w.real, w.id)}, {"T", w.temp}, {"E", existed},
		{"B", path.Join(w.keeping(w.real), w.id+".old")}, {"N", fmt.Sprint(int(w.r.RevertAfter.Seconds()))}, {"W", revertScript},
	} {
		fmt.Fprintf(&b, "%s=%s\n", v.name, target.Quote(v.value))
	}
	b.WriteString(armScript)
	w.done.Reverts = w.reverts()
	r, err := w.Shell(ctx, b.String())
	if err != nil {
		return err
	}
	if r.Code != 0 || !strings.Contains(r.Output, "armed") {
		return &Error{
			Code: "unsupported", Message: fmt.Sprintf("what would put the old file back could not be started (step %d: %s); nothing was changed", r.Code, strings.TrimSpace(r.Output)),
			Hint: "leave revert_after out, or find out why the target starts no background process",
		}
	}
	return nil
}

func (p *Place) pendingDir(real, id string) string {
	return path.Join(p.keeping(real), id+".pending")
}

// Outcome is what has become of a change.
type Outcome string

// The outcomes of [Place.Confirm] and [Place.Undo].
const (
	Kept     Outcome = "kept"     // it stays: confirmed now, or there was nothing to confirm
	Reverted Outcome = "reverted" // the target put the old file back by itself
	Changed  Outcome = "changed"  // the target left the file alone: somebody has changed it since
	Undone   Outcome = "undone"   // the old content is back
)

// Confirm keeps a change that would revert. If it came too late, the outcome is Reverted or Changed.
func (p *Place) Confirm(ctx context.Context, real, id string) (Outcome, error) {
	m, err := p.readMeta(ctx, real, id)
	if err != nil {
		return "", err
	}
	if m.Reverts.IsZero() {
		return Kept, nil
	}
	taken, err := p.decide(ctx, real, id)
	switch {
	case files.Code(err) == "not_found": // confirmed before, and tidied up
		return Kept, nil
	case err != nil:
		return "", err
	case taken:
		_ = p.FS.Remove(ctx, former(real, id)) // the process on the target does it as well
		return Kept, nil
	}
	return p.outcome(ctx, real, id)
}

// Undo takes a change back: at once if it would revert anyway, else from its backup, as a change of its own with the same care. It
// refuses when the file has been changed since.
func (p *Place) Undo(ctx context.Context, real, id string, admit func(real, check string) error) (Outcome, *Done, error) {
	m, err := p.readMeta(ctx, real, id)
	if err != nil {
		return "", nil, err
	}
	if !m.Reverts.IsZero() {
		if err := p.unchanged(ctx, m); err != nil { // while the target can still put the old file back by itself
			return "", nil, err
		}
		taken, err := p.decide(ctx, real, id)
		if err != nil && files.Code(err) != "not_found" {
			return "", nil, err
		}
		if err == nil && !taken { // confirmed, or reverted in this very moment
			if outcome, err := p.outcome(ctx, real, id); outcome == Reverted || err != nil {
				return outcome, nil, err
			}
		}
		_ = p.FS.Remove(ctx, former(real, id))
	}
	if !m.Existed {
		return p.removeCreated(ctx, m)
	}
	mode := fs.FileMode(m.Mode)
	done, err := Apply(ctx, p, Request{
		Path: real, MustExist: true, Expected: m.After, Mode: &mode, Admit: admit,
		Make: func([]byte) ([]byte, error) { return p.formerContent(ctx, m) },
	})
	if err != nil {
		return "", nil, err
	}
	return Undone, done, nil
}

// formerContent is the backup of a change.
func (p *Place) formerContent(ctx context.Context, m *meta) ([]byte, error) {
	old, whole, err := readAll(ctx, p.State, path.Join(p.keeping(m.Path), m.ID+".old"), p.Limit)
	switch {
	case files.Code(err) == "not_found":
		return nil, &Error{Code: "not_found", Message: "no backup of this change is kept", Hint: "file_stat lists the backups of a file"}
	case err != nil:
		return nil, err
	case !whole || Digest(old) != m.Before:
		return nil, &Error{Code: "internal", Message: "the backup is not what was kept", Hint: "look at it with file_read before using it"}
	}
	return old, nil
}

// removeCreated takes back a change that made a file.
func (p *Place) removeCreated(ctx context.Context, m *meta) (Outcome, *Done, error) {
	release, err := p.Locks.acquire(ctx, p.Key+"\x00"+m.Path)
	if err != nil {
		return "", nil, err
	}
	defer release()
	err = p.unchanged(ctx, m)
	if err == nil {
		err = p.FS.Remove(ctx, m.Path)
	}
	if err != nil {
		return "", nil, err
	}
	return Undone, &Done{Path: m.Path}, nil
}

// unchanged makes sure that a file is still what a change made of it.
func (p *Place) unchanged(ctx context.Context, m *meta) error {
	sum, _, err := p.FS.SHA256(ctx, m.Path, -1)
	if err == nil && fmt.Sprintf("%x", sum) != m.After {
		err = &Error{Code: "invalid_argument", Message: "the file has changed since", Hint: "read it with file_read, then edit or delete it as it is now; file_stat lists its backups"}
	}
	return err
}
