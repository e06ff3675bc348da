package sshbin

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"relay-shell/internal/sshbin/dest"
)

// startError says why a master could not be started, from ssh's own words in its log.
func startError(r *dest.Resolved, words string, err error) error {
	e := &Error{Op: "connecting", Host: r.Alias, Err: err, Message: strings.TrimSpace(words)}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		e.Code, e.Hint = "unsupported", "install openssh-client"
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed):
	case errors.Is(err, errSignIn):
		e.Code = "connect_timeout"
	case strings.Contains(words, "Host key verification failed"):
		e.Code = "host_key_unknown"
	case strings.Contains(words, "kex_exchange_identification"):
		e.Code, e.Retryable = "connection_lost", true
	case strings.Contains(words, "Permission denied"):
		e.Code = "auth_failed"
	default:
		e.Code = "unreachable"
	}
	return e
}
