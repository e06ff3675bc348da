package sshbin

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/failure"
	"relay-shell/internal/sshbin/mux"
)

// startError says why the master at path could not be started: what ssh said of it, unless it never got to say anything.
func (e *Engine) startError(r *dest.Resolved, path string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return &Error{Op: "connecting", Host: r.Alias, Code: "unsupported", Err: err, Hint: "install openssh-client, or put ssh into the PATH of relay-shell"}
	case errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return &Error{Op: "connecting", Host: r.Alias, Code: "connection_lost", Err: err, Hint: "relay-shell is stopping"}
	}
	if errors.Is(err, errTalkative) {
		clearAway(path)
		return &Error{Op: "connecting", Host: r.Alias, Code: "unreachable", Message: err.Error(), Err: err, Hint: "this is no ordinary sshd: check the address"}
	}
	f := failure.FromLog(logPath(path), r, dest.Environ(e.opt.Env))
	if f.Code == "internal" && wasEnded(err) {
		return &Error{Op: "connecting", Host: r.Alias, Code: "connection_lost", Message: errEnded.Error(), Retryable: true, Err: errEnded,
			Hint: "call again: nothing was started; if it goes on, look what ends ssh processes on this machine (memory, a supervisor)"}
	}
	made := &Error{Op: "connecting", Host: r.Alias, Code: f.Code, Message: f.Error(), Hint: f.Hint, Retryable: f.Retryable, Err: f}
	if !errors.Is(err, errSignIn) {
		return made
	}
	// It was cut off, so its last words are no complaint, unless they say what it waited for.
	if made.Retryable = false; f.Code == "internal" || f.Code == "connection_lost" {
		made.Code, made.Hint = "connect_timeout", "the host is slow or its login waits for something; try again, or raise RELAY_SHELL_SSH_CONNECT_TIMEOUT"
		made.Message = strings.TrimSpace(errSignIn.Error() + ": " + f.Error())
	}
	return made
}

// errEnded is the end of an ssh that did not end by itself.
var errEnded = errors.New("the ssh process was ended while it connected, and not by relay-shell")

// wasEnded reports whether a signal ended the ssh that was to become a master, before it had signed in or just after.
func wasEnded(err error) bool {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		return ok && status.Signaled()
	}
	var gone *mux.NotRunningError
	return errors.As(err, &gone)
}
