//go:build !linux

package sshtest

import "syscall"

// serverAttr puts a server into a session of its own.
func serverAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
