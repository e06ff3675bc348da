package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/sshtest"
)

// width is how many hosts run at the same time, ssh_fanout's own default.
const width = 32

// leashMark is in the command line of a leash, as sshd gives it to the login shell: with the dollar sign in octal.
const leashMark = `RELAY_CALL=\0441`

// benchFleet times one command on many hosts: ssh_fanout through the binary beside as many parallel ssh, cold (a login each) and warm
// (over live masters), and weighs what stays connected.
func benchFleet(b *bench) error {
	for _, size := range []struct{ hosts, cold, warm int }{{40, 7, 30}, {200, 3, 15}} {
		if err := b.fleet(size.hosts, size.cold, size.warm); err != nil {
			return err
		}
	}
	return b.inFlight()
}

// fleet runs the rounds on n hosts. Each is an address and port of its own; one sshd serves sixteen of them, with room for their logins.
func (b *bench) fleet(n, cold, warm int) error {
	hosts, err := b.lab.Farm(fmt.Sprintf("f%d-", n), n, sshtest.Options{Ordinary: true})
	if err != nil {
		return err
	}
	fmt.Printf("%d hosts, %d at a time, one sshd for every 16 of them\n", n, width)
	relayCold, sshCold := &samples{name: "  ssh_fanout, cold"}, &samples{name: "  parallel ssh, cold"}
	for round := range cold {
		if err := b.coldRound(fmt.Sprintf("c%d-%d", n, round), hosts, relayCold); err != nil {
			return err
		}
		if err := sshCold.measure(func() error {
			return b.parallel(hosts, func(h string) []string { return []string{"-o", "ControlPath=none", h, "true"} })
		}); err != nil {
			return err
		}
	}
	sshCold.print(nil)
	relayCold.print(sshCold)
	return b.warmRounds(fmt.Sprintf("w%d", n), hosts, warm)
}

// coldRound has a server that has never connected run the command.
func (b *bench) coldRound(dir string, hosts []string, s *samples) error {
	live, err := b.serveIn(dir)
	if err != nil {
		return err
	}
	return errors.Join(s.measure(func() error { return live.fanout(b, hosts) }), live.end())
}

// warmRounds has every host connected on both sides first.
func (b *bench) warmRounds(dir string, hosts []string, rounds int) error {
	live, err := b.serveIn(dir)
	if err != nil {
		return err
	}
	defer live.end()
	// One host first: what the first call of all costs is not the hosts'.
	if err := live.fanout(b, hosts[:1]); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // idle, for the memory
	idle := pssOf(live.pid)
	if err := live.fanout(b, hosts); err != nil {
		return err
	}
	control := func(h string) string { return filepath.Join(b.lab.RuntimeDir(), "x-"+h) }
	if err := b.parallel(hosts, func(h string) []string { return []string{"-M", "-N", "-f", "-S", control(h), h} }); err != nil {
		return err
	}
	defer func() {
		_ = b.parallel(hosts, func(h string) []string { return []string{"-O", "exit", "-S", control(h), h} })
	}()
	relay, plain := &samples{name: "  ssh_fanout, warm"}, &samples{name: "  parallel ssh -S, live masters"}
	for i := range rounds + 3 {
		if i == 3 { // warmed up
			relay.took, plain.took = nil, nil
		}
		if err := errors.Join(
			relay.measure(func() error { return live.fanout(b, hosts) }),
			plain.measure(func() error {
				return b.parallel(hosts, func(h string) []string { return []string{"-S", control(h), h, "true"} })
			}),
		); err != nil {
			return err
		}
	}
	plain.print(nil)
	relay.print(plain)
	time.Sleep(3 * time.Second)
	own := (pssOf(live.pid) - idle) / (len(hosts) - 1)
	fmt.Printf("  per connected host: own %d KiB, OpenSSH's master %d KiB (an operator's -M -N: %d KiB), leash on the host %d KiB\n",
		own, medianPSS(withArgument(live.dir+"/")), medianPSS(withArgument(filepath.Join(b.lab.RuntimeDir(), "x-"))), medianPSS(withArgument(leashMark)))
	return nil
}

// running is a server and its client.
type running struct {
	session *mcp.ClientSession
	pid     int
	dir     string
}

// serveIn starts a server with a runtime directory of its own, so that it finds nobody's masters.
func (b *bench) serveIn(name string) (*running, error) {
	dir := filepath.Join(b.lab.RuntimeDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	own := *b
	own.env = append(slices.Clone(b.env), "RELAY_SHELL_RUNTIME_DIR="+dir)
	session, pid, _, err := own.serve()
	return &running{session, pid, dir}, err
}

func (r *running) fanout(b *bench, hosts []string) error {
	res, err := r.session.CallTool(b.ctx, &mcp.CallToolParams{Name: "ssh_fanout", Arguments: map[string]any{"hosts": hosts, "command": "true", "concurrency": width}})
	if err != nil {
		return err
	}
	fields, _ := res.StructuredContent.(map[string]any)
	counts, _ := fields["counts"].(map[string]any)
	if ok, _ := counts["ok"].(float64); res.IsError || int(ok) != len(hosts) {
		return fmt.Errorf("ssh_fanout: %v", counts)
	}
	return nil
}

// end ends the server and its masters.
func (r *running) end() error {
	err := r.session.Close()
	for _, pid := range withArgument(r.dir + "/") {
		if p, e := os.FindProcess(pid); e == nil {
			_ = p.Kill()
		}
	}
	return err
}
