package sshtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a server that was started; done closes when it has been reaped.
type process struct {
	pid  int
	done chan struct{}
}

// startProcess starts argv in a session of its own with an environment of its own. A goroutine on a thread of its
// own starts it and waits for it: the parent-death signal belongs to that thread and reaches sshd when the test
// binary dies without cleaning up.
func startProcess(argv, env []string, log *os.File) (*process, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = serverAttr()
	p := &process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func runQuietly(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, bytes.TrimSpace(out))
	}
	return nil
}

// children maps every process to its children, as /proc has it at this moment.
func children() map[int][]int {
	tree := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// The name in parentheses may hold anything, so count from the last parenthesis (proc(5)).
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		tree[parent] = append(tree[parent], pid)
	}
	return tree
}

// descendants lists all that descends from pid, parents first, without pid itself.
func descendants(pid int) []int {
	tree := children()
	all := tree[pid]
	for i := 0; i < len(all); i++ {
		all = append(all, tree[all[i]]...)
	}
	return all
}

// marked lists the processes that carry the server's marker in their environment: those that have left its tree, too.
func (s *Server) marked() []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range files {
		if pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))); s.marks(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// marks reports whether another process carries the server's marker.
func (s *Server) marks(pid int) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	return err == nil && pid != os.Getpid() && bytes.Contains(env, []byte(markerName+"="+s.marker))
}

// signalTree signals pid and all that descends from it, again until no new process turns up.
func signalTree(pid int, sig syscall.Signal) {
	seen := map[int]bool{}
	for range 50 {
		news := 0
		for _, p := range append([]int{pid}, descendants(pid)...) {
			if !seen[p] {
				seen[p] = true
				news++
				_ = syscall.Kill(p, sig) // it may have ended meanwhile
			}
		}
		if news == 0 {
			return
		}
	}
}

// Pause stops the listener, its connections and all that runs on them with SIGSTOP: a frozen host.
func (s *Server) Pause() { signalTree(s.proc.pid, syscall.SIGSTOP) }

// Resume undoes Pause.
func (s *Server) Resume() { signalTree(s.proc.pid, syscall.SIGCONT) }

// Kill ends the listener, its connections and what they run with SIGKILL: a host that lost power. Restart brings it back.
func (s *Server) Kill() error {
	pids := append([]int{s.proc.pid}, descendants(s.proc.pid)...)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return s.proc.wait()
}

// StopListening ends the listener alone; connections live on and new ones are refused.
func (s *Server) StopListening() error {
	_ = syscall.Kill(s.proc.pid, syscall.SIGKILL)
	return s.proc.wait()
}

// DropConnections kills the server's connection processes and what they run; the listener goes on.
func (s *Server) DropConnections() {
	for _, pid := range descendants(s.proc.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// CutConnections kills the server's connection processes alone; what they run has to notice.
func (s *Server) CutConnections() {
	for _, pid := range descendants(s.proc.pid) {
		name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
		if bytes.HasPrefix(name, []byte("sshd")) || bytes.HasPrefix(name, []byte("dropbear")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func (p *process) wait() error {
	select {
	case <-p.done:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("process %d survived SIGKILL", p.pid)
	}
}

// Close ends the server and all that ran on it, whether or not it left the process tree. It may be called twice.
func (s *Server) Close() error {
	err := s.Kill()
	for range 100 {
		pids := s.marked()
		if len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.Join(err, fmt.Errorf("processes of the server survived SIGKILL: %v", s.marked()))
}
