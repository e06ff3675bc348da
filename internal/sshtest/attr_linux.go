package sshtest

import "syscall"

// serverAttr puts a server into a session of its own; it gets TERM when the thread that started it is gone.
func serverAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
}
