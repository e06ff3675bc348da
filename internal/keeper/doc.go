// Package keeper is for what must outlive the server: each such thing (a port forward, a terminal session) lives in a small process of
// its own, which is the same program started as `relay-shell keeper`. The process is all the state there is: it serves a
// private unix socket in a directory that every server of this user shares, and whoever lists that directory finds it.
//
// Start with [Open]; [Keepers.Start] makes a keeper, [Keepers.List] finds all that live, [Keepers.Call] asks one, [Keepers.Close]
// ends one. The program hands its arguments to [Main] when they begin with [Command]; what a keeper holds is a [Thing] that
// one of the kinds given there opens.
//
// A keeper is detached twice: it leads a session of its own, has no parent but init, no descriptors of the server, / as its
// directory and an environment without anything of the server's. A client that kills its process tree does not reach it, nor
// does the end of the login, and when the runtime directory is cleared it makes its socket anew. What it cannot escape: a service
// manager that ends the whole control group of a service (systemd.kill(5): set KillMode=process), or a logout where
// KillUserProcesses is on (loginctl enable-linger).
package keeper

const (
	// Command is the program's first argument in a keeper's process.
	Command = "keeper"
	// Version is that of the protocol between servers and keepers. The requests info and close are the same in every
	// version, so that a server can always show and end what an older one has left.
	Version = 1
)
