package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

// changeRecord says where a change was made, so that file_confirm needs its ID alone, in whatever server.
type changeRecord struct {
	// Host is the target as it was named, "" for this machine.
	Host string `json:"host,omitempty"`
	// Path is the changed file, without links.
	Path []byte `json:"path"`
}

// fileConfirmed is what became of a change.
type fileConfirmed struct {
	ChangeID string `json:"change_id"`
	Path     string `json:"path"`
	State    string `json:"state" jsonschema:"kept, undone, reverted (the target put the old file back before), or changed (it left the file alone because somebody had changed it since)"`
	Diff     string `json:"diff,omitempty" jsonschema:"what undoing changed"`
	Backup   string `json:"backup,omitempty" jsonschema:"where the old content lies, of changed"`
}

func (d *Deps) changeDir() string { return filepath.Join(d.Config.StateDir, "edits") }

// remember records a change on this machine.
func (d *Deps) remember(c *fileCall, done *change.Done) error {
	if done.Unchanged {
		return nil
	}
	b, err := json.Marshal(changeRecord{Host: c.plan.host, Path: []byte(done.Path)})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.changeDir(), 0o700); err != nil {
		return err
	}
	d.forgetChanges()
	return os.WriteFile(filepath.Join(d.changeDir(), done.ID+".json"), b, 0o600)
}

// forgetChanges removes records whose backups have expired.
func (d *Deps) forgetChanges() {
	entries, err := os.ReadDir(d.changeDir())
	if err != nil || d.Config.BackupRetention <= 0 {
		return
	}
	for _, e := range entries { // sorted by name, hence by time
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < d.Config.BackupRetention {
			return
		}
		_ = os.Remove(filepath.Join(d.changeDir(), e.Name())) // or the next time
	}
}

func (d *Deps) recalled(id string) (*changeRecord, error) {
	if !change.ValidID(id) {
		return nil, params.Errorf("change_id", "pass the change_id that file_write or file_edit answered", "%q is no change_id", id)
	}
	b, err := os.ReadFile(filepath.Join(d.changeDir(), id+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, &relay.Error{Code: "not_found", Message: "no such change", Hint: "file_stat lists the changes of a file that can be taken back; those made from another machine must be confirmed there"}
	}
	r := new(changeRecord)
	if err == nil {
		err = json.Unmarshal(b, r)
	}
	return r, err
}

func (d *Deps) planFileConfirm(p *fileConfirmParams) (*relay.Plan, error) {
	r, err := d.recalled(p.ChangeID)
	if err != nil {
		return nil, err
	}
	return d.planned(filePlan{
		host: r.Host, path: files.Escape(string(r.Path)), args: p, floor: policy.Stateful, timeout: fileTimeout,
		text: func(path string) string { return quoted("tee --", path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			place, err := c.place(ctx)
			if err != nil {
				return nil, err
			}
			f := &fileConfirmed{ChangeID: p.ChangeID, Path: files.Escape(c.path)}
			res := &relay.Result{Fields: f, Record: map[string]any{"path": f.Path}}
			outcome, done := change.Kept, (*change.Done)(nil)
			if p.Undo {
				outcome, done, err = place.Undo(ctx, c.path, p.ChangeID, func(real, _ string) error { return c.admit(real) })
			} else {
				outcome, err = place.Confirm(ctx, c.path, p.ChangeID)
			}
			if err != nil {
				return nil, err
			}
			f.State = string(outcome)
			res.Record["state"] = f.State
			if done != nil && done.ID != "" {
				res.Notes = done.Notes
				f.Diff = d.masked(change.Diff(f.Path, done.Before, done.After, min(maxDiff, int(d.Config.MaxOutput)/2)))
				if err := d.remember(c, done); err != nil {
					res.Notes = append(res.Notes, err.Error())
				}
			}
			if outcome == change.Reverted && !p.Undo {
				return res, &relay.Error{Code: "not_found", Message: "too late: the old file has been put back", Hint: "make the change again, with a longer revert_after"}
			}
			if outcome == change.Changed {
				f.Backup = files.Escape(place.BackupPath(c.path, p.ChangeID))
			}
			if f.Backup != "" {
				res.Notes = append(res.Notes, c.backupNote(place.BackupPath(c.path, p.ChangeID)))
			}
			res.Text = fmt.Sprintf("%s is %s\n%s", f.Path, map[change.Outcome]string{
				change.Kept: "kept as it is", change.Undone: "as it was before the change", change.Reverted: "as it was: the target had put the old file back",
				change.Changed: "as somebody left it: not reverted, because it was changed since; the old content is in " + f.Backup,
			}[outcome], f.Diff)
			return res, nil
		},
	})
}

// backupNote says how the old content comes back that is not put back by itself.
func (c *fileCall) backupNote(backup string) string {
	if !c.fs.Local() {
		return "to bring the old content back: file_read it, then file_write"
	}
	return "file tools do not touch the backup, which is relay-shell's own; to bring it back, in a terminal or by shell_exec: " + quoted("cp --", backup, c.path)
}
