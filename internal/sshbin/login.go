package sshbin

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"sync"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Terminal is where a person sits.
type Terminal struct {
	In, Out, Err *os.File
}

// Login has a person log in: ssh asks on the terminal for what it needs (password, passphrase, one-time code, touch, the first
// host key). The master that comes of it carries later calls, of this and other processes, until it ends. A living master is
// left as it is.
//
// ssh must be able to reach the terminal, so this belongs into a program that runs in its foreground.
func (e *Engine) Login(ctx context.Context, r *dest.Resolved, t Terminal) (MasterInfo, error) {
	path := e.socketPath(r.Identity, 0)
	if err := e.login(ctx, r, path, t); err != nil {
		return MasterInfo{}, err
	}
	return e.Ready(ctx, r, true)
}

func (e *Engine) login(ctx context.Context, r *dest.Resolved, path string, t Terminal) error {
	unlock, err := e.locks.lock(ctx, "master "+path)
	if err != nil {
		return &Error{Op: "logging in", Host: r.Alias, Err: err}
	}
	defer unlock()
	if _, err := e.existing(ctx, path); err == nil {
		return nil
	}
	log, err := e.freshLog(r, path)
	if err != nil {
		return &Error{Op: "logging in", Host: r.Alias, Message: err.Error(), Err: err}
	}
	defer log.Close()
	o := e.masterOptions(path, true)
	o.Interactive, o.Log = true, ""
	words, err := runOnTerminal(exec.CommandContext(ctx, e.opt.SSH, r.MasterArgs(o)...), dest.Environ(e.opt.Env), t, log)
	e.noteStored(r, r.Logs(logPath(path)))
	if err == nil {
		_, err = mux.Alive(ctx, path)
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if words != nil {
		err = words
	}
	return e.startError(r, path, err)
}

// verboseLine is what ssh logs for us, not for the person: the key that it verified and how it signed in.
var verboseLine = lazyregexp.New(`Server host key: |^Authenticated to |^Authenticating to |^debug\d: `)

// runOnTerminal runs ssh in the terminal's foreground. What it says goes to the terminal and, with more detail, to the log. The
// first error is that of the log.
func runOnTerminal(cmd *exec.Cmd, env []string, t Terminal, log io.Writer) (logErr, err error) {
	words, their, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer words.Close()
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, their
	if err := cmd.Start(); err != nil {
		their.Close()
		return nil, err
	}
	their.Close()
	var copying sync.WaitGroup
	copying.Go(func() { logErr = tee(words, t.Err, log) }) // ends when ssh, gone into the background, lets go of its standard error
	err = cmd.Wait()
	copying.Wait()
	return logErr, err
}

// tee copies lines to both, without the verbose ones to the person.
func tee(from io.Reader, person, log io.Writer) (logErr error) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if _, wrong := io.WriteString(log, line); wrong != nil {
			logErr = wrong
		}
		if !verboseLine.MatchString(line) {
			_, _ = io.WriteString(person, line) // a terminal that is gone cannot be told
		}
		if err != nil {
			return logErr
		}
	}
}
