// Command relay-shell is an MCP server through which an AI agent works on this machine and on a fleet of hosts over the
// operator's own OpenSSH. See README.md; relay-shell --help lists the commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"relay-shell/internal/cli"
	"relay-shell/internal/localexec"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = ""

func main() {
	os.Exit(run())
}

func run() int {
	if len(os.Args) == 2 && os.Args[1] == cli.SuperviseArg {
		if localexec.Supervise() != nil {
			return 1
		}
		return 0
	}
	// A broken pipe on standard output is an error to handle, not a signal to die of before the cleaning up.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if os.Getenv("PATH") == "" { // as a service manager may start it; ssh and whatever else is started needs one
		_ = os.Setenv("PATH", localexec.DefaultPath())
	}
	home, _ := os.UserHomeDir() // config says what is missing without it
	dir, _ := os.Getwd()
	return cli.Main(context.Background(), cli.World{
		Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Home: home, Dir: dir, Version: buildVersion(),
	})
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "0.4.0-dev"
}
