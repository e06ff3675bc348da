package audit

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// codeUnavailable is the contract's code for everything that keeps a record out of the log.
const codeUnavailable = "audit_unavailable"

// Health is how the log is doing.
type Health struct {
	// Degraded means that records are lost, or were, or can't be proven: see Reason.
	Degraded bool   `json:"degraded"`
	Reason   string `json:"reason,omitempty"`
	// Since is when it began to be so; zero when it is not.
	Since time.Time `json:"since,omitzero"`
	// Lost counts the records that could not be written by this process since it started.
	Lost int64 `json:"lost"`
	// Poisoned means that a write or a sync failed for good: nothing more is written until Reopen or a restart.
	Poisoned bool `json:"poisoned"`
	// Space is "ok", "low" (a warning) or "full".
	Space string `json:"space"`
	// Signed is the size of the tree at the newest checkpoint this process knows, Synced what is known to be on disk.
	Signed int64 `json:"signed"`
	Synced int64 `json:"synced"`
	// Mirror is why the mirror beside the log could not be written, if so. The log itself is not touched by that.
	Mirror string `json:"mirror,omitempty"`
}

// UnavailableError says that a record could not be written.
type UnavailableError struct {
	// Op is what was being done.
	Op  string
	Err error
}

func (e *UnavailableError) Error() string { return "audit log: " + e.Op + ": " + e.Err.Error() }

func (e *UnavailableError) Unwrap() error { return e.Err }

// ErrorCode is audit_unavailable.
func (e *UnavailableError) ErrorCode() string { return codeUnavailable }

// ErrorHint says what to do next.
func (e *UnavailableError) ErrorHint() string {
	switch {
	case errors.Is(e.Err, errClosed):
		return "the server is shutting down; call again when it is back"
	case isFull(e.Err):
		return "the disk is full: free space where the audit log lies; it goes on by itself"
	case errors.As(e.Err, new(*poisonError)):
		return "the disk failed: the operator has to check it and restart relay-shell (or send SIGHUP), which begins a new segment"
	}
	return "the operator has to make the audit log writable again; server_info shows its health"
}

// poisonError is a failure after which it is unknown what is on disk. Repeating a failed sync would report success for data that is
// gone (PostgreSQL's fsync errors of 2018), so that nothing is tried again.
type poisonError struct{ err error }

func (e *poisonError) Error() string {
	return fmt.Sprintf("stopped after a failed write: %v", e.err)
}

func (e *poisonError) Unwrap() error { return e.err }

var errClosed = errors.New("closed")

// isFull tells the errors that free space mends.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// isPoison tells the write errors after which the state of the disk is unknown from those that left it as it was.
func isPoison(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV)
}
