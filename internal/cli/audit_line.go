package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/mcpserver"
)

// showLine prints a call as a person reads it: when, how it ended, where, what.
func showLine(w io.Writer) func(audit.Joined) error {
	return func(j audit.Joined) error {
		_, err := fmt.Fprintln(w, lineOf(j))
		return err
	}
}

// maxWhat is how many characters of a call's arguments a line shows.
const maxWhat = 200

func lineOf(j audit.Joined) string {
	host := "-"
	if j.Host != nil && j.Host.Alias != "" {
		host = j.Host.Alias
	}
	line := fmt.Sprintf("%s  tier %d  %-14s  %s  %s  %s", j.TS.Local().Format("01-02 15:04:05"), j.Tier, j.Tool, ending(&j.Record), host, what(j.Args))
	return strings.TrimRight(mcpserver.Visible(line), " ")
}

// ending is how a call ended, in a word or three.
func ending(r *audit.Record) string {
	end := r.Outcome
	switch {
	case r.Denied:
		end = "DENIED"
	case r.Signal != "":
		end = "SIG" + r.Signal
	case r.ExitCode != nil:
		end = fmt.Sprintf("exit %d", *r.ExitCode)
	case r.Error != nil && r.Error.Code != r.Outcome:
		end += " " + r.Error.Code
	}
	if r.DurationMS > 0 {
		end += " " + (time.Duration(r.DurationMS) * time.Millisecond).String()
	}
	return end
}

// what is the argument that says most, or all of them.
func what(args json.RawMessage) string {
	var named map[string]any
	if json.Unmarshal(args, &named) != nil || len(named) == 0 {
		return ""
	}
	text := string(args)
	for _, name := range []string{"command", "script", "data", "path", "remote_path", "session_id", "job_id", "uri"} {
		if s, ok := named[name].(string); ok && s != "" {
			text = s
			break
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxWhat {
		text = string(runes[:maxWhat-1]) + "…"
	}
	return text
}
