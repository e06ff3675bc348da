// Package sshtest starts real OpenSSH (and dropbear) servers on loopback for tests and demonstrations.
//
// Start with [Start]: it makes a private directory with a fresh client key, a host key, an ssh_config and a
// known_hosts file, starts sshd on a free loopback port and ends everything again when the test does.
// [Server.Config] is the file to hand to `ssh -F`: ssh finds ~/.ssh through the passwd entry and not through
// $HOME, so a test that does not pass -F would use the configuration of whoever runs it.
// Several servers share one client side through a [Lab]. A program that is no test uses [NewLab] and [Lab.Start].
//
// sshd runs as whoever runs the test. As an ordinary user it lets in that user alone; options that need root
// ([Options.Ordinary], dropbear) say so in their error. A foreign login shell is real for root (a private mount
// namespace with a passwd file of its own) and emulated by a ForceCommand for an ordinary user. What runs on a server is
// found through /proc, so Pause, Kill and Close reach all of it on Linux alone.
package sshtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Lab is the client's side: a private directory with a key, an ssh_config and a known_hosts file, and the
// servers that were started for it. Its methods may be called from several goroutines.
type Lab struct {
	dir    string
	public string // the client's public key as an authorized_keys line

	mu      sync.Mutex
	hosts   []hostBlock
	common  []string // lines for every host, after the hosts' own
	servers []*Server
	closers []func() error
	serial  int
}

type hostBlock struct {
	alias string
	lines []string
}

// NewLab prepares dir, which must exist and should have a short name: control sockets have to fit into 90 bytes.
func NewLab(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: dir}
	for _, d := range []string{l.Home(), l.RuntimeDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	if l.public, err = WriteKey(l.ClientKey(), "client"); err != nil {
		return nil, err
	}
	l.common = []string{
		"IdentityFile " + l.ClientKey(),
		"IdentitiesOnly yes",
		"IdentityAgent none", // the developer's agent is none of the test's business
		"UserKnownHostsFile " + l.KnownHosts(),
		"GlobalKnownHostsFile /dev/null",
	}
	return l, l.writeConfig()
}

// Dir is the lab's private directory.
func (l *Lab) Dir() string { return l.dir }

// Home is an empty directory that serves as HOME.
func (l *Lab) Home() string { return filepath.Join(l.dir, "home") }

// RuntimeDir is an empty directory of mode 0700 for control sockets.
func (l *Lab) RuntimeDir() string { return filepath.Join(l.dir, "run") }

// Config is the path of the ssh_config that knows every server of the lab.
func (l *Lab) Config() string { return filepath.Join(l.dir, "config") }

// KnownHosts is the path of the user's known_hosts file.
func (l *Lab) KnownHosts() string { return filepath.Join(l.dir, "known_hosts") }

// ClientKey is the path of the private key that every server of the lab accepts.
func (l *Lab) ClientKey() string { return filepath.Join(l.dir, "id") }

// Env is the environment for an ssh client in a test: PATH, HOME in the lab, and no agent.
func (l *Lab) Env() []string {
	return []string{"PATH=" + searchPath(), "HOME=" + l.Home(), "LC_ALL=C.UTF-8"}
}

// SSH gives the arguments of an ssh client that must not prompt: -F with the lab's configuration, BatchMode, then args.
func (l *Lab) SSH(args ...string) []string {
	return append([]string{"-F", l.Config(), "-o", "BatchMode=yes"}, args...)
}

// AddHost writes a Host block: lines as in ssh_config(5), without indentation. The lab's identity and known_hosts
// files apply to it unless the lines say otherwise. Adding an alias again replaces its block.
func (l *Lab) AddHost(alias string, lines ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.hosts {
		if l.hosts[i].alias == alias {
			l.hosts[i].lines = lines
			return l.writeConfig()
		}
	}
	l.hosts = append(l.hosts, hostBlock{alias, lines})
	return l.writeConfig()
}

// AddCommon appends lines that apply to every host that does not set them itself.
func (l *Lab) AddCommon(lines ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.common = append(l.common, lines...)
	return l.writeConfig()
}

// writeConfig is called with mu held or before the lab is shared. It replaces the file, so that a reader sees the
// old or the new one.
func (l *Lab) writeConfig() error {
	var b strings.Builder
	for _, h := range l.hosts {
		fmt.Fprintf(&b, "Host %s\n", h.alias)
		for _, line := range h.lines {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		b.WriteByte('\n')
	}
	b.WriteString("Host *\n")
	for _, line := range l.common {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	next := l.Config() + ".new"
	if err := os.WriteFile(next, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, l.Config())
}

// Trust appends lines to the lab's known_hosts file.
func (l *Lab) Trust(lines ...string) error {
	f, err := os.OpenFile(l.KnownHosts(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// onClose registers what Close has to end; the newest goes first.
func (l *Lab) onClose(f func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// Close ends every server and everything that they started. It leaves the directory to its owner.
func (l *Lab) Close() error {
	l.mu.Lock()
	closers := l.closers
	l.closers = nil
	l.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	return errors.Join(errs...)
}
