package dest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// ResolverOptions say which ssh answers, and from which configuration.
type ResolverOptions struct {
	SSH        string        // path of the ssh program, "" for the one in PATH
	ConfigFile string        // for -F; "" for ~/.ssh/config and the system's, noConfig for no file
	Dir        string        // private directory (0700) for configuration copies that KeyPath needs; "" refuses such calls
	Env        []string      // environment for ssh before Environ; nil is an empty one
	Timeout    time.Duration // for one `ssh -G`, default 10 s: Match exec and CanonicalizeHostname take time
}

const (
	defaultResolveTimeout = 10 * time.Second
	maxCached             = 8192
	maxJumpDepth          = 16
	// execLifetime bounds how long an answer is used that a Match exec had a say in: the network it asks about changes
	// without any file changing.
	execLifetime = time.Minute
	// racyWindow is the time before an answer in which a file's change may not show in its time stamp, because
	// kernels stamp files with the time of their last tick.
	racyWindow = 100 * time.Millisecond
)

// noConfig is what ssh -F takes for no file at all.
const noConfig = "none"

// A Resolver asks `ssh -G` and remembers the answer until one of the configuration files changes. Its methods may
// be called from several goroutines; equal questions at the same time start one ssh.
type Resolver struct {
	opt    ResolverOptions
	flight singleflight.Group

	mu    sync.Mutex
	cache map[Destination]cached
}

type cached struct {
	resolved  *Resolved
	watch     watch
	signature string
	expires   time.Time // zero: never
}

// NewResolver makes a resolver. It starts nothing and does not look for ssh yet.
func NewResolver(o ResolverOptions) *Resolver {
	if o.SSH == "" {
		o.SSH = "ssh"
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultResolveTimeout
	}
	if o.ConfigFile != "" && o.ConfigFile != noConfig {
		if abs, err := filepath.Abs(o.ConfigFile); err == nil {
			o.ConfigFile = abs
		}
	}
	return &Resolver{opt: o, cache: map[Destination]cached{}}
}

// Resolve says what ssh makes of d. When ctx ends it returns early with its cause; an ssh that runs for several
// callers goes on under the resolver's own timeout. Its errors are of type *[ConfigError].
func (r *Resolver) Resolve(ctx context.Context, d Destination) (*Resolved, error) {
	return r.resolve(ctx, d, 0)
}

func (r *Resolver) resolve(ctx context.Context, d Destination, depth int) (*Resolved, error) {
	if depth > maxJumpDepth {
		return nil, r.configError(d.Host, "ProxyJump leads in a circle", errors.New("too many hops"))
	}
	if resolved := r.cached(d); resolved != nil {
		return resolved, nil
	}
	key := strconv.Itoa(depth) + "\x00" + fmt.Sprintf("%q", d) // a flight never waits for one of its own depth
	done := r.flight.DoChan(key, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opt.Timeout)
		defer cancel()
		return r.ask(own, d, depth)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case res := <-done:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*Resolved), nil
	}
}

// cached returns the remembered answer if it still holds.
func (r *Resolver) cached(d Destination) *Resolved {
	r.mu.Lock()
	c, ok := r.cache[d]
	r.mu.Unlock()
	if !ok || !c.expires.IsZero() && time.Now().After(c.expires) {
		return nil
	}
	if sig, _ := c.watch.signature(); sig != c.signature {
		return nil
	}
	return c.resolved
}

func (r *Resolver) remember(d Destination, started time.Time, resolved *Resolved) {
	w := r.watchFor(resolved)
	sig, newest := w.signature()
	if newest.After(started.Add(-racyWindow)) {
		return // changed while, or just before, ssh read it: the next call asks again
	}
	c := cached{resolved: resolved, watch: w, signature: sig}
	if resolved.executed {
		c.expires = time.Now().Add(execLifetime)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache) >= maxCached {
		clear(r.cache)
	}
	r.cache[d] = c
}

// ask runs `ssh -G` for d and its hops.
func (r *Resolver) ask(ctx context.Context, d Destination, depth int) (*Resolved, error) {
	started := time.Now()
	resolved, t, err := r.askOne(ctx, d, r.opt.ConfigFile)
	if err != nil {
		return nil, err
	}
	if d.KeyPath != "" && !onlyIdentity(resolved) {
		if resolved, err = r.askWithKey(ctx, d, t); err != nil {
			return nil, err
		}
	}
	if jump := resolved.Get("proxyjump"); jump != "" && !strings.EqualFold(jump, "none") {
		if err := r.follow(ctx, resolved, jump, depth); err != nil {
			return nil, err
		}
	}
	resolved.Identity = resolved.identity()
	r.remember(d, started, resolved)
	return resolved, nil
}

// follow resolves the hops of a ProxyJump value: the last one is reached through those before it, and the first one
// as its own configuration says.
func (r *Resolver) follow(ctx context.Context, resolved *Resolved, jump string, depth int) error {
	before, last := "", jump
	if i := strings.LastIndexByte(jump, ','); i >= 0 {
		before, last = jump[:i], jump[i+1:]
	}
	hop, err := parseHop(last)
	if err != nil {
		return r.configError(resolved.Alias, "", fmt.Errorf("ProxyJump of ssh_config: %w", err))
	}
	hop.Jump = before
	if resolved.KnownHosts != Ignore {
		hop.KnownHosts = resolved.KnownHosts
	}
	via, err := r.resolve(ctx, hop, depth+1)
	if err != nil {
		return err
	}
	resolved.executed = resolved.executed || via.executed
	resolved.Jump = append(append([]Hop{}, via.Jump...), Hop{Alias: via.Alias, User: via.User, Hostname: via.Hostname, Port: via.Port, Resolved: via})
	return nil
}

// askOne runs one `ssh -G -v`.
func (r *Resolver) askOne(ctx context.Context, d Destination, configFile string) (*Resolved, trace, error) {
	resolved := &Resolved{Destination: d, Alias: d.Host, ssh: r.opt.SSH, configFile: configFile}
	args := append([]string{"-G", "-v", "-T"}, resolved.destinationArgs()...)
	if d.Jump != "" && d.Jump != "none" {
		args = append(args, "-J", d.Jump)
	}
	out, words, err := r.run(ctx, append(args, "--", d.Host))
	t := parseTrace(words)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("ssh -G did not answer within %v", r.opt.Timeout)
			t.words = nil
		}
		return nil, t, r.configError(d.Host, strings.Join(t.words, "\n"), err)
	}
	resolved.Settings, resolved.Matches, resolved.Files, resolved.executed = parseSettings(out), t.matches, t.files, t.executed
	resolved.User, resolved.Hostname = resolved.Get("user"), resolved.Get("hostname")
	resolved.ProxyCommand, resolved.ControlPath = noneIsEmpty(resolved.Get("proxycommand")), noneIsEmpty(resolved.Get("controlpath"))
	if resolved.Port, err = strconv.Atoi(resolved.Get("port")); err != nil || resolved.Hostname == "" {
		return nil, t, r.configError(d.Host, "", errors.New("ssh -G answered without host name or port"))
	}
	return resolved, t, nil
}

func noneIsEmpty(value string) string {
	if strings.EqualFold(value, "none") {
		return ""
	}
	return value
}

func (r *Resolver) configError(host, message string, err error) error {
	e := &ConfigError{Host: host, Message: message, Err: err, Code: "internal", Hint: "run ssh -G " + host + " in a terminal to see what ssh says"}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		e.Code, e.Hint = "unsupported", "install openssh-client, or name the ssh program in the configuration"
	case message != "": // ssh, or we, found fault with the configuration
		e.Code, e.Hint = "invalid_argument", "ssh refuses this: correct the named line of ssh_config, or the argument that it names"
	}
	return e
}
