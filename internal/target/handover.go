package target

import (
	"os"

	"relay-shell/internal/localexec"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Handover is a command that goes on without Run, for another process to follow.
type Handover struct {
	// Files are what that process needs, in the order that package job takes them; Stderr says that standard error is among them.
	Files  []*os.File
	Stderr bool
	// PID leads the command's session on this machine, Mark is the id that its processes carry.
	PID  int
	Mark string
	// Remote and Host are set for a command on a host.
	Remote *sshbin.Detached
	Host   dest.Destination
	// Secrets are the names of the secrets that it was given here.
	Secrets []string
	// Release ends the handing over. kept says that somebody follows the command now; otherwise it is ended, and what is left of it
	// returned.
	Release func(kept bool) (survivors []string)
}

// localHandover is that of a command of this machine, nil for none.
func localHandover(h *localexec.Handover) *Handover {
	if h == nil {
		return nil
	}
	files := present(h.Stdout, h.Stderr, h.Status)
	return &Handover{Files: files, Stderr: h.Stderr != nil, PID: h.Pid, Mark: h.ID, Release: func(kept bool) (survivors []string) {
		if !kept {
			survivors = localexec.End(h.ID, h.Pid)
		}
		for _, f := range files {
			f.Close()
		}
		return survivors
	}}
}

// remoteHandover is that of a command on a host, nil for none.
func remoteHandover(h *sshbin.Handover, host dest.Destination) *Handover {
	if h == nil {
		return nil
	}
	files := present(h.Conn, h.Stdout, h.Stderr)
	if h.Leash != nil {
		files = append(files, h.Leash.In, h.Leash.Conn)
	}
	return &Handover{
		Files: files, Stderr: h.Stderr != nil, Mark: h.Detached.Mark, Remote: &h.Detached, Host: host, Release: h.Release,
	}
}

func present(files ...*os.File) []*os.File {
	var list []*os.File
	for _, f := range files {
		if f != nil {
			list = append(list, f)
		}
	}
	return list
}
