package sshbin

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

const (
	// signInTime is what a login may take beyond the TCP connections: key exchange, slow account services, an agent
	// that asks its user.
	signInTime = 20 * time.Second
	// dropRetries is how often a connection is tried again that the server dropped before its greeting.
	dropRetries = 8
	// proxyRetries is the same for a proxy command, whose own failure looks alike when it says nothing.
	proxyRetries = 3
	// endedRetries is the same for an ssh that somebody has killed. Its user may have to touch a key each time.
	endedRetries = 2
)

// startMaster gives a master for the pool: the operator's, a living one of ours from this or another process, or a new one. taken are
// the indices that the pool has already.
func (e *Engine) startMaster(ctx context.Context, p *pool, taken map[int]bool, w wants) (*master, error) {
	if len(taken) == 0 {
		if m := e.adopt(ctx, p); m != nil {
			return m, nil
		}
	}
	index := 0
	for taken[index] {
		index++
	}
	path := e.socketPath(p.resolved.Identity, index)
	for attempt := 0; ; attempt++ {
		m, err := e.ownMaster(ctx, p, path, index, w.store)
		if err == nil && w.leash {
			err = p.prepare(ctx, m)
		}
		if err == nil {
			return m, nil
		}
		var f *Error
		retries := dropRetries
		if p.resolved.ProxyCommand != "" {
			retries = proxyRetries
		}
		if errors.Is(err, errEnded) {
			retries = endedRetries
		}
		if !errors.As(err, &f) || !f.Retryable || attempt >= retries {
			return nil, err
		}
		wait := min(100*time.Millisecond<<attempt, 3*time.Second)
		if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
			return nil, err
		}
	}
}

// prepare opens the leash on a master before any command takes a place.
func (p *pool) prepare(ctx context.Context, m *master) error {
	leave := m.lull(ctx)
	_, err := m.getLeash(ctx)
	leave()
	var refused *mux.RefusedError
	if errors.As(err, &refused) && !refused.Denied {
		if m.shared.Load() {
			return nil // others have all its sessions; who wants one will see
		}
		p.noLeash("the server refused the first session: " + refused.Reason)
		return nil
	}
	if err != nil {
		return &Error{Op: "opening a session", Host: p.resolved.Alias, Code: "connection_lost", Message: m.why(err), Err: err, Hint: "call again: nothing was started"}
	}
	return nil
}

// ownMaster finds or starts the own master at path, alone among all processes.
func (e *Engine) ownMaster(ctx context.Context, p *pool, path string, index int, store bool) (*master, error) {
	unlock, err := e.locks.lock(ctx, "master "+path)
	if err != nil {
		return nil, &Error{Op: "starting a master", Host: p.resolved.Alias, Err: err}
	}
	defer unlock()
	pid, err := e.existing(ctx, path)
	found := err == nil
	if !found {
		if pid, err = e.launch(ctx, p.resolved, path, store); err != nil {
			return nil, err
		}
	}
	m := newMaster(p, path, index, pid)
	m.shared.Store(found)
	m.fingerprint = loggedFingerprint(path)
	return m, nil
}

// existing returns the living master at path. What is left of a dead or frozen one is cleared away.
func (e *Engine) existing(ctx context.Context, path string) (pid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	pid, err = mux.Alive(ctx, path)
	if err == nil {
		return pid, nil
	}
	var gone *mux.NotRunningError
	if !errors.As(err, &gone) {
		for _, pid := range mastersAt(path) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = os.Remove(path) // a socket that nobody answers at; none is fine too
	return 0, err
}

// launch starts a master and waits until it has signed in and listens.
func (e *Engine) launch(ctx context.Context, r *dest.Resolved, path string, store bool) (pid int, err error) {
	leave, err := e.gates.enter(ctx, r)
	if err != nil {
		return 0, &Error{Op: "waiting to connect", Host: r.Alias, Err: err}
	}
	defer leave()
	log, err := e.freshLog(r, path)
	if err != nil {
		return 0, &Error{Op: "starting a master", Host: r.Alias, Message: err.Error(), Err: err, Hint: "make room in, or access to, the runtime directory"}
	}
	defer log.Close()
	hops := time.Duration(len(r.Jump) + 1)
	limit := hops*r.ConnectTimeout(e.opt.ConnectTimeout) + signInTime
	limited, cancel := context.WithTimeoutCause(ctx, limit, errSignIn)
	defer cancel()
	err = e.runMaster(limited, r.MasterArgs(e.masterOptions(path, store)), r.Logs(logPath(path)), log)
	e.noteStored(r, r.Logs(logPath(path)))
	if err != nil {
		return 0, e.startError(r, path, err)
	}
	if pid, err = mux.Alive(ctx, path); err != nil {
		return 0, e.startError(r, path, err)
	}
	return pid, nil
}

// runMaster runs the ssh that becomes a master, until it has gone into the background. The error is the cause of ctx where that
// cut it short. The first of logs is open as log.
func (e *Engine) runMaster(ctx context.Context, args, logs []string, log *os.File) error {
	ctx, stop := context.WithCancelCause(ctx)
	// In a session of its own: a signal to our process group, or to our terminal, is none of its business. With -f it
	// leaves that one too, so that who kills our process tree by parents does not find it.
	cmd := exec.CommandContext(ctx, e.opt.SSH, args...)
	cmd.Env = dest.Environ(e.opt.Env)
	cmd.Stderr = log // complaints about the command line; what ssh says later goes there by -E
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	watched := make(chan struct{})
	go func() { // ends with the context
		defer close(watched)
		boundLogs(ctx, logs, stop)
	}()
	err := cmd.Run()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	stop(nil)
	<-watched
	return err
}

var (
	errSignIn    = errors.New("the server did not complete the login in time")
	errTalkative = errors.New("the server sends banners without end")
)

// boundLogs calls stop when the logs of a master have become too long: a hostile server may send one banner after the other.
func boundLogs(ctx context.Context, logs []string, stop context.CancelCauseFunc) {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		var size int64
		for _, name := range logs {
			if info, err := os.Stat(name); err == nil {
				size += info.Size()
			}
		}
		if size > maxLogSize {
			stop(errTalkative)
			return
		}
	}
}

// freshLog opens an empty log for a master. ssh appends, and what an earlier attempt said is no longer true.
func (e *Engine) freshLog(r *dest.Resolved, path string) (*os.File, error) {
	if err := r.RemoveLogs(logPath(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(logPath(path), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

func (e *Engine) masterOptions(path string, store bool) dest.MasterOptions {
	return dest.MasterOptions{
		ControlPath: path, Log: logPath(path), ConnectTimeout: e.opt.ConnectTimeout, KeepAlive: e.opt.KeepAlive,
		Persist: max(e.opt.IdleTimeout, 0), StoreHostKey: store, Shell: dest.ShellOf(e.opt.Env),
	}
}

// maxLogSize is how long a log may become while a master starts.
const maxLogSize = 4 << 20

// maxLog bounds what is read of a master's log; banners have no end.
const maxLog = 64 << 10

func readLog(path string) string { return readStart(logPath(path)) }

// hostKeyLine is what ssh logs of the key that it verified (verify_host_key in sshconnect.c).
var hostKeyLine = lazyregexp.New(`Server host key: \S+ (SHA256:[A-Za-z0-9+/]+)`)

// loggedFingerprint reads the fingerprint of the host key from the log of the master at path.
func loggedFingerprint(path string) string {
	var last string
	for _, m := range hostKeyLine.FindAllStringSubmatch(readLog(path), -1) {
		last = m[1] // the destination's comes after those of its jump hosts
	}
	return strings.TrimSpace(last)
}
