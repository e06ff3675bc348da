package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/policy"
)

// Outcome is how a call ended.
type Outcome string

// The outcomes of the contract. Only OK and Running are successes.
const (
	OK              Outcome = "ok"
	Running         Outcome = "running"
	Timeout         Outcome = "timeout"
	Cancelled       Outcome = "cancelled"
	Denied          Outcome = "denied"
	ConfirmRequired Outcome = "confirm_required"
	Failed          Outcome = "error"
)

// Failure reports whether a result with this outcome is an error to an MCP client. A command that exits non-zero ran:
// that is OK.
func (o Outcome) Failure() bool { return o != OK && o != Running }

// Result is what a call came to. The road fills everything but Command, Fields, Text, Notes and Record.
type Result struct {
	Outcome   Outcome
	Tier      policy.Tier
	RequestID string
	Duration  time.Duration
	Err       *Error
	// Notes are sentences the caller should read: a lowered timeout, a degraded audit.
	Notes []string
	// Host is the one host the call was about, as recorded; nil for this machine and for several.
	Host *string
	// Command is set by tools that run one command.
	Command *CommandResult
	// Token is what operation_confirm takes, with the outcome confirm_required.
	Token string
	// Question is to be put to a person by a caller that takes questions, with the outcome confirm_required.
	Question *Question
	// Fields is a struct with the tool's own fields, nil if it has none.
	Fields any
	// Text is the human form of Fields.
	Text string
	// Record joins the arguments in the result's record: how a call over many hosts went on each. It is bounded by its maker.
	Record map[string]any
	// Head is the audit log's head after this call.
	Head audit.Head
}

// CommandResult is what a command printed and how it ended.
type CommandResult struct {
	ExitCode    *int     `json:"exit_code"`
	Signal      *string  `json:"signal"`
	Stdout      string   `json:"stdout"`
	Stderr      string   `json:"stderr"`
	Truncated   bool     `json:"truncated"`
	TotalBytes  int64    `json:"total_bytes"`
	Lossy       bool     `json:"lossy"`
	Host        *string  `json:"host"`
	OutputID    *string  `json:"output_id"`
	Survivors   []string `json:"survivors"`
	JobID       *string  `json:"job_id,omitempty" jsonschema:"with the outcome running: the job as which it goes on"`
	Fingerprint string   `json:"-"`
	SHA256      string   `json:"-"`
}

// Error is what went wrong, for somebody who can act on it. Message keeps ssh's or the system's own words; Hint names
// what to do or which tool to call next.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.Hint }

// maxMessage bounds an error's message and its hint in bytes. Many name what they are about as it was given, and that can be
// a megabyte, which the caller has already. The audit cuts strings at 4 KiB.
const maxMessage = 3 << 10

// bounded is the error with sentences of a length that somebody reads: the middle of longer ones is left out.
func (e *Error) bounded() *Error {
	if e == nil || len(e.Message) <= maxMessage && len(e.Hint) <= maxMessage {
		return e
	}
	return &Error{Code: e.Code, Message: bounded(e.Message), Hint: bounded(e.Hint)}
}

func bounded(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	const part = maxMessage / 2
	head, tail := strings.ToValidUTF8(s[:part], ""), strings.ToValidUTF8(s[len(s)-part:], "")
	return fmt.Sprintf("%s … (%d bytes left out) … %s", head, len(s)-len(head)-len(tail), tail)
}

// Coded is an error that already knows its code and its hint; every package of the ground has such types.
type Coded interface {
	error
	ErrorCode() string
	ErrorHint() string
}

// AsError gives any error the contract's form. What has no code of its own is a fault of relay-shell: internal.
func AsError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var coded Coded
	if errors.As(err, &coded) {
		return &Error{Code: coded.ErrorCode(), Message: coded.Error(), Hint: coded.ErrorHint()}
	}
	return &Error{Code: "internal", Message: err.Error(), Hint: "this is a fault in relay-shell; server_info and its stderr log say more"}
}

// The causes with which the road ends a running call.
var (
	errCancelled = errors.New("cancelled by the client")
	errShutdown  = errors.New("relay-shell is shutting down")
	errStopped   = errors.New("stopped by the operator (relay-shell stop)")
)

// timeoutError is the cause of a context that ran into its call's timeout.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return "timeout after " + e.after.String() }

// endedBy tells a timeout and a cancellation, which keep what was printed so far, from failures.
func endedBy(ctx context.Context, err error) (Outcome, *Error) {
	cause := context.Cause(ctx)
	var timeout *timeoutError
	switch {
	case errors.As(err, &timeout), errors.As(cause, &timeout):
		return Timeout, &Error{Code: string(Timeout), Message: "timed out after " + seconds(timeout.after), Hint: "what was started has been ended; raise timeout, or narrow the command"}
	case cause != nil:
		if errors.Is(cause, context.Canceled) {
			cause = errCancelled
		}
		return Cancelled, &Error{Code: string(Cancelled), Message: cause.Error(), Hint: "what was started has been ended; call again if it is still wanted"}
	}
	return Failed, AsError(err)
}

// tellStart makes the error of a command that was cut short say whether it had started, and what is left of it.
func (w *walk) tellStart(res *Result, err error) {
	e := res.Err
	var open interface{ MayHaveRun() bool }
	mayHaveRun := errors.As(err, &open) && open.MayHaveRun()
	switch {
	case w.started.Load() && len(res.Command.Survivors) > 0:
		e.Hint = "what survivors lists could not be ended, or nobody can say whether it was: look before you repeat the command"
	case w.started.Load():
		return
	case mayHaveRun:
		e.Hint = "the host did not say whether the command has started: look before you repeat it"
	case res.Outcome == Timeout:
		e.Message = "timed out after " + seconds(w.r.opts.Now().Sub(w.began).Round(100*time.Millisecond)) + " before the command started"
		e.Hint = "nothing was started; ssh_check shows whether the host answers"
	default:
		e.Hint = "nothing was started; call again if it is still wanted"
	}
}
