package session

import (
	"io"
	"slices"

	"relay-shell/internal/pty"
	"relay-shell/internal/redact"
)

const (
	// leastKnown is how long, in bytes, what was typed as a secret must be to be masked wherever it is printed: a "y" or a PIN would make a
	// recording unreadable and say where it stands.
	leastKnown = 6
)

// masks takes secrets out of what leaves the session: out of a recording all that look like some, out of answers those that were given to the
// program, since the server that asks need not be the one that gave them. They are in this process's memory only.
type masks struct {
	recording, answers *redact.Redactor
	known              bool // guarded by the session's mu: there are some
}

// newMasks makes them: REDACT_OUTPUT says what the model sees, a file is for anybody.
func newMasks(key []byte) masks {
	all := redact.New(redact.Options{Key: key})
	return masks{recording: all, answers: all.ForOutput(redact.Off)}
}

// mask makes what takes secrets out of the recording. The patterns are made when there is output, in a keeper that records.
func (s *Session) mask(w io.Writer) pty.Filter { return s.masks.recording.NewWriter(w) }

// know has secrets masked from now on.
func (s *Session) know(values ...string) {
	if len(values) == 0 {
		return
	}
	s.masks.recording.AddKnown(values...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.masks.known = true
}

// learn has the secrets masked that are being typed.
func (s *Session) learn(r Send) {
	s.know(r.Known...)
	if r.Secret && len(r.Data) >= leastKnown {
		s.know(r.Data)
	}
}

// masked is a text of the recording's header.
func (s *Session) masked(text string) string { return s.masks.recording.String(text) }

func (s *Session) knows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.masks.known
}

// hide takes what was given to the program out of a piece of its output and of what stands around that.
func (s *Session) hide(r *Received) {
	if !s.knows() {
		return
	}
	m := s.masks.answers
	data := m.Part(string(r.Before), string(r.Data), string(r.After), !r.Ended)
	r.Before, r.Data, r.After = m.Bytes(r.Before), []byte(data), m.Bytes(r.After)
}

// hideScreen does the same with a screen.
func (s *Session) hideScreen(screen pty.Screen) pty.Screen {
	if s.knows() {
		screen.Lines = s.masks.answers.Rows(screen.Lines, func(row int) bool { return slices.Contains(screen.Full, row) })
		screen.Title = s.masks.answers.String(screen.Title)
	}
	return screen
}
