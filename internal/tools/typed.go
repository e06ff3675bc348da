package tools

import (
	"strings"

	"relay-shell/internal/keeper/session"
	"relay-shell/internal/policy"
)

// typed is what a session_send would come to at the prompt of a shell, given what has been typed there before: a command may come in
// pieces, and lines may go on.
type typed struct {
	// texts are all that the shell may be told by it, the likeliest first.
	texts []string
	// blind: a line would be sent off that nobody can know, since it was edited with keys.
	blind bool
	// open is what the shell would still be collecting.
	open string
}

// typedAt puts the pieces together.
func typedAt(before session.Typed, data string, enter bool, keys []byte) typed {
	if enter {
		data += "\r"
	}
	var t typed
	with, blind1 := before.Type([]byte(data))
	after, blind2 := with.Type(keys)
	t.blind = blind1 || blind2
	t.add(added(before, with))
	t.add(strings.ReplaceAll(data, "\r", "\n")) // a program may have taken what was typed before
	t.add(added(before, after))
	for _, state := range []session.Typed{with, after} {
		for _, text := range continued(state) {
			t.add(text)
		}
	}
	t.open = collecting(after.Before)
	return t
}

// subject is it for the assessment.
func (t *typed) subject(tool string) policy.Subject {
	s := policy.Subject{Tool: tool, Session: true, Floor: policy.Reversible}
	if t.blind {
		s.Floor = policy.Stateful
	}
	if len(t.texts) == 0 {
		tier := policy.Reversible
		s.Fixed = &tier
		return s
	}
	s.Text, s.Or = t.texts[0], t.texts[1:]
	return s
}

func (t *typed) add(text string) {
	text = strings.Trim(text, "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, have := range t.texts {
		if have == text {
			return
		}
	}
	t.texts = append(t.texts, text)
}

// added is what has come to be typed from one state to the other, with the line that it continues.
func added(from, to session.Typed) string {
	return strings.TrimPrefix(to.Before, from.Before) + to.Line
}

// maxStarts bounds where in the lines before a command may have begun: at the first, or at one of the newest.
const maxStarts = 64

// starts are the offsets of those lines.
func starts(before string) []int {
	at := []int{0}
	for i := range len(before) - 1 {
		if before[i] == '\n' {
			at = append(at, i+1)
		}
	}
	if len(at) > maxStarts {
		at = append(at[:1:1], at[len(at)-maxStarts+1:]...)
	}
	return at
}

// continued lists the commands of several lines that end here: nobody knows in which of the lines before a shell began to collect,
// since other programs may have read some of them.
func continued(state session.Typed) []string {
	if state.Before == "" {
		return nil
	}
	var texts []string
	for _, at := range starts(state.Before) {
		if text := state.Before[at:] + state.Line; strings.Contains(strings.Trim(text, "\n"), "\n") && !policy.Unfinished(text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// collecting is the end of the lines that a shell may still be collecting.
func collecting(before string) string {
	if before == "" {
		return ""
	}
	for _, at := range starts(before) {
		if policy.Unfinished(before[at:]) {
			return before[at:]
		}
	}
	return ""
}
