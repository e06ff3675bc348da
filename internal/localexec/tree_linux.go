package localexec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// proc is a process as /proc/PID/stat describes it (proc(5)).
type proc struct {
	pid, parent, session int
	// start is the time of its start in clock ticks since boot; with the pid it names the process for good.
	start uint64
	state byte
	name  string
}

// members finds the living processes of the tree: those that carry its marks or were known before, those in sessions led by
// them, and all descendants. A process that has ended and waits to be collected does not count.
func (t *tree) members() []proc {
	l := takeLook()
	all := l.all
	self := os.Getpid()
	in := make(map[int]bool)
	for _, p := range all {
		if p.pid != self && p.pid != 1 && t.marks(l, p) {
			in[p.pid] = true
		}
	}
	if !t.gone.Load() {
		in[t.root] = true
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if !in[p.pid] && p.pid != self && p.pid != 1 && (in[p.parent] || in[p.session] || p.session == t.root) {
				in[p.pid] = true
				grown = true
			}
		}
	}
	var found []proc
	sessionLives := false
	for _, p := range all {
		if !in[p.pid] {
			continue
		}
		sessionLives = sessionLives || p.session == t.root
		t.known[p.pid] = p.start
		if p.state != 'Z' && p.state != 'X' {
			found = append(found, p)
		}
	}
	if t.gone.Load() && !sessionLives {
		t.root = -1 // from now on another process may get the number
	}
	return found
}

// marks says whether a process carries the tree's marks.
func (t *tree) marks(l *look, p proc) bool {
	if start, ok := t.known[p.pid]; ok && start == p.start {
		return true
	}
	if start, ok := t.others[p.pid]; ok && start == p.start && !t.thorough {
		return false
	}
	environ, err := l.environ(p.pid)
	if err == nil && hasMark(environ, t.id) || t.limit != 0 && l.limit(p.pid) == t.limit {
		return true
	}
	if len(environ) > 0 || errors.Is(err, os.ErrPermission) {
		t.others[p.pid] = p.start
	}
	return false
}

// processes lists all processes that can be seen.
func processes() []proc {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && len(names) == 0 {
		return nil
	}
	all := make([]proc, 0, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, ok := readProc(pid); ok {
			all = append(all, p)
		}
	}
	return all
}

func readProc(pid int) (proc, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return proc{}, false // it has ended meanwhile
	}
	return parseStat(b)
}

// parseStat reads /proc/PID/stat. The name stands in parentheses and may hold any character, so the last one counts.
func parseStat(b []byte) (p proc, ok bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return p, false
	}
	fields := strings.Fields(string(b[end+1:]))
	if len(fields) < 20 || len(fields[0]) != 1 {
		return p, false
	}
	p.name, p.state = string(b[open+1:end]), fields[0][0]
	var err [4]error
	p.pid, err[0] = strconv.Atoi(strings.TrimSpace(string(b[:open])))
	p.parent, err[1] = strconv.Atoi(fields[1])
	p.session, err[2] = strconv.Atoi(fields[3])
	p.start, err[3] = strconv.ParseUint(fields[19], 10, 64)
	for _, e := range err {
		if e != nil {
			return p, false
		}
	}
	return p, true
}

// environOf is the environment that a process was started with. That of another user's process can't be read.
func environOf(pid int) ([]byte, error) {
	return os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
}

// hasMark looks for the id in an environment as /proc shows it, variables ended by NUL.
func hasMark(environ []byte, id string) bool {
	for rest := environ; ; {
		i := bytes.Index(rest, []byte(MarkName+"="))
		if i < 0 {
			return false
		}
		value := rest[i+len(MarkName)+1:]
		if at := len(environ) - len(rest) + i; at == 0 || environ[at-1] == 0 {
			value, _, _ := bytes.Cut(value, []byte{0})
			for ids := range bytes.SplitSeq(value, []byte{':'}) {
				if string(ids) == id {
					return true
				}
			}
		}
		rest = value
	}
}

// ask asks the process to end.
func (p proc) ask() {
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT)
}

// kill ends it.
func (p proc) kill() { p.signal(syscall.SIGKILL) }

// signal sends a signal through a descriptor of the process, so that it can't reach another one that got its number.
func (p proc) signal(sig syscall.Signal) {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		if err == unix.ENOSYS { // before Linux 5.3
			_ = syscall.Kill(p.pid, sig)
		}
		return
	}
	defer unix.Close(fd)
	if now, ok := readProc(p.pid); ok && now.start == p.start {
		_ = unix.PidfdSendSignal(fd, sig, nil, 0) // what can't be signalled is found again and reported
	}
}

// describe tells a person which processes these are.
func describe(found []proc) []string {
	out := make([]string, 0, len(found))
	for _, p := range found {
		out = append(out, fmt.Sprintf("pid %d (%s), state %c, uid %s", p.pid, p.name, p.state, owner(p.pid)))
	}
	return out
}

func owner(pid int) string {
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return "unknown"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.Itoa(int(st.Uid))
	}
	return "unknown"
}
