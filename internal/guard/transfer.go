package guard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"relay-shell/internal/policy"
)

// sftpServers are where systems have the program of the sftp subsystem.
var sftpServers = []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server", "/usr/lib/sftp-server"}

// sftpServer tells the sftp subsystem: sshd passes on the command that its configuration names for it. Only sftp-server itself
// counts, without options: those of the configuration may open more than the guard would.
func sftpServer(line string) (path string, ok bool) {
	words := strings.Fields(line)
	if len(words) == 0 || strings.ContainsAny(line, ";|&`$<>()'\"\\\n*?[{~#!") {
		return "", false
	}
	name := filepath.Base(words[0])
	if name != "sftp-server" && name != "internal-sftp" {
		return "", false
	}
	for _, known := range append([]string{words[0]}, sftpServers...) {
		if !filepath.IsAbs(known) || !trusted(known) {
			continue
		}
		if info, err := os.Stat(known); err == nil && info.Mode().IsRegular() {
			return known, true
		}
	}
	return "", true
}

func trusted(p string) bool {
	return strings.HasPrefix(filepath.Clean(p), "/usr/") && filepath.Base(p) == "sftp-server"
}

// sftp serves files: for reading only below tier 3, since what is written over sftp is not assessed one by one.
func (g *guard) sftp(server string) error {
	switch {
	case g.noSecrets:
		return &refusal{policy.Observe, "sftp", "sftp reads any file, secrets included"}
	case server == "":
		return &refusal{policy.Observe, "sftp", "this host has no sftp-server program (the subsystem is built into sshd)"}
	}
	argv := []string{"sftp-server"}
	if g.tier < policy.Irreversible {
		argv = append(argv, "-R")
	}
	g.log("allow", g.tier, strings.Join(argv, " "))
	return fmt.Errorf("starting %s: %w", server, g.Exec(server, argv, clean(g.Environ)))
}
