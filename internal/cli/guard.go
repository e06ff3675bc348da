package cli

import (
	"log/syslog"
	"syscall"

	"relay-shell/internal/guard"
	"relay-shell/internal/redact"
)

// guardMain is the forced command of a restricted key. It reads no settings: the line in authorized_keys says everything, and
// nothing that the account or the client can change counts.
func guardMain(w World) int {
	g := guard.World{Args: w.Args[1:], Environ: w.Environ, Stdin: w.Stdin, Stderr: w.Stderr, Exec: syscall.Exec}
	if log, err := syslog.New(syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "relay-shell-guard"); err == nil {
		redactor := redact.New(redact.Options{})
		g.Log = func(line string) { _ = log.Notice(redactor.String(line)) } // a host without a syslog still holds the tier
	}
	return guard.Main(g)
}
