package files

import (
	"errors"
	"fmt"
	"testing"
)

// connectError is how the engine says that it could not connect.
type connectError struct{ code, hint string }

func (e *connectError) Error() string     { return "connecting: web1: " + e.code }
func (e *connectError) ErrorCode() string { return e.code }
func (e *connectError) ErrorHint() string { return e.hint }

// TestConnectHint: what to do about a host that can't be reached is the engine's to say, what to do about a file ours.
func TestConnectHint(t *testing.T) {
	for code, want := range map[string]string{"unknown_host": "ssh_hosts lists the known hosts", "connection_lost": hints["connection_lost"]} {
		err := fail(t.Context(), "resolve", "/etc", fmt.Errorf("opening: %w", &connectError{code, "ssh_hosts lists the known hosts"}))
		var e *Error
		if !errors.As(err, &e) || e.Code != code || e.Hint != want {
			t.Errorf("%s: %+v, want the hint %q", code, e, want)
		}
	}
}
