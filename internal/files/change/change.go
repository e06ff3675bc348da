package change

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/files"
)

// Place is a target on which files are changed.
type Place struct {
	// FS reaches the files, State the directory Dir on the same target, which holds what changes need: backups above all.
	FS, State files.FS
	Dir       string
	// Shell runs shell text on the target; nil where there is none, and then there are no checks and no reverts.
	Shell func(ctx context.Context, text string) (ShellResult, error)
	// Locks holds back changes of the same file; Key tells targets apart in it.
	Locks *Locks
	Key   string
	// Limit is the size in bytes up to which files are read for being edited, compared and kept.
	Limit int64
	// Retention and MaxBackups (bytes on one target) bound the backups; 0 = no bound.
	Retention  time.Duration
	MaxBackups int64

	clock func() time.Time // nil is time.Now; for tests of what expires
}

func (p *Place) since(t time.Time) time.Duration {
	if p.clock != nil {
		return p.clock().Sub(t)
	}
	return time.Since(t)
}

// ShellResult is how a command on the target ended.
type ShellResult struct {
	Code   int
	Output string // stdout and stderr, within bounds
}

// Request is a change.
type Request struct {
	// Path is the file, as the caller names it.
	Path string
	// Make makes the new content of the old one; old is nil where there is no file.
	Make func(old []byte) ([]byte, error)
	// Blind: Make does not look at the old content, so a file over the limit may be replaced, without a backup.
	Blind bool
	// MustExist refuses to create, CreateOnly to replace.
	MustExist, CreateOnly bool
	// Expected, if set, is the SHA-256 that the old content must have, in hexadecimal.
	Expected string
	// Mode, if set, are the permissions instead of the old file's.
	Mode *fs.FileMode
	// Check is a command that must succeed with the new content in place of each {}.
	Check string
	// RevertAfter has the target put the old file back after so long unless the change is confirmed.
	RevertAfter time.Duration
	// Admit, if set, is asked with what the path really is, and with the check as it will run.
	Admit func(real, check string) error
}

// Done is a change that was made.
type Done struct {
	// ID names the change for Confirm and Undo.
	ID string
	// Path is the file without links.
	Path string
	// Before and After are the contents; Before is nil where there was no file or it was too long to be read.
	Before, After []byte
	Created       bool
	// Unchanged: the content was as wanted already and nothing was written.
	Unchanged bool
	// Backup is the path of the former content on the target, "" if none is kept.
	Backup string
	// Checked is what the check printed.
	Checked *ShellResult
	// Reverts is when the old file comes back, zero if it does not.
	Reverts time.Time
	Info    files.Info
	Notes   []string
}

// Error is why a change was not made.
type Error struct {
	Code, Message, Hint string
	// Checked is what the check printed if that is why.
	Checked *ShellResult
}

func (e *Error) Error() string { return e.Message }

// ErrorCode is the contract's code.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.Hint }

// newID names a change; IDs sort by time.
func newID(now time.Time) string {
	return "c-" + strings.ToLower(ulid.MustNew(ulid.Timestamp(now), rand.Reader).String())
}

// timeOf is when a change was made, from its ID.
func timeOf(id string) (time.Time, bool) {
	u, err := ulid.ParseStrict(strings.ToUpper(strings.TrimPrefix(id, "c-")))
	if err != nil || !strings.HasPrefix(id, "c-") {
		return time.Time{}, false
	}
	return ulid.Time(u.Time()), true
}

// ValidID says whether a text can be the ID of a change.
func ValidID(id string) bool {
	_, ok := timeOf(id)
	return ok && id == strings.ToLower(id)
}

// Digest is the SHA-256 of content in hexadecimal.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// cleanup is the time that tidying up takes at most after a call has ended.
const cleanup = 5 * time.Second

// afterwards is a context for tidying up when the call's own may have ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanup)
}
