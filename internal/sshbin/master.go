package sshbin

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"relay-shell/internal/sshbin/mux"
)

const (
	// sessionsPerMaster leaves two of sshd's default of ten (MaxSessions, sshd_config(5)) to the leash and to sessions that
	// sshd has not quite closed yet. Refusals happen all the same, and are retried.
	sessionsPerMaster = 8
	// adoptedLinger is how long the leash stays on an operator's master after the last call: while it lives, the ssh
	// that is the master cannot exit.
	adoptedLinger = 5 * time.Second
	// checkTimeout bounds a sign of life from a master on this machine.
	checkTimeout = 2 * time.Second
)

// master is a live ssh process that carries sessions, our own or the operator's.
type master struct {
	pool    *pool
	path    string
	index   int // own masters: from 0; -1 adopted
	adopted bool
	pid     int
	// fingerprint of the host key that was verified when an own master was started, "" if unknown.
	fingerprint string
	born        time.Time // when this engine came by it

	// mustFork is set for a master that does not speak the protocol that we know.
	mustFork atomic.Bool
	// shared says that others may have sessions on it: it was found, or it has proven to give more than one, which keepers may have now.
	shared atomic.Bool
	// silent is set when the host did not greet the leash on this connection.
	silent atomic.Bool
	// used is when it last carried something or answered, in Unix nanoseconds.
	used atomic.Int64
	// lost is closed when the master is given up.
	lost     chan struct{}
	lostOnce sync.Once

	// Guarded by pool.mu.
	inFlight int
	limit    int
	lowered  time.Time // when limit was last changed
	full     time.Time // until then others have all its sessions
	watched  bool
	linger   *time.Timer

	// leashMu serialises opening and closing the leash; leash is nil without one.
	leashMu sync.Mutex
	leash   atomic.Pointer[leash]
}

func newMaster(p *pool, path string, index, pid int) *master {
	m := &master{pool: p, path: path, index: index, adopted: index < 0, pid: pid, limit: sessionsPerMaster, lost: make(chan struct{}), born: time.Now()}
	m.shared.Store(m.adopted)
	m.touch()
	return m
}

func (m *master) touch() { m.used.Store(time.Now().UnixNano()) }

func (m *master) idle() time.Duration { return time.Since(time.Unix(0, m.used.Load())) }

// giveUp marks the master as gone; sessions on it end with connection_lost.
func (m *master) giveUp() {
	m.lostOnce.Do(func() {
		close(m.lost)
		m.pool.engine.masters.Add(-1)
	})
}

func (m *master) isLost() bool {
	select {
	case <-m.lost:
		return true
	default:
		return false
	}
}

// alive asks the master, and checks that it is still the same process.
func (m *master) alive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return m.aliveWithin(ctx)
}

// aliveWithin is alive with the context's own deadline.
func (m *master) aliveWithin(ctx context.Context) error {
	if stopped(m.pid) {
		return errStopped
	}
	pid, err := mux.Alive(ctx, m.path)
	if err == nil && pid != m.pid {
		err = errors.New("another master has taken its place")
	}
	return err
}

// getLeash gives the leash, opening one if there is none. It is nil where the host is known to run no shell.
func (m *master) getLeash(ctx context.Context) (*leash, error) {
	if l := m.leash.Load(); l != nil && l.alive() {
		return l, nil
	}
	if m.pool.leashless.Load() || m.silent.Load() {
		return nil, nil
	}
	m.leashMu.Lock()
	defer m.leashMu.Unlock()
	if l := m.leash.Load(); l != nil {
		if l.alive() {
			return l, nil
		}
		m.leash.Store(nil)
		l.close()
	}
	began := time.Now()
	l, err := startLeash(ctx, m.open)
	switch {
	case errors.Is(err, errNoShell):
		m.pool.noLeash(err.Error())
		return nil, nil
	case errors.Is(err, errSilent):
		m.silent.Store(true)
		return nil, nil
	case err != nil:
		return nil, err
	}
	m.pool.trip.Store(int64(time.Since(began)))
	m.pool.setShell(l.hello)
	m.leash.Store(l)
	return l, nil
}

// dropLeash closes the leash, if there is one.
func (m *master) dropLeash() {
	m.leashMu.Lock()
	defer m.leashMu.Unlock()
	if l := m.leash.Swap(nil); l != nil {
		l.close()
	}
}

// verify makes sure that a master which has been idle for some time still leads to a live host: after a laptop's sleep or a
// silent loss of the network it does not, and the first call would hang.
func (m *master) verify(ctx context.Context) error {
	if m.idle() < m.pool.engine.opt.KeepAlive {
		return nil
	}
	if err := m.alive(ctx); err != nil {
		return err
	}
	if l := m.leash.Load(); l != nil && l.alive() {
		ctx, cancel := context.WithTimeout(ctx, m.pool.engine.opt.ConnectTimeout)
		defer cancel()
		trip, err := l.ping(ctx)
		if err != nil {
			return err
		}
		m.pool.trip.Store(int64(trip))
	}
	m.touch()
	return nil
}

// end ends an own master: politely, then for good. The operator's are only let go of.
func (m *master) end() {
	m.giveUp()
	m.dropLeash()
	if !m.adopted {
		endMaster(m.path, m.pid)
	}
}

// endMaster ends an own master's process. A frozen one does not listen to reason.
func endMaster(path string, pid int) {
	err := errStopped
	if !stopped(pid) {
		err = terminate(path)
	}
	var gone *mux.NotRunningError
	if err != nil && !errors.As(err, &gone) && isMaster(pid, path) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	// A master that was killed leaves its socket behind.
	if err != nil {
		_ = os.Remove(path)
	}
}

// terminate asks the master at path to end.
func terminate(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	conn, err := mux.Dial(ctx, path)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Terminate(ctx)
}
