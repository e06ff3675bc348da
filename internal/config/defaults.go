package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxRuntimeDir keeps sockets below the directory nameable. A path in sun_path holds 107 bytes (unix(7)), of which an ssh
// master needs 17 more than its name has while it starts (mux.c binds a temporary name first).
const maxRuntimeDir = 64

// firstUser is the least uid of people (UID_MIN of login.defs(5) on every current distribution).
const firstUser = 1000

// finish fills in the defaults that depend on the machine and on other settings, and checks what single values cannot show.
func (l *loader) finish() {
	c := l.cfg
	if c.StateDir == "" {
		c.StateDir = l.stateDir()
	}
	l.finishRuntimeDir()
	if c.AuditPath == "" {
		c.AuditPath = filepath.Join(c.StateDir, "audit", "audit.jsonl")
		if l.serviceAccount() {
			c.AuditPath = "/var/log/relay-shell/audit.jsonl"
		}
	}
	if c.AuthStateDir == "" {
		c.AuthStateDir = filepath.Join(c.StateDir, "oauth")
		if l.serviceAccount() {
			c.AuthStateDir = "/var/lib/relay-shell/oauth"
		}
	}
	c.DefaultTimeout = min(c.DefaultTimeout, c.MaxTimeout)
	c.MaxOutput = min(c.MaxOutput, c.MaxOutputHard)
	c.SpoolPerCall = min(c.SpoolPerCall, c.SpoolTotal)
	if c.ConfirmTier3 && c.origins["CONFIRM"] == "" {
		c.Confirm = ConfirmToken
	}
	if c.AuthEnabled && c.origins["AUTH"] == "" {
		c.Auth = AuthOAuth
	}
	l.checkSSHConfig()
}

// serviceAccount tells accounts that run services from people: root, and a system uid without a home it can write to.
func (l *loader) serviceAccount() bool {
	return l.src.UID == 0 || l.src.UID < firstUser && !l.homeWritable()
}

// homeWritable: the passwd entries of system accounts name /, /nonexistent or a directory of root as their home.
func (l *loader) homeWritable() bool {
	if l.src.Home == "" || l.src.Home == "/" {
		return false
	}
	info, err := os.Stat(l.src.Home)
	return err == nil && info.IsDir() && unix.Access(l.src.Home, unix.W_OK) == nil
}

// stateDir follows the XDG Base Directory Specification.
func (l *loader) stateDir() string {
	if dir := l.env["XDG_STATE_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "relay-shell")
	}
	if l.src.Home == "" || l.serviceAccount() && l.src.UID != 0 {
		return "/var/lib/relay-shell"
	}
	return filepath.Join(l.src.Home, ".local", "state", "relay-shell")
}

func (l *loader) finishRuntimeDir() {
	c := l.cfg
	if c.RuntimeDir == "" {
		c.RuntimeDir = l.runtimeDir()
		return
	}
	if len(c.RuntimeDir) > maxRuntimeDir {
		l.problem(c.origins["RUNTIME_DIR"], "%q has %d bytes; at most %d leave room for the names of sockets", cut(c.RuntimeDir, 120), len(c.RuntimeDir), maxRuntimeDir)
	}
}

// runtimeDir is the same for all servers and terminals of a user, so that they find one another's sessions: MCP clients start
// servers without XDG_RUNTIME_DIR, but the directory that it would name is known (pam_systemd(8)).
func (l *loader) runtimeDir() string {
	uid := strconv.Itoa(l.src.UID)
	for _, dir := range []string{l.env["XDG_RUNTIME_DIR"], "/run/user/" + uid} {
		path := filepath.Join(dir, "relay-shell")
		if filepath.IsAbs(dir) && len(path) <= maxRuntimeDir && privateTo(dir, l.src.UID) {
			return path
		}
	}
	tmp := l.env["TMPDIR"]
	path := filepath.Join(tmp, "relay-shell-"+uid)
	if !filepath.IsAbs(tmp) || len(path) > maxRuntimeDir {
		return "/tmp/relay-shell-" + uid
	}
	return path
}

// privateTo is what the XDG specification demands of a runtime directory: owned by the user, mode 0700. Under su(1) and
// sudo(8) the variable can name somebody else's.
func privateTo(dir string, uid int) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return false
	}
	owner, ok := ownerOf(info)
	return ok && owner == uid
}

// checkSSHConfig finds at the start what would otherwise fail every call: ssh -F with a missing file is fatal.
func (l *loader) checkSSHConfig() {
	path := l.cfg.SSHConfig
	if path == "" || byName["SSH_CONFIG"].isKeyword(path) {
		return
	}
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var info os.FileInfo
		if info, err = f.Stat(); err == nil && info.IsDir() {
			err = fmt.Errorf("is a directory")
		}
	}
	if err != nil {
		l.problem(l.cfg.origins["SSH_CONFIG"], "%q: %v", cut(path, 120), reason(err))
	}
}
