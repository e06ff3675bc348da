package sshbin

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// CallVariable marks the processes of a call for the leash. It has none of our settings' prefix: a relay-shell that runs
// on the host would refuse to start.
const CallVariable = "RELAY_CALL"

// maxText is the longest command text that travels as one argument; a longer one goes by standard input. The kernel takes 131,071 bytes
// (MAX_ARG_STRLEN, execve(2)), and the host may wrap it once more.
const maxText = 90_000

// octal spells s as an argument of printf(1) in double quotes that no shell reads as anything else, csh and fish included.
func octal(s string) string {
	var b strings.Builder
	b.Grow(2 * len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(" _./,:=+", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		}
	}
	return b.String()
}

// quote makes one word of a POSIX shell.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, needsQuotes) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func needsQuotes(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_./,:+-@%", r)
}

// posixShells are login shells that take POSIX text.
var posixShells = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "busybox": true, "zsh": true, "ksh": true, "ksh93": true, "ksh93u+m": true,
	"mksh": true, "lksh": true, "oksh": true, "pdksh": true, "yash": true, "posh": true, "rbash": true, "rksh": true,
}

func isPOSIX(shell string) bool { return posixShells[path.Base(shell)] }

// commandText is the command line of a call for the host's login shell; text is what of the command is to run there, unmet the token of the
// marker for what the command needs and the host has not, "" for none. onStdin is how many bytes of text stand on standard input, which text
// then is to run.
//
// A host without a leash gets the command as it is where that is possible: behind a forced command there may be anything but
// a shell.
func commandText(c *Command, text, id, shell, unmet string, leashed bool, onStdin int) string {
	before := prelude(c, id, unmet, leashed, onStdin)
	switch {
	case before == "" && !leashed && len(c.Text) <= maxText:
		return c.Text
	case isPOSIX(shell):
		return before + text
	default:
		return wrapped(before + text)
	}
}

// wrapped runs POSIX text under sh from a login shell of any kind: octal inside double quotes inside single quotes reads the
// same in all of them, fish and csh included.
func wrapped(text string) string { return "exec sh -c 'eval \"$(printf \"" + octal(text) + "\")\"'" }

// ended keeps the shell from replacing itself with the last command, so that the death of that by a signal comes back as
// 128+n instead of nothing. Text that is no complete script is left alone: the shell's own words about it count.
func ended(text, shell string) string {
	if text == "" || strings.HasSuffix(text, "\\") || !complete(text) {
		return text
	}
	return text + "\n" + exitStatus(shell)
}

// exitStatus ends a shell with the status of its last command. ksh93 counts signals from 256.
func exitStatus(shell string) string {
	if strings.Contains(path.Base(shell), "ksh") {
		return "_s=$?; [ $_s -le 256 ] || _s=$((_s-128)); exit $_s"
	}
	return "exit $?"
}

func complete(text string) bool {
	for _, lang := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
		if _, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), ""); err == nil {
			return true
		}
	}
	return false
}

// prelude is what runs in the shell before the command, on one line so that line numbers in the shell's messages move by one
// at most.
func prelude(c *Command, id, unmet string, leashed bool, onStdin int) string {
	var steps []string
	if leashed {
		steps = append(steps, "export "+CallVariable+"="+id)
	}
	if merged(c) && leashed && !c.TTY {
		// The host's sshd carries the two streams apart and they would overtake each other.
		steps = append(steps, "exec 2>&1")
	}
	if len(c.Env) > 0 {
		steps = append(steps, readEnv)
	}
	if onStdin > 0 {
		steps = append(steps, take(onStdin, unmet))
	}
	if c.Dir != "" {
		steps = append(steps, enter(c.Dir, unmet))
	}
	if c.Program != "" && unmet != "" {
		steps = append(steps, have(c.Program, unmet))
	}
	if len(steps) == 0 {
		return ""
	}
	return strings.Join(steps, "; ") + "\n"
}

// quoteDir quotes a directory; a leading ~ is the remote home, as it would be without quotes.
func quoteDir(dir string) string {
	switch {
	case dir == "~":
		return `"$HOME"`
	case strings.HasPrefix(dir, "~/"):
		return `"$HOME"/` + quote(dir[2:])
	case strings.HasPrefix(dir, "-"):
		return quote("./" + dir) // cd - is the previous directory
	}
	return quote(dir)
}

func merged(c *Command) bool { return c.Stdout != nil && c.Stdout == c.Stderr }
