package sshtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// markerName is set, by sshd's SetEnv, in everything that a server runs.
const markerName = "SSHTEST_SERVER"

// argv is the server's command line; it writes the configuration file that the line names.
func (s *Server) argv() ([]string, error) {
	if s.opt.Dropbear {
		return s.dropbearArgv()
	}
	binary := s.opt.Binary
	if binary == "" {
		var err error
		if binary, err = program("sshd"); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(s.dir, "sshd_config")
	if err := os.WriteFile(path, []byte(strings.Join(s.sshdConfig(), "\n")+"\n"), 0o644); err != nil {
		return nil, err
	}
	return []string{binary, "-D", "-e", "-f", path}, nil
}

// sshdConfig gives sshd_config lines. sshd takes the first value of a keyword, so the options' lines come first.
func (s *Server) sshdConfig() []string {
	env := markerName + "=" + s.marker
	var lines []string
	for _, line := range s.opt.Config {
		// Only the first SetEnv line counts (servconf.c), so ours has to join it.
		if words := strings.Fields(line); len(words) > 1 && strings.EqualFold(words[0], "SetEnv") {
			env += " " + strings.Join(words[1:], " ")
			continue
		}
		lines = append(lines, line)
	}
	tail := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "match ") })
	if tail < 0 {
		tail = len(lines)
	}
	match := slices.Clone(lines[tail:])
	lines = append(lines[:tail:tail], "SetEnv "+env)
	for i := range s.addresses() {
		lines = append(lines, fmt.Sprintf("ListenAddress 127.0.0.%d:%d", i+1, s.port))
	}
	lines = append(lines,
		"HostKey "+s.hostKey(),
		"AuthorizedKeysFile "+s.authorizedKeys(),
		"PidFile none",
		"StrictModes no", // temporary directories are group-writable on some systems
		"UsePAM no",      // an ordinary user cannot run PAM, and both should see the same sshd
		"LogLevel VERBOSE",
		"UseDNS no",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"PermitRootLogin prohibit-password",
		"AcceptEnv LANG LC_*",
		"PrintMotd no",
	)
	if !s.opt.NoSFTP {
		subsystem := s.opt.SFTP
		if subsystem == "" {
			subsystem = sftpServer()
		}
		lines = append(lines, "Subsystem sftp "+subsystem)
	}
	if s.opt.Shell != "" && !s.namespaced() {
		lines = append(lines, "ForceCommand "+shellEmulation(s.opt.Shell))
	}
	return append(lines, match...)
}

// shellEmulation does, from the account's own POSIX shell, what sshd's do_child does with a login shell: `shell -c
// command`, or the shell with a dash before its name when there is no command.
func shellEmulation(shell string) string {
	return fmt.Sprintf(`SHELL=%[1]s; export SHELL; [ "$SSH_ORIGINAL_COMMAND" ] || exec %[1]s -l; `+
		`set -- "$SSH_ORIGINAL_COMMAND"; unset SSH_ORIGINAL_COMMAND; exec %[1]s -c "$1"`, shell)
}

func sftpServer() string {
	for _, path := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "internal-sftp"
}

// dropbearArgv starts dropbear in the foreground, logging to stderr.
func (s *Server) dropbearArgv() ([]string, error) {
	binary, err := program("dropbear")
	if err != nil {
		return nil, err
	}
	convert, err := program("dropbearconvert")
	if err != nil {
		return nil, err
	}
	key := filepath.Join(s.dir, "dropbear_key")
	if err := runQuietly(convert, "openssh", "dropbear", s.hostKey(), key); err != nil {
		return nil, err
	}
	return []string{binary, "-F", "-E", "-s", "-r", key, "-p", s.addr + ":" + strconv.Itoa(s.port), "-P", filepath.Join(s.dir, "dropbear.pid")}, nil
}
