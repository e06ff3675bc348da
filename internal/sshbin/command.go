package sshbin

import (
	"io"
	"strconv"
	"strings"
)

// Command is what to run on a host.
type Command struct {
	// Text is shell text without NUL, run by the login shell if that is a POSIX one, else by sh. Beyond 90 kB it travels on standard input,
	// before that of the command, and runs from a temporary file that has no name any more when the text comes; not on a TTY.
	Text string
	// Dir is the working directory: "" is the remote home, a leading "~/" stands for it.
	Dir string
	// Program is what Text cannot do without, a name or a path: where the host has none the command is not started (not_found). "" is nothing.
	Program string
	// Env changes the environment, whatever AcceptEnv says. Values travel on standard input; no process list shows them.
	Env []EnvVar
	// Stdin is the standard input, nil for an immediate end of file. A regular file or terminal (*os.File) is handed to the
	// master itself; so that nothing else is lost, of any other reader somewhat more may be read than the command consumes, and
	// a Read that is blocked when the command ends is left behind.
	Stdin io.Reader
	// Stdout and Stderr receive the output, nil discards it. The same writer for both gives one stream in the
	// order of writing. A regular file is handed to the master itself.
	Stdout, Stderr io.Writer
	// TTY asks for a remote terminal, without echo and without changes to line ends. Its output is one stream, in Stdout.
	TTY bool
	// StoreHostKey allows the host key of a new host to be stored. Without it such a host is refused (host_key_unknown).
	StoreHostKey bool
	// Subsystem asks for a subsystem, such as "sftp", instead of Text.
	Subsystem string
	// Spare fails (limit_reached) unless a live connection has a place for the session at once, and one more for others: it is of use, not needed.
	Spare bool
	// NoLeash runs the command without the leash: nothing ends its processes on a timeout.
	NoLeash bool
	// Started is called once, when the server has started the command.
	Started func(Started)

	// Detach lets a running command go when it is closed: Run returns, and Exit.Handover says how to follow it. It waits until the
	// command has been given all of Stdin. A command with a terminal, and one that a forked client carries, is not let go.
	Detach <-chan struct{}

	raw bool // the caller gets the pipes
}

// Started tells where a command runs.
type Started struct {
	// Fingerprint of the host key that the connection was made with, "" if unknown (the operator's own master).
	Fingerprint string
	// Adopted is true on a master of the operator.
	Adopted bool
	// MasterPID is the process on this machine that carries the command.
	MasterPID int
	// Shell is the account's login shell, "" if unknown.
	Shell string
}

// Exit is how a command ended.
type Exit struct {
	// Code is the exit status, 128+n for a command that died of signal n; nil when the login shell itself died, or when
	// the command was ended before it told.
	Code *int
	// Signal is the name without SIG that Code stands for, "" for none. A command may exit with such a status on its own.
	Signal string
	// Survivors are what a timeout or cancel could not end: "pid N" of processes that are left, or "unknown" where that
	// cannot be told. Empty means that everything has ended.
	Survivors []string
	// Started is where it ran.
	Started Started
	// Handover is set when the command was let go.
	Handover *Handover
}

// Unknown in Exit.Survivors says that nobody can tell what is left.
const Unknown = "unknown"

// maxVariable and maxEnviron bound a variable, with its name, and all of them, in bytes, as Linux does (MAX_ARG_STRLEN, and a quarter of the usual
// stack): a host would take long to read what no program there can be given.
const (
	maxVariable = 131_071
	maxEnviron  = 2 << 20
)

// maxPath is the longest path that Linux takes (PATH_MAX), in bytes.
const maxPath = 4095

func (c *Command) check() error {
	switch {
	case c.Subsystem == "" && strings.TrimSpace(c.Text) == "":
		return invalid("command is empty", "give the command line to run")
	case c.Subsystem != "" && (c.Text != "" || c.Dir != "" || len(c.Env) > 0 || c.TTY):
		return invalid("a subsystem takes neither command nor environment, directory or terminal", "")
	case strings.ContainsRune(c.Text, 0):
		return invalid("command contains a NUL byte", "no shell takes one: write \\000 with printf, or send the bytes on stdin")
	case max(len(c.Dir), len(c.Program)) > maxPath:
		return invalid("a path of more than "+itoa(maxPath)+" bytes is none", "give a shorter one")
	case strings.ContainsRune(c.Program, 0):
		return invalid("program contains a NUL byte", "name a program")
	case strings.ContainsRune(c.Dir, 0):
		return invalid("cwd contains a NUL byte", "give a path without it")
	}
	total := 0
	for _, v := range c.Env {
		if v.Value != nil {
			n := len(v.Name) + 1 + len(*v.Value)
			if total += n; n > maxVariable || total > maxEnviron {
				return &Error{Code: "too_large", Message: "environment variable " + v.Name + " of " + itoa(n) + " bytes is more than a program takes",
					Hint: "one holds at most 131071 bytes, all of them two megabytes: pass the data by stdin or in a file"}
			}
		}
		if !isName(v.Name) {
			return invalid("environment variable "+strconv.QuoteToASCII(v.Name)+" is no name", "use letters, digits and underscores, no digit first")
		}
		if v.Value != nil && strings.ContainsRune(*v.Value, 0) {
			return invalid("environment variable "+v.Name+" contains a NUL byte", "no environment holds one")
		}
	}
	return nil
}

func invalid(message, hint string) error {
	return &Error{Code: "invalid_argument", Message: message, Hint: hint}
}
