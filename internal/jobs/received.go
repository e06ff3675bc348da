package jobs

import (
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/target"
)

// Received is a call of this package as a forced command on a host receives it.
type Received struct {
	// Around is the command line with ":" in the place of the script.
	Around string
	// Starts and Changes say that it starts a job, or that it ends or signals one.
	Starts, Changes bool
	// Input says that a line of the job's own standard input comes before its command.
	Input bool
}

// Receive recognises a script of this very version with arguments as this package makes them. They are checked: scripts use them unquoted.
func Receive(text string) (Received, bool) {
	at := strings.Index(text, "exec sh -c ")
	if at < 0 || !target.EngineLead(text[:at]) {
		return Received{}, false
	}
	for _, function := range []string{"do_start", "do_read", "do_kill", "do_list"} {
		rest, ok := strings.CutPrefix(text[at:], script(function))
		if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\n' {
			continue
		}
		line, tail, more := strings.Cut(rest, "\n")
		args, err := shellquote.Split(line)
		if err != nil || script(function, args...) != script(function)+line || !validCall(function, args) {
			return Received{}, false
		}
		r := Received{Around: text[:at] + ":", Starts: function == "do_start", Changes: function == "do_kill"}
		if more {
			r.Around += "\n" + tail
		}
		r.Input = r.Starts && args[6] != ""
		return r, true
	}
	return Received{}, false
}

// validCall reports whether a function is called as [Host] calls it.
func validCall(function string, args []string) bool {
	if function == "do_list" {
		return len(args) == 0
	}
	if len(args) == 0 || !keeper.ValidID(job.Kind, args[0]) {
		return false
	}
	number := func(s string) bool { return s != "" && len(s) < 19 && strings.Trim(s, "0123456789") == "" }
	switch function {
	case "do_start": // ID LIMIT MAX RETENTION HISTORY INFO FIRST
		return len(args) == 7 && !slices.ContainsFunc(args[1:5], func(s string) bool { return !number(s) }) && (args[6] == "" || args[6] == firstLine)
	case "do_read": // ID CURSOR MAX TENTHS
		return len(args) == 4 && number(strings.TrimPrefix(args[1], "-")) && number(args[2]) && number(args[3])
	}
	return len(args) == 2 && slices.Contains(signals, args[1])
}
