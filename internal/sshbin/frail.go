package sshbin

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// frail reports whether a server, as the leash names it, breaks when sessions share a connection. The dropbear of 2022.82 to 2024
// closes a session that it has just opened, unseen status and all, when the process of another one on the same connection ends before
// the new one's command has arrived; that command runs all the same, and its first output fails an assertion that ends the connection under
// everybody (mkj/dropbear#321). Nobody can tell afterwards what has run, so there sessions must not meet. A dropbear that does
// not tell its version may be one of these.
func frail(server string) bool {
	version, ok := strings.CutPrefix(server, "dropbear_")
	if !ok {
		return false
	}
	year, minor, _ := strings.Cut(version, ".")
	y, err := strconv.Atoi(year)
	if err != nil {
		return true
	}
	m, err := strconv.Atoi(minor)
	switch {
	case y == 2022:
		return err != nil || m >= 82
	default:
		return y == 2023 || y == 2024
	}
}

func (p *pool) setShell(h hello) {
	p.shell.Store(&h)
	if frail(h.Daemon) && !p.apart.Swap(true) {
		p.engine.opt.Log.Info().Str("host", p.resolved.Alias).Str("server", h.Daemon).Msg("every session there gets a connection of its own")
	}
}

// places is how many sessions the master carries at a time. It is called with pool.mu held.
func (m *master) places() int {
	if m.pool.apart.Load() {
		return 1
	}
	return m.limit
}

// alone locks the master's only place among all processes, where sessions must not meet. Without a lock file it is this process's to keep order.
func (m *master) alone() (unlock func(), ok bool) {
	if !m.pool.apart.Load() {
		return nil, true
	}
	unlock, ok, err := m.pool.engine.locks.try(sessionLock(m.path))
	return unlock, ok || err != nil
}

// lull waits until no other process has a session on the master that must be alone, so that the first session here does not meet it. A long one
// is not waited out: what could go wrong with it is its end just then.
func (m *master) lull(ctx context.Context) (leave func()) {
	ctx, cancel := context.WithTimeout(ctx, lullTime)
	defer cancel()
	unlock, err := m.pool.engine.locks.lock(ctx, sessionLock(m.path))
	if err != nil {
		return func() {}
	}
	return unlock
}

// lullTime is how long another process's session is waited for.
const lullTime = time.Second

func sessionLock(path string) string { return "session " + path }

// lookAgain is how soon a place is looked for again that another process has.
const lookAgain = 20 * time.Millisecond

// maxMasters is how many own masters the pool may have. Where every session needs its own, there are as many places in all as elsewhere.
func (p *pool) maxMasters() int {
	if p.apart.Load() {
		return p.engine.mostMasters()
	}
	return p.engine.opt.MaxMasters
}

// mostMasters is how many own masters any pool may have.
func (e *Engine) mostMasters() int { return e.opt.MaxMasters * sessionsPerMaster }
