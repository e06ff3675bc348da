//go:build !linux

package localexec

import "syscall"

// proc is the command's process group: what left it can't be found here.
type proc struct {
	pid   int
	start uint64
}

// members is the process group as long as it has a member.
func (t *tree) members() []proc {
	if syscall.Kill(-t.root, 0) != nil {
		return nil
	}
	return []proc{{pid: t.root, start: 1}}
}

func (p proc) ask() {
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT)
}

func (p proc) kill() { p.signal(syscall.SIGKILL) }

func (p proc) signal(sig syscall.Signal) { _ = syscall.Kill(-p.pid, sig) } // it may have ended

func describe(found []proc) []string { return []string{"unknown"} }
