package sshbin

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Spawn is an ssh client for a terminal.
type Spawn struct {
	// Args are the program and its arguments, Env its environment; TERM is left to the caller.
	Args, Env []string
	Started   Started
	// Riding is where it rides, to ask about its terminal.
	Riding Riding

	seat *seat
}

// Full asks, for a client that was refused, whether the server opens no further session on its connection. Then the next client rides
// another one. The client's own words prove nothing: what it shows comes from the host as well.
func (s *Spawn) Full(ctx context.Context) bool {
	var refused *mux.RefusedError
	if _, err := s.seat.errand(ctx, "true"); !errors.As(err, &refused) || refused.Denied {
		return false
	}
	s.seat.leaveAlone()
	return true
}

// SpawnArgs gives the command line of an interactive `ssh -tt` that rides a live master, which it makes sure of. When the
// server has no place for a session left, or the master ends before the client starts, that fails with status 255 and a word on its
// standard error; it never logs in by itself.
//
// Of the command, Text ("" is the login shell) and Dir count; what does not fit into an argument is refused, since standard input is the
// terminal. The session is not on the leash: it outlives this program.
func (e *Engine) SpawnArgs(ctx context.Context, r *dest.Resolved, c Command) (Spawn, error) {
	check := c
	if check.Text == "" {
		check.Text = "login shell"
	}
	if err := check.check(); err != nil {
		return Spawn{}, err
	}
	if len(c.Env) > 0 {
		return Spawn{}, invalid("a session on a host takes no environment", "set the variables in the session")
	}
	p, err := e.pool(r)
	if err != nil {
		return Spawn{}, &Error{Op: "starting a session", Host: r.Alias, Err: err}
	}
	for losses := 0; ; losses++ {
		s, err := p.acquire(ctx, wants{store: c.StoreHostKey, leash: !c.NoLeash})
		if err != nil {
			return Spawn{}, err
		}
		spawn, err := s.spawn(ctx, &c)
		s.leave()
		var lost *mux.LostError
		var gone *mux.NotRunningError
		switch {
		case err == nil:
			return spawn, nil
		case ctx.Err() == nil && losses < maxLosses && (errors.As(err, &lost) || errors.As(err, &gone)):
			s.end()
		default:
			return Spawn{}, s.openError(neverStarted(err))
		}
	}
}

// spawn makes the client's command line for this master, which answers.
func (s *seat) spawn(ctx context.Context, c *Command) (Spawn, error) {
	if err := s.alive(ctx); err != nil {
		return Spawn{}, &mux.LostError{Op: "session", Err: err}
	}
	if _, err := s.getLeash(ctx); err != nil { // tells the login shell
		return Spawn{}, err
	}
	riding := Riding{Path: s.path, Mark: rand.Text()}
	text, err := s.spawnText(c, riding.Mark)
	if err != nil {
		return Spawn{}, err
	}
	e, r := s.pool.engine, s.pool.resolved
	args := r.ClientArgs(dest.ClientOptions{ControlPath: s.path, Command: text, TTY: true})
	env := append(dest.Environ(e.opt.Env), dest.SessionVariable+"="+riding.Mark)
	return Spawn{Args: append([]string{e.opt.SSH}, args...), Env: env, Started: s.started(), Riding: riding, seat: s}, nil
}

// spawnText is the session's command line, "" for the login shell as sshd starts it. That one is marked only where the server accepts
// the variable.
func (s *seat) spawnText(c *Command, mark string) (string, error) {
	if c.Text == "" && c.Dir == "" {
		return "", nil
	}
	text := c.Text
	if text == "" {
		text = `exec "${SHELL:-/bin/sh}" -l`
	}
	if c.Dir != "" {
		text = "CDPATH= cd -- " + quoteDir(c.Dir) + " || exit 1\n" + text
	}
	variable := dest.SessionVariable + "=" + mark
	if isPOSIX(s.pool.loginShell()) { // the shell's own arguments show the mark, and its children's environment
		text = "export " + variable + "\n" + text
	} else {
		text = strings.Replace(wrapped(text), "exec ", "exec env "+variable+" ", 1)
	}
	if len(text) > maxText {
		return "", s.pool.tooLong(len(c.Text), "a session's command")
	}
	return text, nil
}
