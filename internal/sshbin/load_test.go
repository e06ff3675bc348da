package sshbin

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// atOnce runs n calls, width of them at the same time, and reports what fails.
func atOnce(t *testing.T, n, width int, call func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	next := make(chan int)
	for range width {
		wg.Go(func() {
			for i := range next {
				if err := call(i); err != nil {
					t.Errorf("call %d: %v", i, err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func echoes(e *Engine, r *dest.Resolved, i int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	want := fmt.Sprintf("call %d\n", i)
	res, err := runIn(ctx, e, r, Command{Text: fmt.Sprintf("sleep 0.05; echo call %d", i)})
	if err == nil && (res.out != want || res.code != 0) {
		err = fmt.Errorf("output %q, errors %q, exit %d", res.out, res.err, res.code)
	}
	return err
}

// TestMaxSessions puts 64 calls at a time on a server with OpenSSH's own limit of ten sessions a connection.
func TestMaxSessions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config []string
		mode   Mode
		calls  int
	}{
		{"default", nil, Passenger, 200},
		{"two", []string{"MaxSessions 2"}, Passenger, 30},
		{"one", []string{"MaxSessions 1"}, Passenger, 12},
		{"forked", nil, Fork, 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := sshtest.Start(t, sshtest.Options{Shell: "dash", Config: test.config})
			e := newEngine(t, server.Lab, Options{Engine: test.mode})
			r := resolve(t, e, "target", dest.Options{})
			atOnce(t, test.calls, 64, func(i int) error { return echoes(e, r, i) })
			if n := server.Logins(); n > defaultMaxMasters {
				t.Errorf("%d logins, want at most %d", n, defaultMaxMasters)
			}
		})
	}
}

// TestMaxStartups makes more logins at once than a default sshd takes unauthenticated connections.
func TestMaxStartups(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Shell: "dash"})
	const hosts = trialLogins
	for i := range hosts {
		if err := l.AddHost(fmt.Sprintf("h%d", i), server.HostLines(fmt.Sprintf("ConnectTimeout %d", 100+i))...); err != nil {
			t.Fatal(err)
		}
	}
	e := newEngine(t, l, Options{})
	atOnce(t, hosts, hosts, func(i int) error { return echoes(e, resolve(t, e, fmt.Sprintf("h%d", i), dest.Options{}), i) })
	if n := server.Logins(); n != hosts {
		t.Errorf("%d logins, want %d", n, hosts)
	}
	if n := server.Throttled(); n > 0 {
		t.Errorf("the server dropped connections %d times", n)
	}
}

// TestBastion reaches cold hosts through one jump host with OpenSSH's own limits.
func TestBastion(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	bastion := l.MustStart(t, sshtest.Options{Alias: "bastion", Shell: "dash"})
	hosts, err := l.Farm("inner", trialInner, sshtest.Options{Shell: "dash", ClientConfig: []string{"ProxyJump bastion"}})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{})
	atOnce(t, len(hosts), len(hosts), func(i int) error { return echoes(e, resolve(t, e, hosts[i], dest.Options{}), i) })
	if n := bastion.Throttled(); n > 0 {
		t.Errorf("the bastion dropped connections %d times", n)
	}
}

// TestDroppedConnection retries what a server drops before its greeting.
func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	// From the first connection on, every second one is dropped.
	server := l.MustStart(t, sshtest.Options{Shell: "dash", Config: []string{"MaxStartups 1:50:100"}})
	for i := range 8 {
		if err := l.AddHost(fmt.Sprintf("h%d", i), server.HostLines(fmt.Sprintf("ConnectTimeout %d", 100+i))...); err != nil {
			t.Fatal(err)
		}
	}
	e := newEngine(t, l, Options{})
	atOnce(t, 8, 8, func(i int) error { return echoes(e, resolve(t, e, fmt.Sprintf("h%d", i), dest.Options{}), i) })
}

// TestAuthenticationIsNotRepeated shares one failure among all callers.
func TestAuthenticationIsNotRepeated(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Config: []string{"AuthorizedKeysFile none"}})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := runIn(t.Context(), e, r, Command{Text: "true"})
			if err == nil || !strings.Contains(err.Error(), "Permission denied") {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	if n := server.Attempts(); n > 4 { // one is the test server's own look whether it listens
		t.Errorf("%d connections for one failure", n)
	}
}
