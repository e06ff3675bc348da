package mux

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// errNoGreeting is the cause of an exchange that ended because the master did not greet in time.
var errNoGreeting = fmt.Errorf("no greeting within %v: %w", GreetTimeout, context.DeadlineExceeded)

// NotRunningError says that no master listens at Path: there is no socket, or nobody behind it.
type NotRunningError struct {
	Path string
	Err  error
}

func (e *NotRunningError) Error() string { return "no master at " + e.Path + ": " + e.Err.Error() }
func (e *NotRunningError) Unwrap() error { return e.Err }

// RefusedError is the master's or the server's no. What was asked for never started: a refused session may be asked for
// again.
type RefusedError struct {
	// Op is what was asked for.
	Op string
	// Denied is true when the master's owner said no (ControlMaster ask), false when it could not be done, such as
	// "Session open refused by peer" when the server's MaxSessions are taken.
	Denied bool
	// Reason is the master's own words.
	Reason string
}

func (e *RefusedError) Error() string { return e.Op + " refused: " + e.Reason }

// LostError says that the master went away, or kept silent until the deadline, before it answered.
type LostError struct {
	Op string
	// Sent is false when the request had not been sent whole, so that it cannot have had an effect. With true it may have.
	Sent bool
	Err  error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s: no answer from the master: %v", e.Op, e.Err)
}
func (e *LostError) Unwrap() error { return e.Err }

// Silent reports whether the master kept silent, as a frozen one does, rather than going away.
func (e *LostError) Silent() bool {
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, os.ErrDeadlineExceeded)
}

// ProtocolError says that the other end does not speak the protocol that this package knows.
type ProtocolError struct {
	Op, What string
	// Greeting is true when it was the greeting that was strange: then nothing that was asked for has been done.
	Greeting bool
}

func (e *ProtocolError) Error() string { return e.Op + ": unexpected from the master: " + e.What }
