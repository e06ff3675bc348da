package localexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// startMax is how long the start of a command may take. The fork waits for the program's file system.
	startMax = 10 * time.Second
	// closeMax is how long Close waits for the ends of running commands.
	closeMax = 4 * time.Second
)

// SupervisorOptions say how to start the process.
type SupervisorOptions struct {
	// Program is a program that calls Supervise when it is run with Args; "" is this process's own, even if its file has been
	// replaced since.
	Program string
	Args    []string
}

// Supervisor runs commands as children of a process that lives as long as this one, and a moment longer: it ends what runs when
// this one is gone. It is safe for concurrent use. If its process dies, running commands are ended, and the next one
// starts a new process.
type Supervisor struct {
	opts SupervisorOptions

	mu      sync.Mutex
	current *helper
	closed  bool
}

// StartSupervisor starts the process, so that the first command does not wait for it.
func StartSupervisor(o SupervisorOptions) (*Supervisor, error) {
	s := &Supervisor{opts: o}
	_, err := s.helper()
	return s, err
}

// Run is [Run] for a child of the supervisor.
func (s *Supervisor) Run(ctx context.Context, c Command) (Exit, error) {
	return run(ctx, c, s.start)
}

// Close ends all running commands that are not detached and waits for that, at most four seconds.
func (s *Supervisor) Close() error {
	s.mu.Lock()
	h := s.current
	s.current, s.closed = nil, true
	s.mu.Unlock()
	if h == nil {
		return nil
	}
	_ = h.link.conn.CloseWrite() // it may be gone already
	timer := time.NewTimer(closeMax)
	defer timer.Stop()
	defer h.link.conn.Close()
	end := h.gone
	if h.detached.Load() {
		end = h.dead
	}
	select {
	case <-end:
		return nil
	case <-timer.C:
		return errors.New("the supervisor is still ending commands")
	}
}

// helper is the living process, a new one if there is none.
func (s *Supervisor) helper() (*helper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, refuse("internal", "the server is shutting down", "the supervisor is closed")
	}
	if s.current != nil {
		select {
		case <-s.current.dead:
		default:
			return s.current, nil
		}
	}
	h, err := startHelper(s.opts)
	if err != nil {
		return nil, refuse("internal", "look at the limits of this user and at the server's log", "starting the supervisor: %v", err)
	}
	s.current = h
	return h, nil
}

// drop makes the next command start a new process.
func (s *Supervisor) drop(h *helper) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == h {
		s.current = nil
	}
	h.link.conn.Close()
}

func (s *Supervisor) start(spec spec) (process, error) {
	h, err := s.helper()
	if err != nil {
		return nil, err
	}
	if spec.dir == "" { // the supervisor's own is another
		if spec.dir, err = os.Getwd(); err != nil {
			return nil, startError(spec.program, err)
		}
	}
	p := h.add(spec.id)
	m := startMessage(spec)
	m.seq = p.seq
	if err := h.link.send(m); err != nil {
		h.remove(p)
		if !errors.Is(err, errTooLarge) {
			s.drop(h)
		}
		return nil, startError(spec.program, err)
	}
	timer := time.NewTimer(startMax)
	defer timer.Stop()
	select {
	case m := <-p.answers:
		if m.kind == msgStarted {
			p.process = m.number(0)
			return p, nil
		}
		h.remove(p)
		return nil, startError(spec.program, syscall.Errno(m.number(0)))
	case <-h.dead:
		p.localTree().end() // it may have been started
		return nil, p.died()
	case <-timer.C:
		s.drop(h)
		return nil, refuse("internal", "its file system may hang; the next command gets a new supervisor", "%s did not start within %v", spec.program, startMax)
	}
}

// startHelper starts a supervisor process in a session of its own, with nothing open but its socket.
func startHelper(o SupervisorOptions) (*helper, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	theirs := os.NewFile(uintptr(fds[1]), "supervisor")
	defer theirs.Close()
	l, err := newLink(os.NewFile(uintptr(fds[0]), "supervisor"))
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		l.conn.Close()
		return nil, err
	}
	defer null.Close()
	program, err := o.program()
	if err != nil {
		l.conn.Close()
		return nil, err
	}
	proc, err := os.StartProcess(program, append([]string{"relay-shell"}, o.Args...), &os.ProcAttr{
		Env: helperEnv(os.Environ()), Files: []*os.File{null, null, null, theirs}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		l.conn.Close()
		return nil, err
	}
	h := &helper{link: l, pid: proc.Pid, calls: map[uint32]*supervised{}, dead: make(chan struct{}), gone: make(chan struct{})}
	go h.receive()
	go func() { // ends with the process
		defer close(h.gone)
		_, _ = proc.Wait() // its socket says all that matters
	}()
	return h, nil
}

func (o SupervisorOptions) program() (string, error) {
	if o.Program != "" {
		return o.Program, nil
	}
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// helperEnv is the environment of the supervisor itself: none of ours, but the marks of commands that we run in ourselves,
// and what a program built for coverage needs.
func helperEnv(environ []string) (env []string) {
	for _, kv := range environ {
		if strings.HasPrefix(kv, MarkName+"=") || strings.HasPrefix(kv, "GOCOVERDIR=") {
			env = append(env, kv)
		}
	}
	return env
}

// helper is one supervisor process, seen from the server.
type helper struct {
	link *link
	pid  int
	// dead is closed when the socket is, gone when the process is, which stays for detached commands.
	dead, gone chan struct{}
	// detached says that it has some.
	detached atomic.Bool

	mu    sync.Mutex
	seq   uint32
	calls map[uint32]*supervised
}

func (h *helper) add(id string) *supervised {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	p := &supervised{helper: h, seq: h.seq, id: id, answers: make(chan message, 4), done: make(chan struct{})}
	h.calls[p.seq] = p
	return p
}

func (h *helper) remove(p *supervised) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.calls, p.seq)
}

// receive takes the supervisor's messages until it is gone.
func (h *helper) receive() {
	for {
		m, err := h.link.receive()
		if err != nil {
			break
		}
		closeAll(m.files)
		h.mu.Lock()
		p := h.calls[m.seq]
		h.mu.Unlock()
		switch {
		case p == nil: // forgotten meanwhile
		case m.kind == msgExited:
			p.code, p.signal = m.number(0), m.number(1)
			close(p.done)
		default:
			p.answers <- m // at most one of each kind; there is room for all
		}
	}
	close(h.dead)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.calls {
		select {
		case <-p.done:
		default:
			p.err = p.died()
			close(p.done)
		}
	}
}

// supervised is a command that is a child of the supervisor.
type supervised struct {
	helper  *helper
	seq     uint32
	id      string
	process int
	answers chan message

	done         chan struct{}
	code, signal int
	err          error
}

func (p *supervised) died() error {
	return refuse("internal", "run it again; whether it did something before is unknown", "the supervisor of local commands (pid %d) was killed", p.helper.pid)
}

func (p *supervised) pid() int               { return p.process }
func (p *supervised) ended() <-chan struct{} { return p.done }

func (p *supervised) status() (code, signal int, err error) {
	if p.err != nil { // nobody can tell, but nothing shall go on unseen
		if survivors := p.localTree().end(); len(survivors) > 0 {
			return 0, 0, fmt.Errorf("%w; it left %s", p.err, strings.Join(survivors, ", "))
		}
	}
	return p.code, p.signal, p.err
}

// localTree is the command's tree as seen from here, for when the supervisor can't look.
func (p *supervised) localTree() *tree {
	t := newTree(p.id, p.process)
	t.limit = limitFor(p.id)
	if p.process == 0 {
		t.collected()
	}
	return t
}

func (p *supervised) end() []string {
	if err := p.helper.link.send(message{kind: msgEnd, seq: p.seq}); err != nil {
		return p.localTree().end()
	}
	m, err := p.answer(msgEnded, endMax+time.Second)
	if err != nil {
		return p.localTree().end()
	}
	return m.args
}

// answer waits for the supervisor's answer.
func (p *supervised) answer(want kind, limit time.Duration) (message, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case m := <-p.answers:
			if m.kind == want {
				return m, nil
			}
		case <-p.helper.dead:
			return message{}, p.died()
		case <-timer.C:
			return message{}, refuse("internal", "try again", "the supervisor does not answer")
		}
	}
}

func (p *supervised) release() {
	_ = p.helper.link.send(message{kind: msgForget, seq: p.seq}) // if it is gone, it has forgotten
	p.helper.remove(p)
}

func (p *supervised) detach() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, startError("detaching", err)
	}
	err = p.helper.link.send(message{kind: msgDetach, seq: p.seq, files: []*os.File{w}})
	w.Close()
	p.helper.detached.Store(true)
	if err == nil {
		var m message
		if m, err = p.answer(msgDetached, startMax); err == nil && len(m.args) > 0 {
			err = errors.New(m.args[0])
		}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}
