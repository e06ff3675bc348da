package sshbin

import (
	"errors"
	"strings"

	"relay-shell/internal/sshbin/mux"
)

// why says in an operator's words how a master was lost: what ssh said last, if it said something.
func (m *master) why(err error) string {
	var lost *mux.LostError
	switch {
	case errors.Is(err, errStopped):
		return errStopped.Error()
	case errors.Is(err, errFrozen), errors.As(err, &lost) && lost.Silent():
		return errFrozen.Error()
	}
	if words := m.lastWords(); words != "" {
		return "ssh said: " + words
	}
	return "the ssh process that carried it has ended"
}

// lastWords is the last line of an own master's log after its login that says something of its end, "" if there is none.
func (m *master) lastWords() string {
	if m.adopted {
		return ""
	}
	_, after, _ := strings.Cut(readLog(m.path), "\nAuthenticated to ")
	lines := strings.Split(strings.TrimSpace(after), "\n")
	for i := len(lines) - 1; i > 0; i-- { // the first is the rest of the login's
		if line := strings.TrimSpace(lines[i]); line != "" && !isChatter(line) {
			return line
		}
	}
	return ""
}

// chatter are the beginnings of what ssh logs in passing.
var chatter = []string{"debug", "Transferred: ", "Bytes per second: ", "channel ", "Authenticated ", "mux_"}

func isChatter(line string) bool {
	for _, c := range chatter {
		if strings.HasPrefix(line, c) {
			return true
		}
	}
	return false
}
