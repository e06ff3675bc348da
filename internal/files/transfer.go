package files

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Transfer is a copy of a file or a tree from one file system to another.
//
// What is copied appears under its name in one step, complete and on disk. Until then it is a part file beside it, or for a tree a part
// directory: see [PartSuffix]. An interruption at any byte therefore leaves the old file or the new one.
type Transfer struct {
	From, To FS
	// Source is the file or tree. Dest is what it becomes; in a directory that exists it gets the source's name.
	Source, Dest string
	// Recursive copies directories; without it one is refused.
	Recursive bool
	// Keep refuses to replace a file.
	Keep bool
	// MaxEntries bounds the files, directories and links of a tree, 0 = DefaultEntries.
	MaxEntries int
	// Mode, if set, are the permissions of a single file; else those of the file that it replaces, or of the source.
	Mode *fs.FileMode
	// Verify compares SHA-256 digests of both ends before anything is put in place.
	Verify bool
	// Resume goes on with a part file, or tree, that an earlier transfer left, once what is there has proven equal to the source.
	Resume bool
	// Admit, if set, is asked about each file, directory and link before anything is written: rel is its path in the source ("" for the source
	// itself), dest what it becomes. An error ends the transfer.
	Admit func(rel, dest string) error
	// Progress is told how far the transfer is, about four times a second. It may be nil.
	Progress func(Progress)
	// Note is told what is worth a sentence in the result.
	Note func(string)
}

// Report is what a transfer came to.
type Report struct {
	// Bytes and Files are what was transferred; Resumed are the bytes that were there already.
	Bytes, Resumed int64
	Files          int
	// SHA256 is the digest of a single file in hexadecimal digits, "" without Verify and for a tree.
	SHA256 string
	// Dest is where it is now.
	Dest string
	// Part is what an interrupted transfer left for Resume, "" if there is nothing.
	Part string
	// Skipped are the parts of a tree that were not copied.
	Skipped []Skipped
	// Elapsed is the time that the transfer took.
	Elapsed time.Duration
}

// Skipped is something that was not copied, by its path in the tree.
type Skipped struct{ Path, Reason string }

// PartSuffix ends the name of everything that is not complete. Such files are hidden, bear the name of what they will be (as much of it
// as fits) and a random mark, and are removed once they are older than [PartAge].
const PartSuffix = ".relay-part"

// PartAge is how long an interrupted transfer can be resumed.
const PartAge = 24 * time.Hour

// Run does the transfer. On an error the report says what was left.
func (t *Transfer) Run(ctx context.Context) (Report, error) {
	began := time.Now()
	r, err := t.run(ctx)
	r.Elapsed = time.Since(began)
	return r, err
}

func (t *Transfer) run(ctx context.Context) (Report, error) {
	t.From, t.To = settled(ctx, t.From), settled(ctx, t.To)
	source, err := t.From.Stat(ctx, t.Source)
	if err != nil {
		return Report{}, err
	}
	dest, err := t.destination(ctx, source)
	if err == nil && t.Admit != nil {
		err = t.Admit("", dest.path)
	}
	if err != nil {
		return Report{}, err
	}
	switch {
	case source.Mode.IsDir() && !t.Recursive:
		return Report{}, &Error{Op: "copy", Path: t.Source, Code: "invalid_argument", Message: "it is a directory", Hint: "set recursive to copy the tree"}
	case source.Mode.IsDir():
		return t.tree(ctx, dest)
	case !source.Mode.IsRegular():
		return Report{}, named("copy", t.Source, notRegular(source.Mode))
	}
	return t.file(ctx, source, dest)
}

func (t *Transfer) note(format string, args ...any) {
	if t.Note != nil {
		t.Note(fmt.Sprintf(format, args...))
	}
}

// file copies one file.
func (t *Transfer) file(ctx context.Context, source Info, g goal) (Report, error) {
	m := newMeter(t.Progress, source.Size)
	defer m.stop()
	p, err := t.part(ctx, source, g)
	if err != nil {
		return Report{}, err
	}
	m.resumed(p.have)
	report := Report{Dest: g.path, Resumed: p.have}
	sum, err := t.fill(ctx, source, p, m)
	if err == nil {
		err = t.dress(ctx, p, source, g)
	}
	if err == nil {
		err = t.settle(ctx, p, g)
	}
	if err != nil {
		report.Part = t.abandon(ctx, p)
		return report, t.resumable(err, report.Part)
	}
	report.Files, report.Bytes = 1, source.Size-p.have
	if t.Verify {
		report.SHA256 = hex.EncodeToString(sum[:])
	}
	p.others.removeOthers(ctx, t.To)
	sweep(ctx, t.To, g.dir())
	return report, nil
}

// errUnsized is said of files that the system makes while they are read: below /proc and /sys they are empty by their size, and a copy
// of so many bytes would be complete and wrong.
var errUnsized = &Error{Op: "copy", Code: "unsupported", Message: "its size is 0 and yet it has content: the system makes it while it is read, as below /proc",
	Hint: "file_read reads it; a command (cat FILE >COPY) makes a file of it"}

// fill moves the bytes into the part and compares both ends.
func (t *Transfer) fill(ctx context.Context, source Info, p *part, m *meter) (sum [32]byte, err error) {
	r, err := t.From.Open(ctx, t.Source)
	if err != nil {
		return sum, err
	}
	defer r.Close()
	if source.Size == 0 {
		if n, err := r.ReadAt(make([]byte, 1), 0); n > 0 {
			return sum, errUnsized
		} else if err != nil && err != io.EOF {
			return sum, err
		}
	}
	mine, err := move(ctx, t.From, t.Source, r, t.To, p, source.Size, t.Verify, m)
	if err != nil {
		return sum, err
	}
	info, err := p.w.Stat()
	if err != nil {
		return sum, err
	}
	if info.Size != source.Size {
		return sum, &Error{Op: "copy", Path: t.Source, Code: "internal", Hint: "call again when it is at rest, with resume to go on",
			Message: fmt.Sprintf("%d bytes arrived of %d: it changed while it was read, or something else writes to the part file", info.Size, source.Size)}
	}
	if !t.Verify {
		return sum, nil
	}
	m.say("comparing")
	theirs, _, err := t.To.SHA256(ctx, p.path, -1)
	if err != nil {
		return sum, err
	}
	if sum, err = mine(); err != nil {
		return sum, err
	}
	if theirs != sum {
		p.broken = true
		return sum, &Error{Op: "copy", Path: t.Source, Code: "internal", Hint: "call again when the source is at rest; nothing was replaced",
			Message: fmt.Sprintf("the two ends differ: SHA-256 %x of the source, %x of what arrived; the source changed while it was read, or bytes were damaged on the way", sum, theirs)}
	}
	return sum, nil
}

// dress gives the part the permissions and the owner that the file shall have.
func (t *Transfer) dress(ctx context.Context, p *part, source Info, g goal) error {
	mode := source.Mode.Perm()
	if g.exists {
		mode = Permissions(g.old.Mode)
		mine, err := p.w.Stat()
		if err == nil {
			err = t.keepAttributes(ctx, p, g)
		}
		if err != nil {
			return err
		}
		if g.old.UID >= 0 && (mine.UID != g.old.UID || mine.GID != g.old.GID) {
			if err := p.w.Chown(g.old.UID, g.old.GID); err != nil {
				t.note("the file belonged to %d:%d and now belongs to the account that wrote it", g.old.UID, g.old.GID)
				mode = mode.Perm() // never setuid for somebody else
			}
		}
	}
	if t.Mode != nil {
		mode = *t.Mode
	}
	return p.w.Chmod(mode)
}

// settle puts the part in its place.
func (t *Transfer) settle(ctx context.Context, p *part, g goal) error {
	if _, err := p.w.Sync(); err != nil {
		return err
	}
	if err := p.w.Close(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	// Once it is asked for, the answer is waited for: nobody could say otherwise which file is there.
	last, cancel := lastly(ctx, "the host did not say in time whether the file took its place")
	defer cancel()
	if t.Keep {
		return t.To.RenameNew(last, p.path, g.path)
	}
	return t.To.Rename(last, p.path, g.path)
}

// cleanupTime bounds what is done after the end of a call's context.
const cleanupTime = 5 * time.Second

// lastly is a context for what has to be done even when the call's own ends.
func lastly(ctx context.Context, otherwise string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), cleanupTime, errors.New(otherwise))
}

// abandon closes the part of a transfer that failed, and removes it unless it is worth resuming. It returns what is left.
func (t *Transfer) abandon(ctx context.Context, p *part) string {
	late, cancel := lastly(ctx, "the part file could not be removed in time")
	defer cancel()
	p.w.Close()
	info, err := t.To.Lstat(late, p.path)
	if Code(err) == "not_found" {
		return "" // it has taken its place, or somebody has removed it
	}
	cancelled := ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled)
	if p.broken || cancelled && !t.Resume || err == nil && info.Size == 0 {
		if t.To.Remove(late, p.path) == nil {
			return ""
		}
	}
	return p.path
}

// resumable adds how to go on.
func (t *Transfer) resumable(err error, part string) error {
	var e *Error
	if part == "" || !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Hint = "the destination is untouched; what has arrived is kept for a day as " + Escape(part) + ": call again with resume. " + strings.TrimPrefix(c.Hint, "call again: ")
	return &c
}
