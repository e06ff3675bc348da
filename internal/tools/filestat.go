package tools

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/relay"
)

// fileStat is what is known of a file.
type fileStat struct {
	fileEntry
	Path     string       `json:"path"`
	RealPath string       `json:"real_path,omitempty" jsonschema:"without links"`
	Accessed string       `json:"accessed"`
	Backups  []fileBackup `json:"backups" jsonschema:"former contents, newest first; file_confirm with undo brings the newest back"`
	Pending  string       `json:"pending,omitempty" jsonschema:"change that reverts unless it is confirmed"`
}

// fileBackup is a former content of a file.
type fileBackup struct {
	ChangeID string `json:"change_id" jsonschema:"the change that replaced it"`
	Time     string `json:"time"`
	Size     int64  `json:"size"`
	Path     string `json:"path" jsonschema:"where it lies"`
	State    string `json:"state,omitempty" jsonschema:"of a change that was to revert: reverted, not reverted: changed since, …"`
}

// fates are what became of changes that were to revert, for people.
var fates = map[change.Outcome]string{
	change.Reverted: "reverted", change.Changed: "not reverted: changed since", "failed": "could not be reverted", "lapsed": "not reverted: the target restarted, or ended what would have done it",
}

// maxBackups is how many backups are shown.
const maxBackups = 20

func (d *Deps) planFileStat(p *fileParams) (*relay.Plan, error) {
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, readOnly: true, text: exists,
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			entry, err := c.entry(ctx, c.path)
			if err == nil {
				err = c.admit(entry)
			}
			if err != nil {
				return nil, err
			}
			info, err := c.fs.Lstat(ctx, entry)
			if err != nil {
				return nil, err
			}
			s := &fileStat{Path: files.Escape(c.path), Accessed: stamp(info.AccessTime), Backups: []fileBackup{}}
			s.fileEntry = fileEntry{Name: files.Escape(info.Name), Type: kindName(info.Mode), Size: info.Size, Mode: files.Octal(info.Mode), Owner: c.accounts(ctx).of(info), Modified: stamp(info.ModTime)}
			if info.Mode&fs.ModeSymlink != 0 {
				target, _ := c.fs.ReadLink(ctx, entry) // it may be gone by now
				s.Target = files.Escape(target)
			}
			real, err := c.real(ctx)
			if err == nil {
				s.RealPath = files.Escape(real)
				d.addBackups(ctx, c, real, s)
			}
			return &relay.Result{Fields: s, Text: s.text()}, nil
		},
	})
}

// addBackups lists what is kept; a target on which nothing is kept has nothing to say.
func (d *Deps) addBackups(ctx context.Context, c *fileCall, real string, s *fileStat) {
	place, err := c.place(ctx)
	if err != nil {
		return
	}
	kept, err := place.Backups(ctx, real)
	if err != nil {
		return
	}
	for _, b := range kept[:min(len(kept), maxBackups)] {
		s.Backups = append(s.Backups, fileBackup{ChangeID: b.ID, Time: stamp(b.Time), Size: b.Size, Path: files.Escape(b.Path), State: fates[b.Fate]})
	}
	if pending, err := place.Pending(ctx, real); err == nil && pending != nil {
		s.Pending = fmt.Sprintf("%s reverts at %s unless file_confirm keeps it", pending.ID, stamp(pending.Reverts))
		if pending.Lapsed {
			s.Pending = fmt.Sprintf("%s should have reverted at %s, but the target ended what would have done it (a restart?): it stands unless it is undone", pending.ID, stamp(pending.Reverts))
		}
	}
}

func (s *fileStat) text() string {
	var b strings.Builder
	b.WriteString(s.line() + "\n")
	fmt.Fprintf(&b, "accessed %s\n", s.Accessed)
	if s.RealPath != "" && s.RealPath != s.Path {
		b.WriteString("real path " + s.RealPath + "\n")
	}
	for _, k := range s.Backups {
		fmt.Fprintf(&b, "backup %s of %s, %d bytes: %s", k.ChangeID, k.Time, k.Size, k.Path)
		if k.State != "" {
			b.WriteString(" (" + k.State + ")")
		}
		b.WriteByte('\n')
	}
	if s.Pending != "" {
		b.WriteString("[" + s.Pending + "]\n")
	}
	return b.String()
}

// kindName is what a file is, in a word.
func kindName(mode fs.FileMode) string {
	name, _ := files.Kind(mode)
	return name
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
