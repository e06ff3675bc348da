package sshbin

import (
	"path/filepath"
	"slices"
	"strings"
)

// isMaster reports whether the process is an ssh whose control path is path.
func isMaster(pid int, path string) bool {
	args := processArgs(pid)
	if len(args) == 0 {
		return false
	}
	if args[0] == "ssh: "+path+" [mux]" { // what ControlPersist makes of a title (ssh.c)
		return true
	}
	i := slices.Index(args, "-S")
	return filepath.Base(args[0]) == "ssh" && i > 0 && i+1 < len(args) && unescapePercent(args[i+1]) == path && slices.Contains(args, "-M")
}

// mastersAt lists the processes that are masters at path, listening or not.
func mastersAt(path string) []int {
	var pids []int
	for _, pid := range processes() {
		if isMaster(pid, path) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func unescapePercent(s string) string { return strings.ReplaceAll(s, "%%", "%") }

// socketClients counts the connections to a listening unix socket, -1 if that cannot be told.
func socketClients(path string) int {
	clients := allSocketClients()
	if clients == nil {
		return -1
	}
	return clients[path]
}
