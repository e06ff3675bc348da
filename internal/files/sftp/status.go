package sftp

import (
	"fmt"
	"strings"
)

// StatusError is a server's no.
type StatusError struct {
	Status  uint32
	Message string
}

// Statuses of section 7 of the draft.
const (
	StatusOK               = 0
	StatusEOF              = 1
	StatusNoSuchFile       = 2
	StatusPermissionDenied = 3
	StatusFailure          = 4
	StatusBadMessage       = 5
	StatusNoConnection     = 6
	StatusConnectionLost   = 7
	StatusUnsupported      = 8
)

func (e *StatusError) Error() string {
	words := map[uint32]string{
		StatusEOF: "end of file", StatusNoSuchFile: "no such file or directory", StatusPermissionDenied: "permission denied", StatusFailure: "failure",
		StatusBadMessage: "bad message", StatusNoConnection: "no connection", StatusConnectionLost: "connection lost", StatusUnsupported: "operation unsupported",
	}
	text, known := words[e.Status]
	if !known {
		text = fmt.Sprintf("status %d", e.Status)
	}
	if e.Message != "" && !strings.EqualFold(e.Message, text) {
		text += " (" + clip(e.Message) + ")"
	}
	return "the server says: " + text
}

// clip bounds a server's words.
func clip(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// status reads an answer that is nothing but a status.
func (a response) status() error {
	if a.kind != typeStatus {
		return &ProtocolError{What: fmt.Sprintf("an answer of type %d", a.kind)}
	}
	f := fields{rest: a.body}
	code := f.uint32()
	if f.bad {
		return errShort
	}
	if code == StatusOK {
		return nil
	}
	return &StatusError{Status: code, Message: f.string()}
}

// want gives the fields of an answer of one type; a status is an error.
func (a response) want(kind byte) (*fields, error) {
	if a.kind == kind {
		return &fields{rest: a.body}, nil
	}
	err := a.status()
	if err == nil {
		err = &ProtocolError{What: "an answer without what was asked for"}
	}
	return nil, err
}
