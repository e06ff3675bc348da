package sshbin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"relay-shell/internal/sshbin/mux"
)

// call is a command that the server has started.
type call struct {
	engine  *Engine
	seat    *seat
	command *Command
	id      string
	leash   *leash // nil without one
	channel channel
	streams *streams
	marker  *marker // finds the exit status in the output; nil where the channel tells it
	unmet   *marker // finds there that what the command needs is missing, and what; nil without needs
	started Started
	// detached is set when the session has been let go of: its end is told to somebody else.
	detached bool
}

// openGrace is how long a session that is being opened may still be answered once its caller has gone: the command may have
// started, and whoever knows that can end it.
const openGrace = 2 * time.Second

// lingering is a context that ends after timeout, or openGrace after ctx.
func lingering(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	open, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		late := time.AfterFunc(openGrace, cancel)
		context.AfterFunc(open, func() { late.Stop() })
	})
	return open, func() { stop(); cancel() }
}

// attempt opens one session for the command. Errors are those of package mux.
func (e *Engine) attempt(ctx context.Context, s *seat, c *Command) (*call, error) {
	k := &call{engine: e, seat: s, command: c, id: newID()}
	var err error
	if !c.NoLeash {
		if k.leash, err = s.getLeash(ctx); err != nil {
			return nil, neverStarted(err)
		}
	}
	request, preamble, err := k.request()
	if err != nil {
		return nil, err
	}
	if c.raw {
		k.streams, err = newPipes(c, preamble)
	} else {
		k.streams, err = newStreams(c, e.null, preamble, k.filter())
	}
	if err != nil {
		return nil, err
	}
	if k.leash != nil {
		if err := k.leash.begin(k.id); err != nil {
			k.streams.discard()
			return nil, &mux.LostError{Op: "leash", Err: err}
		}
	}
	// The watch over the master gives up before this does, and then nothing has been started.
	open, cancel := lingering(ctx, 3*e.opt.KeepAlive+e.opt.ConnectTimeout)
	k.channel, err = s.open(open, k.streams.request(request))
	cancel()
	if err != nil {
		var lost *mux.LostError
		if k.leash != nil && errors.As(err, &lost) && lost.Sent {
			k.killUnanswered()
		}
		k.streams.discard()
		k.forget()
		return nil, err
	}
	if k.leash != nil {
		s.shared.Store(true)
	}
	k.streams.start()
	k.started = s.started()
	if c.Started != nil {
		c.Started(k.started)
	}
	return k, nil
}

// request makes the session's request and what has to go before the command's input.
func (k *call) request() (r mux.Request, preamble string, err error) {
	c := k.command
	if c.Subsystem != "" {
		return mux.Request{Command: c.Subsystem, Subsystem: true}, "", nil
	}
	r.TTY, r.Term = c.TTY, "xterm-256color"
	shell := k.seat.pool.loginShell()
	text := ended(c.Text, shell)
	token := ""
	if (c.Dir != "" || c.Program != "") && !c.raw {
		k.unmet = newMarker()
		token = k.unmet.token
	}
	if k.forked() && !c.raw && k.leash != nil && complete(c.Text) {
		k.marker = newMarker()
		text = k.marker.wrap(c.Text, shell)
	}
	preamble = envPreamble(c.Env)
	r.Command = commandText(c, text, k.id, shell, token, k.leash != nil, 0)
	if len(r.Command) <= maxText {
		return r, preamble, nil
	}
	if k.unmet == nil && !c.raw {
		k.unmet = newMarker()
		token = k.unmet.token
	}
	text = staged(text)
	r.Command = commandText(c, runText, k.id, shell, token, k.leash != nil, len(text))
	if c.TTY || len(r.Command) > maxText { // a terminal takes no more than short lines as they are
		return r, "", k.seat.pool.tooLong(len(c.Text), "a command on a terminal")
	}
	return r, preamble + text, nil
}

// tooLong refuses what cannot reach the host.
func (p *pool) tooLong(n int, what string) error {
	return &Error{Op: "sending the command", Host: p.resolved.Alias, Code: "too_large", Message: what + " of " + itoa(n) + " bytes does not fit into an argument",
		Hint: "upload it as a script with ssh_upload and run that"}
}

func (k *call) filter() func(io.Writer) io.Writer {
	switch {
	case k.unmet == nil && k.marker == nil:
		return nil
	case k.unmet == nil:
		return k.marker.filter
	case k.marker == nil:
		return k.unmet.filter
	}
	return func(w io.Writer) io.Writer { return k.marker.filter(k.unmet.filter(w)) }
}

// wait waits for the end of the command.
func (k *call) wait(ctx context.Context) (Exit, error) {
	exit := Exit{Started: k.started}
	detach := k.command.Detach
	for ended := false; !ended; {
		select {
		case <-k.channel.Exited():
			ended = true
		case <-k.marker.found():
			ended = true
		case <-k.seat.lost:
			err := k.connectionLost(nil)
			exit.Survivors = []string{Unknown} // the leash ends them when it notices, but nobody is left to say so
			_ = k.finish(0, nil)
			return exit, err
		case <-ctx.Done():
			exit.Survivors = k.kill()
			_ = k.finish(0, nil)
			return exit, context.Cause(ctx)
		case <-detach:
			detach = nil
			if exit.Handover = k.letGo(ctx); exit.Handover != nil {
				return exit, nil
			}
		}
	}
	trip := k.seat.pool.roundTrip()
	status, known := k.status()
	if !known {
		// Either the shell died of a signal, or the connection is gone. The master knows.
		if err := k.seat.alive(k.engine.ctx); err != nil {
			lost := k.connectionLost(err)
			exit.Survivors = []string{Unknown}
			_ = k.finish(trip, nil)
			k.seat.end()
			return exit, lost
		}
	} else {
		exit.Code, exit.Signal = &status, signalName(status)
		k.streams.drainHanded(k.channel.Ended())
	}
	whole := k.streams.complete()
	k.streams.drain(trip, k.seat.turn)
	torn := k.torn(whole)
	if err := k.end(); torn == nil {
		torn = err
	}
	if torn != nil {
		return exit, torn
	}
	if why, ok := k.unmet.status(); ok {
		return Exit{Started: k.started}, k.command.unmet(k.seat.pool.resolved.Alias, why)
	}
	return exit, nil
}

// status is the exit status, if there is one.
func (k *call) status() (int, bool) {
	if status, ok := k.marker.status(); ok {
		return status, true
	}
	e := k.channel.Exit()
	return int(e.Status), e.Known
}

// finish reads what is left of the output, closes the session and gives its place back.
func (k *call) finish(roundTrip time.Duration, look func() bool) error {
	k.streams.drain(roundTrip, look)
	return k.end()
}

// torn is the error of a command that has ended and whose output the connection did not bring to its end: the end of a pipe is no proof when the
// master has died, as little as silence is when it hangs. whole says that the output had come before the exit was known.
func (k *call) torn(whole bool) error {
	if whole {
		return nil
	}
	if k.streams.complete() && running(k.seat.pid) {
		return nil // it has closed the pipes itself
	}
	err := k.seat.alive(k.engine.ctx)
	if err == nil {
		return nil
	}
	torn := &Error{Op: "running", Host: k.seat.pool.resolved.Alias, Code: "connection_lost", Started: true,
		Message: "the command has ended, and the connection was lost before all of its output had come: " + k.seat.why(err),
		Hint:    "what is shown may lack its end; repeat the command only if it does no harm twice"}
	k.seat.end()
	return torn
}

// end closes the session and gives its place back. Nothing is read any more.
func (k *call) end() error {
	err := k.streams.finish()
	k.forget()
	select {
	case <-k.channel.Ended():
	default:
		// The session's place on the server is free when the master has seen it close, in a moment as a rule. Waiting for that here
		// would only delay the answer.
		if k.engine.background(k.hangUp) {
			return err
		}
	}
	k.hangUp()
	return err
}

// closeGrace is how long a session that has exited may take to close by itself.
const closeGrace = 100 * time.Millisecond

func (k *call) hangUp() {
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	select {
	case <-k.channel.Ended():
	case <-t.C:
	}
	_ = k.channel.Close()
	k.seat.leave()
}

// forget tells the leash that what is left of the call may live on.
func (k *call) forget() {
	if k.leash != nil {
		k.leash.end(k.id)
	}
}

// connectionLost is the error of a command whose master or host was lost while it ran; cause is what the master said to a look, nil where the
// watch over it had given it up.
func (k *call) connectionLost(cause error) error {
	why := k.seat.why(cause)
	if cause == nil && k.seat.lastWords() == "" {
		why = "the connection stopped answering"
	}
	return &Error{Op: "running", Host: k.seat.pool.resolved.Alias, Code: "connection_lost", Started: true,
		Message: "the connection was lost while the command ran: " + why,
		Hint:    "the command may have run or still run; check before you repeat it"}
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return hex.EncodeToString(id[:])
}
