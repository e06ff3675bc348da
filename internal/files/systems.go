package files

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"relay-shell/internal/files/sftp"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
)

// Options are what file systems are made of.
type Options struct {
	// Bounds confine this machine's.
	Bounds Bounds
	// Idle is how long the SFTP session of a host waits for more work, 0 = 5 s. As long as it lives it takes one of the host's
	// sessions and holds the connection up, one of the operator's own, too.
	Idle time.Duration
}

// Systems gives the file systems of targets and keeps an SFTP session for each host while it is used.
type Systems struct {
	opt   Options
	local FS

	mu     sync.Mutex
	closed bool
	hosts  map[string]*host
}

// New makes an empty set.
func New(o Options) *Systems {
	if o.Idle == 0 {
		o.Idle = 5 * time.Second
	}
	return &Systems{opt: o, local: Local(o.Bounds), hosts: map[string]*host{}}
}

// Of is the file system of a target. storeHostKeys allows a first host key to be stored. Nothing is started here.
func (s *Systems) Of(t target.Target, storeHostKeys bool) (FS, error) {
	opener, ok := t.(target.Opener)
	switch {
	case ok:
		r := &remote{host: s.host(opener.Identity()), target: t, opener: opener, store: storeHostKeys}
		return &auto{sftp: r, shell: &shell{r}}, nil
	case t.Host() == nil:
		return s.local, nil
	}
	return nil, &Error{Op: "opening the file system", Code: "unsupported", Message: "this target has no file tools", Hint: "use a command (ssh_exec, shell_exec) instead"}
}

// Local is this machine's file system.
func (s *Systems) Local() FS { return s.local }

// Close ends all sessions. What is under way fails with connection_lost.
func (s *Systems) Close() error {
	s.mu.Lock()
	s.closed = true
	hosts := s.hosts
	s.hosts = map[string]*host{}
	s.mu.Unlock()
	for _, h := range hosts {
		h.close()
	}
	return nil
}

func (s *Systems) host(identity string) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.hosts[identity]
	if !ok {
		h = &host{idle: s.opt.Idle, starting: make(chan struct{}, 1), closed: s.closed}
		s.hosts[identity] = h
	}
	return h
}

// host is what is known of one, and its living session.
type host struct {
	idle     time.Duration
	starting chan struct{} // holds one while a session is being started

	mu     sync.Mutex
	closed bool
	live   *session
	noSFTP time.Time // when it was found to have no sftp subsystem
	// runs: the account runs commands; noRuns is when it was found not to.
	runs    bool
	noRuns  time.Time
	noSum   time.Time // when it was found to have no program for digests
	noTar   time.Time // when it was found to have no tar that does
	closing sync.WaitGroup
}

// session is an SFTP session in use by some.
type session struct {
	*sftp.Client
	host  *host
	under *sshbin.Session
	users int
	timer *time.Timer
}

// forget is how long what a host cannot do is remembered.
const forget = 10 * time.Minute

var errNoSFTP = errors.New("the host has no sftp subsystem")

// use gives the living session of the host, or starts one. It is given back with leave.
func (h *host) use(ctx context.Context, r *remote) (*session, error) {
	if s, err := h.take(); s != nil || err != nil {
		return s, err
	}
	select {
	case h.starting <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-h.starting }()
	if s, err := h.take(); s != nil || err != nil { // another call has started it meanwhile
		return s, err
	}
	return h.start(ctx, r)
}

// take is the living session, nil if there is none.
func (h *host) take() (*session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, sftp.ErrClosed
	case time.Since(h.noSFTP) < forget:
		return nil, errNoSFTP
	case h.live == nil:
		return nil, nil
	// A server that has not answered somebody who has given up may hang for everybody.
	case h.live.Err() != nil || h.live.Abandoned() > 0:
		h.retire(h.live)
		return nil, nil
	}
	s := h.live
	s.users++
	s.timer.Stop()
	return s, nil
}

func (h *host) start(ctx context.Context, r *remote) (*session, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	under, err := r.opener.Open(ctx, target.Command{Subsystem: "sftp", Stderr: null, StoreHostKeys: r.store})
	if err != nil {
		return nil, err
	}
	enlarge(under.Stdin)
	enlarge(under.Stdout)
	client, err := sftp.New(ctx, under.Stdout, under.Stdin)
	if err != nil {
		return nil, h.greetingFailed(ctx, under, err)
	}
	s := &session{Client: client, host: h, under: under, users: 1}
	s.timer = time.AfterFunc(time.Hour, s.expire)
	s.timer.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.end()
		return nil, sftp.ErrClosed
	}
	h.live = s
	return s, nil
}

// endWait bounds the wait for what became of a session that did not greet.
const endWait = 2 * time.Second

// greetingFailed tells a lost connection from a host without the subsystem.
func (h *host) greetingFailed(ctx context.Context, under *sshbin.Session, err error) error {
	defer under.Close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	wait, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	var protocol *sftp.ProtocolError
	if !errors.As(err, &protocol) {
		if _, lost := under.Wait(wait); lost != nil && wait.Err() == nil {
			return lost
		}
	}
	h.mu.Lock()
	h.noSFTP = time.Now()
	h.mu.Unlock()
	return errNoSFTP
}

// leave gives the session back.
func (s *session) leave() {
	h := s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	s.users--
	switch {
	case s.users > 0:
	case h.live != s:
		s.end()
	default:
		s.timer.Reset(h.idle)
	}
}

// expire ends a session that nobody has used for a while.
func (s *session) expire() {
	h := s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.users == 0 && h.live == s {
		h.live = nil
		s.end()
	}
}

// retire is called with mu held: the session is given to nobody else.
func (h *host) retire(s *session) {
	h.live = nil
	s.timer.Stop()
	if s.users == 0 || s.Err() != nil {
		s.end()
	}
}

// end is called with mu held.
func (s *session) end() {
	s.host.closing.Go(func() {
		_ = s.Client.Close()
		_ = s.under.Close()
	})
}

func (h *host) close() {
	h.mu.Lock()
	h.closed = true
	if h.live != nil {
		s := h.live
		h.live = nil
		s.timer.Stop()
		s.end()
	}
	h.mu.Unlock()
	h.closing.Wait()
}
