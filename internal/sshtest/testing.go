package sshtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Need is the path of a program that a test uses. Without it the test is skipped, or fails where the run promised to have all of them (scripts/test).
func Need(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("TESTS_REQUIRE_PROGRAMS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// New makes a lab that ends with the test. Its directory has a short name, so that control sockets fit.
func New(t testing.TB) *Lab {
	t.Helper()
	if _, err := program("ssh"); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	// An account of its own on the server has to reach its home below.
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	l, err := NewLab(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.logServers(t)
		}
		if err := l.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing the lab: %v", err)
		}
	})
	return l
}

// Start makes a lab with one server; both end with the test. A missing sshd is a failure of the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	return New(t).MustStart(t, o)
}

// MustStart is Lab.Start for tests.
func (l *Lab) MustStart(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := l.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// logServers shows the end of every server's log.
func (l *Lab) logServers(t testing.TB) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.servers {
		if i == 5 {
			t.Logf("and %d servers more", len(l.servers)-i)
			return
		}
		lines := strings.Split(strings.TrimSpace(s.Log()), "\n")
		t.Logf("log of %s (%s):\n%s", s.alias, s.Addr(), strings.Join(lines[max(0, len(lines)-60):], "\n"))
	}
}

// Farm starts n hosts named prefix1…prefixN on as few servers as OpenSSH allows: one sshd serves up to 16 loopback
// addresses. MaxStartups and MaxSessions are raised unless o.Config sets them, since 16 hosts share a server.
func (l *Lab) Farm(prefix string, n int, o Options) ([]string, error) {
	aliases := make([]string, 0, n)
	o.Config = append(append([]string{}, o.Config...), "MaxStartups 500", "MaxSessions 500")
	for first := 1; first <= n; first += 16 {
		part := o
		part.Addresses = min(16, n-first+1)
		part.Alias = fmt.Sprintf("%s-server%d", prefix, first)
		s, err := l.Start(part)
		if err != nil {
			return nil, err
		}
		for i := range part.Addresses {
			alias := fmt.Sprintf("%s%d", prefix, first+i)
			lines := append([]string{fmt.Sprintf("HostName 127.0.0.%d", i+1)}, s.HostLines(o.ClientConfig...)...)
			if err := l.AddHost(alias, lines...); err != nil {
				return nil, err
			}
			aliases = append(aliases, alias)
		}
	}
	return aliases, nil
}
