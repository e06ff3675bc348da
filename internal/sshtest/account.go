package sshtest

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// ordinaryName and ordinaryID are the account that Options.Ordinary logs in to. It exists in the server's own
// mount namespace only.
const (
	ordinaryName = "sshtest"
	ordinaryID   = 54321
)

// namespaced reports whether the server has a passwd file of its own. Root's always has: the account gets an empty home, so that
// what stands in the rc files of the machine's own root (or waits in them: a lock, a network) plays no part in a test.
func (s *Server) namespaced() bool { return os.Getuid() == 0 }

func (s *Server) passwd() string { return filepath.Join(s.dir, "passwd") }

// AccountHome is the home of the account on the server.
func (s *Server) AccountHome() string {
	if s.namespaced() {
		return filepath.Join(s.dir, "home")
	}
	home, _ := os.UserHomeDir()
	return home
}

// prepareAccount writes authorized keys and, where the server runs in a mount namespace, the passwd file for it.
// Only root comes here.
func (s *Server) prepareAccount(root *user.User) error {
	// sshd's unprivileged child lives in this empty directory (sshd(8), FILES); Debian's init script makes it.
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(s.authorizedKeys(), []byte(s.public+"\n"), 0o644); err != nil {
		return err
	}
	if !s.namespaced() {
		return nil
	}
	id, home := 0, s.AccountHome()
	if s.opt.Ordinary {
		id = ordinaryID
	}
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o755); err != nil {
		return err
	}
	keys := filepath.Join(home, ".ssh", "authorized_keys")
	if err := os.WriteFile(keys, []byte(s.public+"\n"), 0o644); err != nil {
		return err
	}
	for _, path := range []string{home, filepath.Dir(keys), keys} {
		if err := os.Chown(path, id, id); err != nil {
			return err
		}
	}
	return s.writePasswd(root, id, home)
}

func (s *Server) writePasswd(root *user.User, id int, home string) error {
	old, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	name, shell := root.Username, "/bin/sh"
	if s.opt.Ordinary {
		name = ordinaryName
	}
	var others strings.Builder
	for line := range strings.Lines(string(old)) {
		if !strings.HasPrefix(line, name+":") {
			others.WriteString(line)
		} else if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) == 7 && !s.opt.Dropbear {
			shell = fields[6]
		}
	}
	if s.opt.Shell != "" {
		shell = s.opt.Shell
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:x:%d:%d::%s:%s\n%s", name, id, id, home, shell, others.String())
	return os.WriteFile(s.passwd(), []byte(b.String()), 0o644)
}

// inAccountNamespace wraps argv so that it runs with the server's passwd file, if it has one. unshare and sh both
// exec, so the pid stays the one that was started.
func (s *Server) inAccountNamespace(argv []string) ([]string, error) {
	if !s.namespaced() {
		return argv, nil
	}
	unshare, err := program("unshare")
	if err != nil {
		return nil, err
	}
	// dropbear insists on a shell that /etc/shells lists.
	script := `mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shells && shift 2 && exec "$@"`
	shells := filepath.Join(s.dir, "shells")
	if err := os.WriteFile(shells, []byte("/bin/sh\n/bin/bash\n"+s.opt.Shell+"\n"), 0o644); err != nil {
		return nil, err
	}
	return append([]string{unshare, "-m", "sh", "-c", script, "sh", s.passwd(), shells}, argv...), nil
}
