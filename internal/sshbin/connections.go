package sshbin

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Connection is a live master.
type Connection struct {
	// Destination is what was connected to, as ssh was called: [user@]host[:port].
	Destination string
	// Address is "user@hostname:port" where this engine has resolved it, else "".
	Address string
	// Adopted is true for the operator's own, false for ours, whichever process of ours started it.
	Adopted bool
	PID     int
	// Age is how long the master has lived, Idle how long no call has ended or been answered on it.
	Age, Idle time.Duration
	// Channels are the clients that ride it now, leashes included; of an adopted one, or where the system does not tell, this engine's own.
	Channels int
	// Path is the control socket.
	Path string
	// Fingerprint of the host key, "" if unknown.
	Fingerprint string
	// Frozen is true for one that does not answer. A call replaces it, an own one is ended by that and by [Engine.Disconnect].
	Frozen bool
}

// lookAtOnce is how many masters are asked at the same time.
const lookAtOnce = 32

// Connections lists the live masters: ours, of this and other processes that share the runtime directory, and the operator's
// that this engine uses. The masters themselves are asked; what is left of dead ones is cleared away.
func (e *Engine) Connections(ctx context.Context) ([]Connection, error) {
	known, clients := e.known(), allSocketClients()
	entries, err := os.ReadDir(e.opt.RuntimeDir)
	if err != nil {
		return nil, &Error{Op: "listing connections", Err: err}
	}
	var paths []string
	for _, entry := range entries {
		if _, _, ok := ownSocket(entry.Name()); ok {
			paths = append(paths, filepath.Join(e.opt.RuntimeDir, entry.Name()))
		}
	}
	for path, m := range known {
		if m.adopted {
			paths = append(paths, path)
		}
	}
	var (
		asking errgroup.Group
		mu     sync.Mutex
		list   []Connection
	)
	asking.SetLimit(lookAtOnce) // one that is frozen takes its time
	for _, path := range paths {
		asking.Go(func() error {
			if c, ok := e.look(ctx, path, known[path], clients); ok {
				mu.Lock()
				defer mu.Unlock()
				list = append(list, c)
			}
			return nil
		})
	}
	_ = asking.Wait() // nobody returns an error
	slices.SortFunc(list, func(a, b Connection) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Path, b.Path))
	})
	return list, ctx.Err()
}

// known lists this engine's masters by path.
func (e *Engine) known() map[string]*master {
	e.mu.Lock()
	pools := e.allPools()
	e.mu.Unlock()
	known := map[string]*master{}
	for _, p := range pools {
		p.mu.Lock()
		for _, m := range p.masters {
			known[m.path] = m
		}
		p.mu.Unlock()
	}
	return known
}

// look asks the master at path; m is what this engine knows of it, if anything.
func (e *Engine) look(ctx context.Context, path string, m *master, clients map[string]int) (Connection, bool) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	pid, err := m.pidAt(ctx, path)
	frozen := false
	if err != nil {
		var gone *mux.NotRunningError
		if m == nil && errors.As(err, &gone) {
			e.sweep(ctx, path)
		}
		if pid, frozen = frozenAt(path, m, err); !frozen {
			return Connection{}, false
		}
	}
	c := Connection{PID: pid, Path: path, Channels: -1, Frozen: frozen}
	if clients != nil {
		c.Channels = clients[path]
	}
	if born, ok := processStart(pid); ok {
		c.Age = max(time.Since(born), 0)
	}
	if m != nil {
		r := m.pool.resolved
		c.Destination, c.Address, c.Adopted, c.Idle, c.Fingerprint = r.Destination.String(), r.User+"@"+r.Address(), m.adopted, m.idle(), m.fingerprint
		if own := m.channels(); c.Channels < 0 || m.adopted {
			c.Channels = own
		} else if own > 0 {
			c.Idle = 0
		}
		return c, true
	}
	c.Destination, c.Fingerprint = destinationOf(processArgs(pid)), loggedFingerprint(path)
	if info, err := os.Stat(path); err == nil {
		c.Idle = max(time.Since(info.ModTime()), 0)
	}
	return c, true
}

// pidAt asks the master at path, which m is if this engine knows it.
func (m *master) pidAt(ctx context.Context, path string) (int, error) {
	if m != nil && stopped(m.pid) {
		return 0, errStopped
	}
	return mux.Alive(ctx, path)
}

// frozenAt is the process that keeps silent at path, if err says that one does.
func frozenAt(path string, m *master, err error) (pid int, ok bool) {
	var lost *mux.LostError
	if !errors.Is(err, errStopped) && (!errors.As(err, &lost) || !lost.Silent()) {
		return 0, false
	}
	if m != nil {
		return m.pid, true
	}
	if pids := mastersAt(path); len(pids) > 0 {
		return pids[0], true
	}
	return 0, false
}

// channels counts this engine's sessions on the master, without the leash.
func (m *master) channels() int {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	return m.inFlight
}

// sweep removes what a dead master left behind, unless somebody is starting one there.
func (e *Engine) sweep(ctx context.Context, path string) {
	unlock, ok, err := e.locks.try("master " + path)
	if err != nil || !ok {
		return
	}
	defer unlock()
	// Somebody may have started one since we looked.
	var gone *mux.NotRunningError
	if _, err := mux.Alive(ctx, path); errors.As(err, &gone) {
		clearAway(path)
	}
}

// clearAway removes a dead master's socket and logs.
func clearAway(path string) {
	logs, _ := filepath.Glob(logPath(path) + "*") // the name has no wildcards of its own
	for _, name := range append(logs, path) {
		_ = os.Remove(name)
	}
}

// destinationOf reads the destination from the arguments of a master that another process started.
func destinationOf(args []string) string {
	end := slices.Index(args, "--")
	if end < 0 || end+1 >= len(args) {
		return ""
	}
	d := dest.Destination{Host: args[end+1]}
	for i := 1; i < end; i++ {
		switch args[i] {
		case "-l":
			d.User = args[i+1]
		case "-p":
			d.Port = atoi(args[i+1])
		}
	}
	return d.String()
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// Disconnect ends the own masters that lead where r does, also those that other calls' keys or host key policies made,
// with every session on them, and lets go of the operator's. It returns how many were ended and how many let go.
func (e *Engine) Disconnect(ctx context.Context, r *dest.Resolved) (closed, released int, err error) {
	e.mu.Lock()
	pools := e.allPools()
	e.mu.Unlock()
	identities := map[string]bool{r.Identity: true}
	for _, p := range pools {
		if o := p.resolved; o.Identity == r.Identity || o.User == r.User && o.Hostname == r.Hostname && o.Port == r.Port {
			identities[o.Identity] = true
			released += p.letGo()
		}
	}
	for identity := range identities {
		for index := range max(e.mostMasters(), defaultMaxMasters*sessionsPerMaster) {
			path := e.socketPath(identity, index)
			ended, err := e.endAt(ctx, path)
			if err != nil {
				return closed, released, err
			}
			if ended {
				closed++
			}
		}
	}
	return closed, released, nil
}

// letGo gives up every master of the pool and returns how many of them were the operator's.
func (p *pool) letGo() (adopted int) {
	p.mu.Lock()
	masters := p.masters
	p.masters = nil
	p.notify()
	p.mu.Unlock()
	for _, m := range masters {
		m.giveUp()
		m.dropLeash()
		if m.adopted {
			adopted++
		}
	}
	return adopted
}

// endAt ends the own master at path and waits until it is gone.
func (e *Engine) endAt(ctx context.Context, path string) (bool, error) {
	if _, err := os.Lstat(path); err != nil {
		return false, nil
	}
	unlock, err := e.locks.lock(ctx, "master "+path)
	if err != nil {
		return false, err
	}
	defer unlock()
	check, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	pid, err := mux.Alive(check, path)
	var gone *mux.NotRunningError
	if errors.As(err, &gone) {
		_ = os.Remove(path)
		return false, nil
	}
	pids := mastersAt(path)
	if err == nil {
		pids = []int{pid}
	}
	for _, pid := range pids {
		endMaster(path, pid)
	}
	for len(pids) > 0 && len(mastersAt(path)) > 0 {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return false, err
		}
	}
	clearAway(path)
	return len(pids) > 0, nil
}
