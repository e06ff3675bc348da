package sshbin

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Handover is a command on a host that goes on without Run. Conn, Stdout and Stderr may be passed to another process, where
// [Follow] goes on.
type Handover struct {
	Detached Detached
	// Conn is the session's connection. Stdout and Stderr are read for the further output; of merged output Stderr is nil.
	Conn, Stdout, Stderr *os.File
	// Leash is passed on too; nil for a command without a mark.
	Leash *LeashCopy

	call *call
}

// Detached is what it takes, beside the files, to follow a command.
type Detached struct {
	Session mux.Detached `json:"session"`
	// Mark is the id that the command's processes carry, "" where they carry none; there is no leash then.
	Mark string `json:"mark"`
	// Master is the control socket.
	Master string `json:"master"`
}

// Release ends the handing over. kept says that somebody follows the command now, and has told its leash so. Otherwise it is ended,
// and what is left of it returned as in Exit.Survivors.
func (h *Handover) Release(kept bool) (survivors []string) {
	k := h.call
	if !kept {
		survivors = k.kill()
		k.forget()
	}
	h.Leash.Close()
	_ = k.channel.Close() // ours; the copy that was passed on is open
	for _, f := range []*os.File{h.Conn, h.Stdout, h.Stderr} {
		if f != nil {
			f.Close()
		}
	}
	k.streams.close()
	k.seat.leave()
	return survivors
}

// letGo takes the command's session and output from this process; nil when it has ended or cannot be let go.
func (k *call) letGo(ctx context.Context) *Handover {
	session, ok := k.channel.(*mux.Session)
	if !ok || k.command.TTY || k.marker != nil || k.command.raw {
		return nil
	}
	select {
	case <-k.streams.fed:
	case <-session.Exited():
		return nil
	case <-k.seat.lost:
		return nil
	case <-ctx.Done():
		return nil
	}
	empty, err := os.Open(os.DevNull)
	if err != nil {
		return nil
	}
	defer empty.Close()
	h := &Handover{call: k, Detached: Detached{Master: k.seat.path}}
	if k.leash != nil {
		if h.Leash = k.leash.copied(); h.Leash == nil {
			return nil
		}
		h.Detached.Mark = k.id
	}
	if h.Conn, h.Detached.Session, err = session.Detach(); err != nil {
		h.Leash.Close()
		return nil
	}
	k.detached = true
	k.streams.release()
	for i, o := range k.streams.outputs {
		f := o.pipe
		if !o.more { // read to its end; what is passed on ends at once
			if f, err = os.Open(os.DevNull); err != nil {
				f = nil
			}
		}
		if i == 0 {
			h.Stdout = f
		} else {
			h.Stderr = f
		}
	}
	return h
}

// release stops copying without losing a byte: what has been read is written, the rest stays in the pipes.
func (s *streams) release() {
	s.released.Store(true)
	for _, o := range s.outputs {
		_ = o.pipe.SetReadDeadline(time.Unix(1, 0))
	}
	<-s.done
	for _, o := range s.outputs {
		if o.more {
			_ = o.pipe.SetReadDeadline(time.Time{})
		}
	}
}

// Followed is a command that another process has started.
type Followed struct {
	session *mux.Session
	master  string
}

// Follow goes on with a command that was handed over. conn is taken over.
func Follow(conn *os.File, d Detached) (*Followed, error) {
	s, err := mux.Resume(conn, d.Session)
	if err != nil {
		return nil, err
	}
	return &Followed{session: s, master: d.Master}, nil
}

// Exited is closed when the command has ended, or the connection has.
func (f *Followed) Exited() <-chan struct{} { return f.session.Exited() }

// Exit says how it ended. Code is nil when its shell died of a signal. The error says that the connection was lost.
func (f *Followed) Exit(ctx context.Context) (Exit, error) {
	e := f.session.Exit()
	if e.Known {
		code := int(e.Status)
		return Exit{Code: &code, Signal: signalName(code)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if _, err := mux.Alive(ctx, f.master); err != nil {
		return Exit{}, errors.New("the connection was lost; the command may still run on the host")
	}
	return Exit{}, nil
}

// Close hangs up. It may be called twice.
func (f *Followed) Close() error { return f.session.Close() }

// End ends the processes on the host that carry a mark, and says what is left of them as Exit.Survivors does.
func (e *Engine) End(ctx context.Context, r *dest.Resolved, mark string) []string {
	unknown := []string{Unknown}
	p, err := e.pool(r)
	if err != nil || mark == "" {
		return unknown
	}
	s, err := p.acquire(ctx, wants{leash: true})
	if err != nil {
		return unknown
	}
	defer s.leave()
	l, err := s.getLeash(ctx)
	if err != nil || l == nil {
		return unknown
	}
	left, known := l.kill(ctx, mark)
	if !known {
		return unknown
	}
	survivors := []string{}
	for _, pid := range left {
		survivors = append(survivors, "pid "+pid)
	}
	return survivors
}

// Signal sends a signal, by its name without SIG, to the processes on the host that carry a mark, and says to how many; -1 is
// unknown.
func (e *Engine) Signal(ctx context.Context, r *dest.Resolved, mark, name string) (int, error) {
	if strings.ContainsFunc(name, func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '0' || c > '9') }) || name == "" {
		return 0, invalid("signal "+strconv.QuoteToASCII(name)+" is no name of a signal", "TERM, KILL, INT, HUP, QUIT, STOP, CONT, USR1 or USR2")
	}
	if mark == "" {
		return -1, nil
	}
	text := TreeScript() + "L=' ' T=' '\nlook \"$1\"\n[ -z \"$o\" ] || kill -" + name + " $o\nset -- $o\necho $#"
	var out strings.Builder
	exit, err := e.Run(ctx, r, Command{Text: "exec sh -c " + quote(text) + " sh " + quote(mark), Stdout: &out, Stderr: io.Discard})
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil || exit.Code == nil || *exit.Code != 0 {
		return -1, nil
	}
	return n, nil
}
