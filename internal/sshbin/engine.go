// Package sshbin is the engine: it starts and talks to every OpenSSH process, so that commands run on hosts over the
// operator's own ssh.
//
// Start with [New]; [Engine.Resolve] asks ssh what a destination means, [Engine.Run] runs a command there. For each
// identity of a connection (everything that `ssh -G` prints for it, and the policy for host keys) a few masters carry all commands
// as sessions; masters are detached processes of ssh that outlive this program, idle out by themselves and are found again
// by the next one. A live master of the operator is used instead and never ended. A leash, one small shell on the host
// for each master, ends the processes of a call on timeout, cancel, or when this program is gone.
//
// What it cannot do: name the signal of a remote process other than by its exit status of 128+n; end processes where
// the host runs no shell for the leash (forced commands) or hides them; find out how a remote shell itself died.
package sshbin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/sshbin/dest"
)

// Mode is how commands reach a master.
type Mode string

const (
	// Auto speaks the masters' protocol, and forks ssh clients for a master that does not speak it.
	Auto Mode = "auto"
	// Passenger always speaks the masters' protocol.
	Passenger Mode = "passenger"
	// Fork starts one ssh client per command.
	Fork Mode = "fork"
)

// Options configure an engine. The zero value of each field is its default.
type Options struct {
	// SSH is the path of the ssh program, "" for the one in PATH.
	SSH string
	// ConfigFile is for ssh -F, "" for ssh's own default.
	ConfigFile string
	// RuntimeDir holds control sockets and logs: 0700, ours, at most 64 bytes long. "" is a directory of this user below the
	// temporary one.
	RuntimeDir string
	// Env is the environment of ssh processes before [dest.Environ]; nil is this process's own.
	Env []string
	// ConnectTimeout bounds a TCP connection and its greeting, 10 s by default; ssh_config's own wins.
	ConnectTimeout time.Duration
	// KeepAlive is the interval of signs of life, 10 s by default; a connection that misses three is lost.
	KeepAlive time.Duration
	// IdleTimeout is how long an unused master lives, 30 min by default; negative is for ever.
	IdleTimeout time.Duration
	// KnownHosts is the policy for host keys of calls that name none.
	KnownHosts dest.KnownHosts
	// NoAdopt leaves the operator's own masters alone.
	NoAdopt bool
	// MaxMasters bounds the masters of one identity, 4 by default; eight times as many where the server is one on which sessions must
	// not share a connection.
	MaxMasters int
	// MaxConns bounds this engine's idle masters, 256 by default; the longest idle are ended.
	MaxConns int
	// MaxInFlight bounds commands at the same time, 256 by default; more of them wait.
	MaxInFlight int
	// Engine is Auto by default.
	Engine Mode
	Log    zerolog.Logger
}

const (
	defaultIdleTimeout = 30 * time.Minute
	defaultMaxMasters  = 4
	defaultMaxConns    = 256
	defaultMaxInFlight = 256
	// maxRuntimeDir leaves room for a socket's name and the 17 bytes that ssh appends while it makes it; a path of up to 90
	// bytes works (sun_path, mux.c).
	maxRuntimeDir = 64
)

// Engine runs commands on hosts. Its methods may be called from several goroutines.
type Engine struct {
	opt      Options
	resolver *dest.Resolver
	locks    *locks
	gates    *gates
	null     *os.File
	inFlight chan struct{}

	// ctx ends with Close; background work (starting masters, watching them) runs under it.
	ctx    context.Context
	cancel context.CancelCauseFunc
	work   sync.WaitGroup

	// masters counts the live ones that this engine uses; trimming is taken by whoever ends idle ones.
	masters  atomic.Int64
	trimming sync.Mutex

	mu     sync.Mutex
	pools  map[string]*pool
	closed bool

	stored storedKeys

	versionOnce sync.Once
	version     string
}

var errClosed = errors.New("the ssh engine is closed")

// New makes an engine and its runtime directory. It starts no process; a missing ssh shows in the first call.
func New(o Options) (*Engine, error) {
	o = o.withDefaults()
	if err := prepareRuntimeDir(o.RuntimeDir); err != nil {
		return nil, err
	}
	if o.SSH == "" {
		o.SSH = "ssh"
		if path, err := lookPath("ssh", o.Env); err == nil {
			o.SSH = path
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		opt: o, null: null, inFlight: make(chan struct{}, o.MaxInFlight), pools: map[string]*pool{},
		resolver: dest.NewResolver(dest.ResolverOptions{SSH: o.SSH, ConfigFile: o.ConfigFile, Dir: filepath.Join(o.RuntimeDir, "config"), Env: o.Env}),
		locks:    &locks{dir: o.RuntimeDir},
	}
	e.gates = newGates(e.locks)
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	return e, nil
}

func (o Options) withDefaults() Options {
	if o.RuntimeDir == "" {
		o.RuntimeDir = filepath.Join(os.TempDir(), fmt.Sprintf("relay-shell-%d", os.Getuid()))
	}
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = dest.DefaultConnectTimeout
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = dest.DefaultKeepAlive
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = defaultIdleTimeout
	}
	if o.MaxMasters <= 0 {
		o.MaxMasters = defaultMaxMasters
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultMaxInFlight
	}
	if o.Engine == "" {
		o.Engine = Auto
	}
	return o
}

// lookPath finds a program in the PATH of env.
func lookPath(name string, env []string) (string, error) {
	for _, v := range env {
		list, ok := strings.CutPrefix(v, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(path) {
				return path, nil
			}
		}
	}
	return "", exec.ErrNotFound
}

// Path is the ssh program that runs.
func (e *Engine) Path() string { return e.opt.SSH }

// Version is what `ssh -V` says, "" without an ssh.
func (e *Engine) Version(ctx context.Context) string {
	e.versionOnce.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, e.opt.SSH, "-V")
		cmd.Env = dest.Environ(e.opt.Env)
		out, err := cmd.CombinedOutput() // to standard error
		if err == nil {
			e.version, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		}
	})
	return e.version
}

// Resolve asks ssh what the destination means, from memory while no configuration file has changed.
func (e *Engine) Resolve(ctx context.Context, d dest.Destination) (*dest.Resolved, error) {
	if d.KnownHosts == dest.AsConfigured {
		d.KnownHosts = e.opt.KnownHosts
	}
	return e.resolver.Resolve(ctx, d)
}

// Close ends what runs in the background and lets go of every leash, which ends the processes of commands that still run.
// Own masters live on until they idle out, so that the next engine finds them. It may be called twice.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	pools := e.allPools()
	e.mu.Unlock()
	e.cancel(errClosed)
	for _, p := range pools {
		p.close()
	}
	e.work.Wait()
	return e.null.Close()
}

// allPools is called with mu held.
func (e *Engine) allPools() []*pool {
	pools := make([]*pool, 0, len(e.pools))
	for _, p := range e.pools {
		pools = append(pools, p)
	}
	return pools
}

// pool gives the masters of an identity.
func (e *Engine) pool(r *dest.Resolved) (*pool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errClosed
	}
	p, ok := e.pools[r.Identity]
	if !ok {
		p = newPool(e, r)
		e.pools[r.Identity] = p
	}
	return p, nil
}

// background runs f until it returns; Close waits for it. It reports false, and does not run f, once the engine is closed.
func (e *Engine) background(f func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.work.Go(f)
	return true
}
