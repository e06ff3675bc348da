package sshbin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestPacketsDropped has the network swallow every packet under a running command. The network is that of this program again, in a network
// namespace of its own. TestStalled is what of it needs no root.
func TestPacketsDropped(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root: a network namespace")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPacketsDroppedHelper$", "-test.v")
	cmd.Env = append(os.Environ(), "SSHBIN_NAMESPACE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs root: this one may make no network namespace")
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestPacketsDroppedHelper")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPacketsDroppedHelper is TestPacketsDropped inside. That no goroutine is left is TestMain's to see.
func TestPacketsDroppedHelper(t *testing.T) {
	if os.Getenv("SSHBIN_NAMESPACE") == "" {
		return // nothing to help with
	}
	setLoopback(t, true)
	const keepAlive = 2 * time.Second
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	e := newEngine(t, server.Lab, Options{KeepAlive: keepAlive})
	r := resolve(t, e, "target", dest.Options{})
	mustRun(t, e, r, Command{Text: "true"})
	var out bytes.Buffer
	up := make(tell, 1)
	dropped := make(chan time.Time, 1)
	go func() {
		<-up
		setLoopback(t, false)
		dropped <- time.Now()
	}()
	res, err := run(t, e, r, Command{Text: "seq 50000; echo up >&2; sleep 7003", Stdout: &out, Stderr: up})
	took := time.Since(<-dropped)
	// Two seconds more are for a busy machine.
	if code(err) != "connection_lost" || took > 3*keepAlive+2*time.Second {
		t.Errorf("error %v after %v", err, took)
	}
	var lost *Error
	if !errors.As(err, &lost) || !lost.Started || len(res.exit.Survivors) != 1 || res.exit.Survivors[0] != Unknown {
		t.Errorf("error %#v, survivors %q", err, res.exit.Survivors)
	}
	if !strings.HasPrefix(out.String(), "1\n2\n") {
		t.Errorf("output %.40q…", out.String())
	}
	setLoopback(t, true)
	mustRun(t, e, r, Command{Text: "true"})
}

// setLoopback takes this namespace's only interface up or down. What is sent while it is down goes nowhere, and nobody is told.
func setLoopback(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err == nil {
		if up {
			r.SetUint16(unix.IFF_UP)
		}
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	}
	if err != nil {
		t.Error(err)
	}
}
