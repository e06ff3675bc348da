package tools

import (
	"fmt"
	"strings"

	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/relay"
)

// maxDiff is how much of a diff is shown at most, in bytes; less if results are smaller.
const maxDiff = 32 << 10

// shownChange puts a change into both forms.
func (d *Deps) shownChange(done *change.Done, owners *accounts) *relay.Result {
	f := &fileChanged{
		ChangeID: done.ID, Path: files.Escape(done.Path), Created: done.Created, Unchanged: done.Unchanged, Bytes: int64(len(done.After)),
		SHA256: change.Digest(done.After), Mode: files.Octal(done.Info.Mode), Owner: owners.of(done.Info), Backup: files.Escape(done.Backup),
	}
	if done.Checked != nil {
		f.Check = d.masked(done.Checked.Output)
	}
	if done.Unchanged {
		f.ChangeID = ""
		return &relay.Result{Fields: f, Text: f.Path + " is like that already; nothing was written\n", Notes: done.Notes}
	}
	if !done.Created && done.Before != nil {
		f.Diff = d.masked(change.Diff(f.Path, done.Before, done.After, min(maxDiff, int(d.Config.MaxOutput)/2)))
	}
	if !done.Reverts.IsZero() {
		at := stamp(done.Reverts)
		f.RevertsAt = &at
	}
	return &relay.Result{
		Fields: f, Text: f.text(), Notes: done.Notes,
		Record: map[string]any{"change_id": f.ChangeID, "real_path": f.Path, "new_sha256": f.SHA256, "new_bytes": f.Bytes},
	}
}

func (f *fileChanged) text() string {
	what := "replaced"
	if f.Created {
		what = "created"
	}
	text := fmt.Sprintf("%s %s (%d bytes, mode %s, owner %s), change_id=%s\n", what, f.Path, f.Bytes, f.Mode, f.Owner, f.ChangeID)
	if f.RevertsAt != nil {
		text += fmt.Sprintf("[REVERTS at %s unless file_confirm change_id=%s comes before]\n", *f.RevertsAt, f.ChangeID)
	}
	if f.Check != "" {
		text += "check: " + strings.TrimSuffix(f.Check, "\n") + "\n"
	}
	return text + f.Diff
}

// failedChange shows what a failed change has to show: what the check printed, the lines that come near.
func (d *Deps) failedChange(done *change.Done, err error) (*relay.Result, error) {
	var b strings.Builder
	switch e := err.(type) {
	case *change.Error:
		if e.Checked != nil {
			b.WriteString(d.masked(e.Checked.Output))
		}
	case *change.MismatchError:
		for _, n := range e.Near {
			fmt.Fprintf(&b, "line %d: %s\n    (%s)\n", n.Line, d.masked(strings.ToValidUTF8(n.Text, "\uFFFD")), n.Why)
		}
		if len(e.Lines) > 0 {
			fmt.Fprintf(&b, "found on lines %s\n", strings.Trim(fmt.Sprint(e.Lines), "[]"))
		}
	}
	r := &relay.Result{Text: b.String()}
	if done != nil && b.Len() > 0 {
		r.Fields = &fileFailed{Path: files.Escape(done.Path), Detail: b.String()}
	}
	return r, err
}

// fileFailed is what a program learns of a change that was not made.
type fileFailed struct {
	Path   string `json:"path"`
	Detail string `json:"detail"`
}
