package change

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/files"
)

// backup keeps the former content, and what the change was.
func (w *work) backup(ctx context.Context) error {
	if w.bare {
		return nil
	}
	m := &meta{ID: w.id, Path: w.real, Time: time.Now().UTC(), Existed: w.info != nil, After: Digest(w.done.After), Reverts: w.reverts()}
	if w.info != nil {
		m.Mode = uint32(files.Permissions(w.info.Mode))
	}
	dir := w.keeping(w.real)
	if w.old != nil {
		m.Before = Digest(w.old)
		name := path.Join(dir, w.id+".old")
		switch err := w.keep(ctx, name); {
		case err == nil:
			w.done.Backup = name
		case ctx.Err() != nil:
			return err
		default:
			w.done.Notes = append(w.done.Notes, "no backup is kept: "+err.Error())
		}
	}
	if err := w.writeMeta(ctx, m); err != nil {
		return err
	}
	w.onFailure(func(ctx context.Context) { _ = w.State.Remove(ctx, path.Join(dir, w.id+".json")) })
	return nil
}

func (w *work) keep(ctx context.Context, name string) error {
	if limit := w.MaxBackups; limit > 0 && int64(len(w.old)) > limit/2 {
		return &Error{Code: "too_large", Message: fmt.Sprintf("the old content has %d bytes, over half of what all backups may take (BACKUP_BYTES)", len(w.old))}
	}
	if err := writeNew(ctx, w.State, name, w.old); err != nil {
		return err
	}
	w.onFailure(func(ctx context.Context) { _ = w.State.Remove(ctx, name) })
	return nil
}

// Backup is a former content of a file.
type Backup struct {
	// ID names the change that replaced it.
	ID   string
	Time time.Time
	Size int64
	// Path is where it lies on the target.
	Path string
	// Reverts is when the file comes back, of a change that may still revert. Lapsed: the target has ended what would have done it.
	Reverts time.Time
	Lapsed  bool
	// Fate is what became of a change that was to revert, "" where it was confirmed or there is nothing to tell.
	Fate Outcome
}

// BackupPath is where the former content lies that a change has replaced, if it is kept.
func (p *Place) BackupPath(real, id string) string { return path.Join(p.keeping(real), id+".old") }

// Backups lists what is kept of a file, newest first.
func (p *Place) Backups(ctx context.Context, real string) ([]Backup, error) {
	dir := p.keeping(real)
	ids, roles, err := p.kept(ctx, dir)
	var list []Backup
	for _, id := range slices.Backward(ids) {
		old, is := roles[id]["old"]
		if !is {
			continue
		}
		at, _ := timeOf(id)
		b := Backup{ID: id, Time: at, Size: old.Size, Path: p.BackupPath(real, id)}
		if _, pending := roles[id]["pending"]; pending {
			text, _, _ := readAll(ctx, p.State, path.Join(dir, id+".pending", "outcome"), 100)
			b.Fate = Outcome(strings.TrimSpace(string(text)))
		}
		list = append(list, b)
	}
	return list, err
}

func sortIDs(ids []string) { slices.Sort(ids) }

// staleTemp is the age from which a temporary file belongs to nobody any more.
const staleTemp = 24 * time.Hour

// expireWhenDue looks through the target's backups from time to time.
func (w *work) expireWhenDue(ctx context.Context) {
	if w.Locks.due(w.Key, time.Now()) {
		_ = w.Expire(ctx) // the next one tries again
	}
}

// Expire removes backups that are older than Retention, the oldest ones of those that take more than MaxBackups together, and the
// temporary files of changes that were killed a day ago or earlier. What may still revert stays.
func (p *Place) Expire(ctx context.Context) error {
	root := path.Join(p.Dir, "changes")
	dirs, _, err := p.State.ReadDir(ctx, root, 0)
	if err != nil {
		if files.Code(err) == "not_found" {
			return nil
		}
		return err
	}
	var all []keptChange
	for _, d := range dirs {
		dir := path.Join(root, d.Name)
		ids, roles, err := p.kept(ctx, dir)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c := keptChange{id: id, dir: dir, roles: roles[id]}
			c.at, _ = timeOf(id)
			for _, info := range c.roles {
				c.size += max(info.Size, smallest)
			}
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b keptChange) int { return b.at.Compare(a.at) }) // newest first
	total := int64(0)
	for _, c := range all {
		total += c.size
		old := p.Retention > 0 && p.since(c.at) > p.Retention
		over := p.MaxBackups > 0 && total > p.MaxBackups
		if err := p.expire(ctx, c, old || over); err != nil {
			return err
		}
	}
	for _, d := range dirs {
		_ = p.State.Rmdir(ctx, path.Join(root, d.Name)) // of those that are empty now
	}
	return nil
}

// smallest is what a file counts as at least, in bytes, so that many small ones are bounded too.
const smallest = 4096

type keptChange struct {
	id, dir string
	at      time.Time
	size    int64
	roles   map[string]files.Info
}

// expire removes what is left of one change.
func (p *Place) expire(ctx context.Context, c keptChange, gone bool) error {
	if _, unfinished := c.roles["tmp"]; unfinished && p.since(c.at) > staleTemp {
		if err := p.removeTemp(ctx, c); err != nil {
			return err
		}
	}
	if _, pending := c.roles["pending"]; pending {
		if decided, err := p.settled(ctx, c); err != nil || !decided && !gone || p.since(c.at) < staleTemp {
			return err
		}
		if err := p.removePending(ctx, path.Join(c.dir, c.id+".pending")); err != nil {
			return err
		}
	}
	if !gone {
		return nil
	}
	for role := range c.roles {
		if role == "pending" {
			continue
		}
		if err := p.State.Remove(ctx, path.Join(c.dir, c.id+"."+role)); err != nil && files.Code(err) != "not_found" {
			return err
		}
	}
	return nil
}

// removeTemp removes the temporary file of a change that was killed. Its name is checked: only what we made may go.
func (p *Place) removeTemp(ctx context.Context, c keptChange) error {
	marker := path.Join(c.dir, c.id+".tmp")
	name, whole, err := readAll(ctx, p.State, marker, maxMeta)
	if err != nil || !whole {
		return err
	}
	if ours(string(name), c.id) {
		if err := p.FS.Remove(ctx, string(name)); err != nil && files.Code(err) != "not_found" {
			return nil // it may be outside of the roots by now, or somebody else's: it stays, and so does the note of it
		}
	}
	return p.State.Remove(ctx, marker)
}
