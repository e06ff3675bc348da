package localexec

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

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
		Env: helperEnv(o.Environ), Files: []*os.File{null, null, null, theirs}, Sys: &syscall.SysProcAttr{Setsid: true},
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
