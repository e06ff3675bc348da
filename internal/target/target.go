// Package target is a place where commands run: this machine or an SSH host. A target is the idea that keeps the tools
// few: whatever runs here runs there, with the same bounds and the same answers. [Resolver] makes targets of destinations.
package target

import (
	"context"
	"io"
	"net"
	"strconv"
)

// Target runs commands in one place.
type Target interface {
	// Host describes the SSH host, nil for this machine.
	Host() *Host
	// Names are all names and addresses by which a policy may know the target: alias, resolved name, user, jumps,
	// canonical addresses.
	Names() []string
	// Run runs one command to its end. When ctx ends, the whole process tree of the command is ended and context.Cause(ctx)
	// returned, with Exit saying what survived; what was printed until then has been written.
	Run(ctx context.Context, c Command) (Exit, error)
	// Disconnect ends the warm connections to the target; those that belong to somebody else are only let go.
	Disconnect(ctx context.Context) (closed, released int, err error)
}

// Host is what a call's record says about an SSH host.
type Host struct {
	Alias, User, Hostname string
	Port                  int
	// Jump is the resolved jump chain, "" for none.
	Jump string
	// Groups and PolicyMode come from the inventory.
	Groups     []string
	PolicyMode string
	// Config is everything ssh -G says, by keyword.
	Config map[string][]string
}

// Address is user@hostname:port, with the way there.
func (h *Host) Address() string {
	s := h.User + "@" + net.JoinHostPort(h.Hostname, strconv.Itoa(h.Port))
	if h.Jump != "" {
		s += " via " + h.Jump
	}
	return s
}

// Command is what to run. Exactly one of Text, Argv, Script and Subsystem is set.
type Command struct {
	// Text is shell text: /bin/sh -c here, the login shell (sh where that is not POSIX) on a host.
	Text string
	// Argv is a program and its arguments, run without a shell. Local targets only.
	Argv []string
	// Script is a script for an interpreter; it is not fed on standard input.
	Script *Script
	// Subsystem is the name of an SSH subsystem, such as "sftp". SSH hosts only.
	Subsystem string
	// Spare fails (limit_reached) unless a live connection has a place for it at once, and one more for others. SSH hosts only.
	Spare bool
	// Dir is the working directory, "" for the server's own or the remote home.
	Dir string
	// Env overlays the environment; a nil value removes.
	Env []EnvVar
	// Stdin is the command's standard input, nil for an immediate end of file.
	Stdin io.Reader
	// Stdout and Stderr receive the output. The same writer for both gives one truly interleaved stream.
	Stdout, Stderr io.Writer
	// TTY asks for a terminal; its output is one stream.
	TTY bool
	// ID marks the processes of the call; unique per call.
	ID string
	// StoreHostKeys allows a first host key to be stored.
	StoreHostKeys bool
	// Started is called once when the command has started.
	Started func()
	// Detach lets a running command go when it is closed: Run returns, and Exit.Handover says how to follow it. A command with a
	// terminal is not let go, nor one on a connection that cannot be passed on.
	Detach <-chan struct{}
}

// EnvVar is one change to the environment.
type EnvVar struct {
	Name  string
	Value *string
}

// Exit is how a command ended.
type Exit struct {
	// Code is the exit status, 128+n for death by signal n, nil when it is unknown.
	Code *int
	// Signal is the signal's name without SIG, "" for none. Of a remote command it is inferred from Code.
	Signal string
	// Survivors describes what could not be ended after a timeout or cancel.
	Survivors []string
	// Fingerprint of the host key that the connection was made with, if known.
	Fingerprint string
	// Notes are what the caller should know beside.
	Notes []string
	// Handover is set when the command was let go.
	Handover *Handover
}
