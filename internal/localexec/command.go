package localexec

import (
	"io"
	"os"
	"strconv"
)

// Command is a program to run.
type Command struct {
	// Argv is the program and its arguments. A program without a slash is looked up in the PATH of Env, a relative one is
	// relative to Dir. Of the argv of [Shell], the text may have any length; other arguments have the kernel's bound.
	Argv []string
	// Dir is the working directory, "" for this process's own.
	Dir string
	// Env is the whole environment as "NAME=value", see [Environment]; nil is an empty one.
	Env []string
	// Stdin is the command's standard input; nil is an immediate end of file. An *os.File is passed on as it is. The command
	// need not read it to the end. If a Read still blocks when the command has ended, its goroutine ends with that Read.
	Stdin io.Reader
	// Stdout and Stderr receive the output, nil discards it. Equal writers get one stream, truly interleaved. An *os.File is
	// passed on as it is. A writer that fails does not stop the command; the rest of its output is discarded.
	Stdout, Stderr io.Writer
	// TTY gives the command a terminal; its output is one stream, in Stdout.
	TTY bool
	// ID marks the processes of the command, unique among those that run: letters, digits, '-' and '_', at most 64. Empty is a
	// random one.
	ID string
	// Started is called once when the program has started.
	Started func()
	// StartedAs is called with the command's process id then.
	StartedAs func(pid int)
	// Detach lets a running command go when it is closed: Run returns, and Exit.Handover says how to follow it. Only under a
	// [Supervisor], and not with a TTY. It waits until the command has been given all of Stdin.
	Detach <-chan struct{}
}

// Exit is how a command ended.
type Exit struct {
	// Code is the exit status, 128+n after death by signal n, nil when it is unknown: the command did not start, goes on
	// (Handover), or could not be ended.
	Code *int
	// Signal is the name, without SIG, of the signal that the command died of.
	Signal string
	// Survivors describes the processes that could not be ended after the context had ended.
	Survivors []string
	// Pid is the command's process id, which is also its session and process group; 0 if it did not start.
	Pid int
	// Background: when the command ended, a child still had its output open.
	Background bool
	// Handover is set when the command was let go.
	Handover *Handover
}

// Handover is a command that goes on without Run. The receiver closes the files; they may be passed to another process. When nobody has
// Status open any more, whatever became of whom, the command's tree is ended.
type Handover struct {
	// ID marks the processes of the command, Pid leads their session.
	ID  string
	Pid int
	// Stdout and Stderr are read for the further output; nil if the command writes to a file of its own. Of merged output
	// Stderr is nil.
	Stdout, Stderr *os.File
	// Status is read for the end: one line, "exit N" or "signal NAME N" with the status as in Exit.Code. An end of file without
	// a line means that nobody knows.
	Status *os.File
}

// MarkName is the environment variable that carries the id of a command. Its value is a list with colons: inside a command
// of another relay-shell, that one's ids follow.
const MarkName = "RSC"

// maxArg is the longest argument in bytes (execve(2), MAX_ARG_STRLEN: 131,072 with the final NUL).
const maxArg = 131071

// Shell is the argv that runs text with the system's POSIX shell.
func Shell(text string) []string { return []string{"/bin/sh", "-c", text} }

// isShell says whether argv is one of Shell.
func isShell(argv []string) bool { return len(argv) == 3 && argv[0] == "/bin/sh" && argv[1] == "-c" }

// checkID says whether an id can be a mark.
func checkID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(id) <= 64
}

// exitOf turns a wait status into an Exit.
func exitOf(code, signal int) Exit {
	e := Exit{}
	if signal != 0 {
		code = 128 + signal
		e.Signal = signalName(signal)
	}
	e.Code = &code
	return e
}

func signalName(n int) string {
	if name, ok := signalNames[n]; ok {
		return name
	}
	return strconv.Itoa(n)
}
