package session

import (
	"io"

	"relay-shell/internal/pty"
	"relay-shell/internal/redact"
)

const (
	// leastKnown is how long, in bytes, what was typed as a secret must be to be masked wherever it is printed: a "y" or a PIN would make a
	// recording unreadable and say where it stands.
	leastKnown = 6
)

// mask makes what takes secrets out of the recording: always all that look like some. The patterns are made when there is output, in a keeper
// that records.
func (s *Session) mask(w io.Writer) pty.Filter { return s.redactor.NewWriter(w) }

// learn has the recording mask the secrets of what is being typed. They are in this process's memory only.
func (s *Session) learn(r Send) {
	if s.redactor == nil {
		return
	}
	s.redactor.AddKnown(r.Known...)
	if r.Secret && len(r.Data) >= leastKnown {
		s.redactor.AddKnown(r.Data)
	}
}

// masked is a text of the recording's header.
func (s *Session) masked(text string) string { return s.redactor.String(text) }

// newRedactor is for recordings: REDACT_OUTPUT says what the model sees, a file is for anybody.
func newRedactor(key []byte) *redact.Redactor { return redact.New(redact.Options{Key: key}) }
