package cli

import (
	"errors"
	"fmt"
	"log/syslog"
	"syscall"

	"relay-shell/internal/guard"
	"relay-shell/internal/redact"
)

// guardMain is the forced command of a restricted key. It reads no settings: the line in authorized_keys says everything, and
// nothing that the account or the client can change counts.
func guardMain(w World) int {
	g := guard.World{Args: w.Args[1:], Environ: w.Environ, Stdin: w.Stdin, Stderr: w.Stderr, Exec: syscall.Exec, Feed: feed}
	if log, err := syslog.New(syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "relay-shell-guard"); err == nil {
		redactor := redact.New(redact.Options{})
		g.Log = func(line string) { _ = log.Notice(redactor.String(line)) } // a host without a syslog still holds the tier
	}
	return guard.Main(g)
}

// feed makes data and the end of file this process's standard input, and that of what replaces it. Nobody reads the pipe yet: what it does not hold at
// once, where an account has used up its pages for pipes (pipe(7)), is an error.
func feed(data []byte) error {
	var ends [2]int
	if err := syscall.Close(0); err != nil {
		return err
	}
	if err := syscall.Pipe(ends[:]); err != nil { // its reading end is the lowest free descriptor
		return err
	}
	if ends[0] != 0 {
		return errors.New("the standard input cannot be replaced")
	}
	return errors.Join(fill(ends[1], data), syscall.Close(ends[1]))
}

// fill writes what a pipe holds without a reader.
func fill(fd int, data []byte) error {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	n, err := syscall.Write(fd, data)
	if err == nil && n < len(data) {
		err = fmt.Errorf("a pipe holds %d of %d bytes: this account has too many pipes open", n, len(data))
	}
	return err
}
