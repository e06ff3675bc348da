package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/localexec"
)

// answer is what the script on a host said. The host may be hostile: nothing in it is taken unchecked.
type answer struct {
	lines   []string // of jobs, each with the line about it behind
	size    int64    // of the output that was announced, -1 for none
	data    []byte   // the output
	left    string   // what could not be ended
	refused *Error
	said    string // everything, for a person
}

// parse reads an answer. code and words are how the script ended and what it said on standard error.
func parse(out []byte, code *int, words string) *answer {
	a := &answer{size: -1}
	text := out
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		kind, value, _ := strings.Cut(string(line), " ")
		switch kind {
		case "J":
			about, rest, _ := bytes.Cut(text, []byte("\n"))
			text = rest
			a.lines = append(a.lines, value, string(about))
		case "J=":
			n, err := strconv.ParseInt(value, 10, 64)
			if err == nil && n >= 0 {
				a.size, a.data = n, text[:min(n, int64(len(text)))]
			}
			text = nil
		case "J-":
			a.left = value
		case "J!":
			code, message, _ := strings.Cut(value, " ")
			a.refused = refusal(code, message)
		}
	}
	a.said = strings.TrimSpace(words)
	switch {
	case code == nil:
		a.said += " (it ended without a status)"
	case *code != 0:
		a.said = strings.TrimSpace(a.said + fmt.Sprintf(" (exit %d)", *code))
	case len(out) == 0:
		a.said += " (it said nothing)"
	}
	if a.refused == nil && code != nil && *code != 0 && len(a.lines) == 0 {
		a.refused = &Error{Code: "unsupported", Message: "the host did not run the job's script: " + a.said, Hint: "check cwd; jobs need a POSIX shell on the host"}
		if _, refused, ok := strings.Cut(a.said, guardSays); ok { // relay-shell lockdown
			a.refused = &Error{Code: "permission_denied", Message: "the host refused: " + refused, Hint: "the key that leads there is locked down to that tier, by the operator; commands up to it run"}
		}
	}
	return a
}

// guardSays begins what a key that holds a tier says of what it refuses.
const guardSays = "relay-shell guard: refused: "

// refusal is an error by the word that the script has for it.
func refusal(word, message string) *Error {
	e := &Error{Code: "internal", Message: message, Hint: "the host keeps its jobs in ~/.local/state/relay-shell/jobs or $XDG_STATE_HOME/relay-shell/jobs"}
	switch word {
	case tooMany, "not_found", "permission_denied":
		e.Code = word
	case job.DiskFull:
		e.Code, e.Hint = "limit_reached", "make room on the host; "+e.Hint
	}
	return e
}

// tooMany is the script's word for as many running jobs as there may be.
const tooMany = "too_many"

// strange is the error of an answer that makes no sense.
func (a *answer) strange(err error) error {
	message := "the host's answer makes no sense"
	if a.said != "" {
		message += ": " + a.said
	}
	if err != nil {
		message += ": " + err.Error()
	}
	return &Error{Code: "unsupported", Message: message, Hint: "jobs need a POSIX shell on the host, with head, tail, dd and wc"}
}

// told is a job with the further number of its line: where the output begins, or how many were signalled.
type told struct {
	Info
	extra int64
}

var errLine = errors.New("a line about a job is wrong")

// infos reads the lines about jobs.
func (a *answer) infos(host string) ([]told, error) {
	var list []told
	for i := 0; i+1 < len(a.lines); i += 2 {
		t, err := parseJob(a.lines[i], a.lines[i+1], host)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// readable are the jobs of a list that can be read: a damaged one hides no other.
func (a *answer) readable(host string) (list []told) {
	for i := 0; i+1 < len(a.lines); i += 2 {
		if t, err := parseJob(a.lines[i], a.lines[i+1], host); err == nil {
			list = append(list, t)
		}
	}
	return list
}

// parseJob reads "ID STATE STATUS TIME FIRST TOTAL PID EXTRA" and the line about the job.
func parseJob(line, about, host string) (t told, err error) {
	words := strings.Fields(line)
	if len(words) != 8 || !keeper.ValidID(job.Kind, words[0]) || json.Unmarshal([]byte(about), &t.Meta) != nil {
		return t, errLine
	}
	t.ID, t.Host, t.State = words[0], host, words[1]
	switch t.State {
	case job.Running, job.Ended, job.Killed:
	case job.Lost:
		t.Error = "its processes are gone, as after a reboot"
	default:
		return t, errLine
	}
	var n [6]int64
	for i, w := range words[2:] {
		if i == 0 && w == "-" {
			continue
		}
		if n[i], err = strconv.ParseInt(w, 10, 64); err != nil || n[i] < 0 {
			return t, errLine
		}
	}
	if t.State == job.Ended || t.State == job.Killed {
		code := int(n[0])
		t.Code, t.Signal = &code, localexec.SignalOf(code)
		t.Ended = time.Unix(n[1], 0).UTC()
	}
	t.First, t.Total, t.PID, t.extra = n[2], n[3], int(n[4]), n[5]
	if t.First > t.Total {
		return t, errLine
	}
	return t, nil
}
