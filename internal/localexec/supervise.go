package localexec

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// socketFD is the descriptor on which a supervisor finds its socket.
const socketFD = 3

// Supervise is the whole life of a supervisor process: it starts commands for the server at the other end of descriptor 3,
// tells it of their ends, and collects their orphans. When the server is gone, or at SIGTERM and SIGINT, it ends
// the trees of all commands that were not detached; it returns when the detached ones have ended too.
//
// The program that calls StartSupervisor calls it first thing in the process that its arguments start.
func Supervise() error {
	l, err := newLink(os.NewFile(socketFD, "server"))
	if err != nil {
		return fmt.Errorf("supervisor: descriptor %d: %w", socketFD, err)
	}
	_ = os.Chdir("/") // so that no file system is kept busy; every command brings its directory
	adoptOrphans()
	s := &supervisor{link: l, calls: map[uint32]*call{}, byPid: map[int]*call{}, early: map[int]syscall.WaitStatus{}}
	s.idle = sync.NewCond(&s.mu)
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	go s.collect(children)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	// SIGHUP asks servers to reopen their log, and whoever sends it to all processes of this name means them. It is caught, not ignored: commands
	// would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	go func() {
		<-stop
		_ = l.conn.CloseRead() // as if the server were gone
	}()
	s.serve()
	left := s.endAll()
	_ = l.conn.Close() // the server may wait for this
	insist(left)
	s.waitDetached()
	return nil
}

// supervisor is the state of a supervisor process.
type supervisor struct {
	link *link
	// fork is held while the mark for the next child is among our own limits.
	fork sync.Mutex

	mu    sync.Mutex
	idle  *sync.Cond // a call was removed
	calls map[uint32]*call
	byPid map[int]*call
	// starting counts the forks whose pid is not known yet; early has the ends that were seen meanwhile.
	starting int
	early    map[int]syscall.WaitStatus
	// closing: the server is gone.
	closing bool
}

// serve obeys the server until it is gone.
func (s *supervisor) serve() {
	for {
		m, err := s.link.receive()
		if err != nil {
			return
		}
		switch m.kind {
		case msgStart:
			s.mu.Lock()
			s.starting++
			s.mu.Unlock()
			go s.start(m)
		case msgEnd:
			go s.end(m.seq)
		case msgForget:
			s.forget(m.seq)
		case msgDetach:
			s.detach(m)
		default:
			closeAll(m.files)
		}
	}
}

// reply tells the server something. If it is gone, the end of serve says so.
func (s *supervisor) reply(kind kind, seq uint32, args ...any) {
	m := message{kind: kind, seq: seq}
	for _, a := range args {
		m.args = append(m.args, fmt.Sprint(a))
	}
	_ = s.link.send(m)
}

func (s *supervisor) start(m message) {
	c := &call{seq: m.seq}
	spec, err := m.startSpec()
	if err == nil {
		c.tree = newTree(spec.id, 0)
		c.pid, err = s.forkExec(spec, c.tree)
	}
	closeAll(m.files)
	s.mu.Lock()
	s.starting--
	var exited bool
	if err == nil {
		c.tree.root = c.pid
		s.calls[c.seq], s.byPid[c.pid] = c, c
		if c.status, exited = s.early[c.pid]; exited {
			s.exitedLocked(c)
		}
	}
	if s.starting == 0 {
		clear(s.early)
	}
	late := s.closing && err == nil
	c.ending = late
	s.idle.Broadcast()
	s.mu.Unlock()
	if late {
		s.endTree(c)
	}
	if err != nil {
		s.reply(msgFailed, c.seq, int(errnoOf(err)))
		return
	}
	s.reply(msgStarted, c.seq, c.pid)
	if exited {
		s.replyExited(c)
	}
}

// forkExec starts a command with its mark among the limits.
func (s *supervisor) forkExec(spec spec, t *tree) (int, error) {
	s.fork.Lock()
	defer s.fork.Unlock()
	mark := limitFor(spec.id)
	if restore, err := setLimit(mark); err == nil {
		t.limit = mark
		defer restore()
	}
	return forkExec(spec)
}

// exitedLocked notes the end of a command's own process.
func (s *supervisor) exitedLocked(c *call) {
	c.exited = true
	c.tree.collected()
	delete(s.byPid, c.pid)
	if c.detached != nil {
		c.tell()
	}
	s.dropLocked(c)
}

// dropLocked removes a call that nobody needs any more.
func (s *supervisor) dropLocked(c *call) {
	if c.exited && (c.forgotten || c.detached != nil) {
		delete(s.calls, c.seq)
		s.idle.Broadcast()
	}
}

func (s *supervisor) replyExited(c *call) {
	code, signal := exitStatus(c.status)
	s.reply(msgExited, c.seq, code, signal)
}

// collect waits for all children whenever one has ended, orphans of commands too.
func (s *supervisor) collect(children <-chan os.Signal) {
	for range children {
		for {
			var ws syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || pid <= 0 {
				break
			}
			s.collected(pid, ws)
		}
	}
}

func (s *supervisor) collected(pid int, ws syscall.WaitStatus) {
	s.mu.Lock()
	c := s.byPid[pid]
	if c == nil {
		if s.starting > 0 {
			s.early[pid] = ws
		}
		s.mu.Unlock()
		return
	}
	c.status = ws
	s.exitedLocked(c)
	told := c.detached != nil
	s.mu.Unlock()
	if !told {
		s.replyExited(c)
	}
}

// end ends a command's tree for the server.
func (s *supervisor) end(seq uint32) {
	s.mu.Lock()
	c := s.calls[seq]
	if c == nil || c.ending {
		s.mu.Unlock()
		s.reply(msgEnded, seq)
		return
	}
	c.ending = true
	s.mu.Unlock()
	survivors := s.endTree(c)
	args := make([]any, len(survivors))
	for i, v := range survivors {
		args[i] = v
	}
	s.reply(msgEnded, seq, args...)
}

// endTree ends the tree of a call that is marked as ending.
func (s *supervisor) endTree(c *call) []string {
	survivors := c.tree.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ending = false
	s.idle.Broadcast()
	return survivors
}

func (s *supervisor) forget(seq uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.calls[seq]; c != nil {
		c.forgotten = true
		s.dropLocked(c)
	}
}

func errnoOf(err error) syscall.Errno {
	if errno, ok := err.(syscall.Errno); ok {
		return errno
	}
	return syscall.EINVAL
}
