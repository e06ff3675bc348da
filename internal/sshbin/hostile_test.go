package sshbin

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestHostileServers bounds time and disk whatever a server does before it lets us in.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	serve := func(alias string, f func(net.Conn)) {
		t.Helper()
		if _, err := l.Hostile(alias, f); err != nil {
			t.Fatal(err)
		}
	}
	serve("silent", func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<20))
		time.Sleep(100 * time.Millisecond)
		_, _ = c.Read(make([]byte, 1<<20))
	})
	serve("chatter", func(c net.Conn) {
		for {
			if _, err := c.Write([]byte("no greeting\r\n")); err != nil {
				return
			}
		}
	})
	serve("slow", func(c net.Conn) {
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	line, err := l.Imposter("banners", &ssh.ServerConfig{
		BannerCallback: func(ssh.ConnMetadata) string { return "\x1b]52;c;\x07 first" },
		PublicKeyCallback: func(m ssh.ConnMetadata, _ ssh.PublicKey) (*ssh.Permissions, error) {
			banner := strings.Repeat("endless ", 4<<10)
			for {
				if err := m.(ssh.ServerPreAuthConn).SendAuthBanner(banner); err != nil {
					return nil, err
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Trust(line); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{ConnectTimeout: 2 * time.Second})
	for _, host := range []string{"silent", "chatter", "slow", "banners"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := run(t, e, resolve(t, e, host, dest.Options{}), Command{Text: "true"})
			if err == nil || time.Since(began) > 40*time.Second {
				t.Errorf("error %v after %v", err, time.Since(began))
			}
			if len(err.Error()) > 8<<10 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			t.Logf("%.300v", err)
		})
	}
	t.Cleanup(func() {
		logs, _ := filepath.Glob(filepath.Join(l.RuntimeDir(), "*.log*"))
		for _, name := range logs {
			if info, err := os.Stat(name); err == nil && info.Size() > 64<<20 {
				t.Errorf("%s has %d bytes", name, info.Size())
			}
		}
	})
}

// TestEndlessOutput stops what has no end when the writer has had enough, and when the caller has.
func TestEndlessOutput(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		w := &limited{left: 1 << 20}
		_, err := run(t, e, r, Command{Text: "yes ended-by-the-writer", Stdout: w})
		if !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
		waitFor(t, "it has ended", func() bool { return !server.Running("yes ended-by-the-writer") })
	})
}

type limited struct{ left int }

var errFull = errors.New("enough")

func (w *limited) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}
