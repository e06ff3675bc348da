package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/sshtest"
)

var soakFor = flag.Duration("soak", soakTime, "how long TestSoak works")

// TestSoak has many agents use one server, every family of tools, while masters are killed and frozen, hosts drop their connections, the log
// is rotated and, for root, the disk fills. Every answer is right or says why not, no record of an answered call is lost, and memory and
// descriptors stay where they were. `go test -tags long -run TestSoak -timeout 1h ./cmd/relay-shell` takes half an hour.
func TestSoak(t *testing.T) {
	lab := sshtest.New(t)
	hosts := []*sshtest.Server{lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true}), lab.MustStart(t, sshtest.Options{Alias: "web2", Ordinary: true})}
	i := newInstall(t, hosts[0], "RELAY_SHELL_AUDIT_ROTATE=external", "RELAY_SHELL_AUDIT_ON_FAILURE=deny", "RELAY_SHELL_SSH_IDLE_TIMEOUT=5s", "RELAY_SHELL_LOG_LEVEL=error",
		"RELAY_SHELL_SPOOL_TOTAL=32MiB", "RELAY_SHELL_JOB_HISTORY=64", "RELAY_SHELL_BACKUP_BYTES=8MiB", "RELAY_SHELL_MAX_SESSIONS=1024", "RELAY_SHELL_MAX_JOBS=1024", "RELAY_SHELL_MAX_FORWARDS=1024")
	disk := smallDisk(t, i.state)
	s := i.serve()
	defer func() { _ = s.Close() }()
	w := &soak{t: t, server: s, hosts: hosts, dir: t.TempDir(), runtime: filepath.Join(filepath.Dir(i.binary), "r"), counts: map[string]int{}}
	w.must("shell_exec", map[string]any{"command": "true"}) // starts the supervisor of local commands, which stays
	before := w.look()

	ctx, cancel := context.WithTimeout(t.Context(), *soakFor)
	defer cancel()
	var running, chaos sync.WaitGroup
	for n := range soakAgents {
		running.Go(func() { w.agent(ctx, n) })
	}
	chaos.Go(func() { w.havoc(ctx, i, disk) })
	looks := w.watch(ctx)
	running.Wait()
	chaos.Wait()

	// Masters go when they have idled, and with them what they took.
	after := w.look()
	for deadline := time.Now().Add(time.Minute); after.files > before.files && time.Now().Before(deadline); after = w.look() {
		time.Sleep(200 * time.Millisecond)
	}
	if after.files > before.files {
		t.Errorf("%d descriptors before, %d after:\n%s", before.files, after.files, strings.Join(w.descriptors(), "\n"))
	}
	for _, h := range hosts {
		for deadline := time.Now().Add(20 * time.Second); h.Running(soakSleep) && time.Now().Before(deadline); {
			time.Sleep(200 * time.Millisecond)
		}
		if h.Running(soakSleep) {
			t.Errorf("%s still runs what was cancelled or timed out", h.Alias())
		}
	}
	w.recorded(i.results())
	growth, slope := grown(looks)
	t.Logf("%v, %d agents, %d calls answered; resident %d KiB at first, %d at the end, %+.0f KiB over the last three quarters (%+.1f KiB a minute); %d descriptors at most, %d at first, %d at the end",
		*soakFor, soakAgents, len(w.ids), before.resident>>10, after.resident>>10, growth/1024, slope/1024, slices.MaxFunc(looks, func(a, b look) int { return a.files - b.files }).files, before.files, after.files)
	for _, name := range slices.Sorted(maps.Keys(w.counts)) {
		t.Logf("%6d %s", w.counts[name], name)
	}
	if *soakFor >= 5*time.Minute && growth > 24<<20 { // in less it has not reached what it needs
		t.Errorf("the server grows: %.0f KiB", growth/1024)
	}
	if most := slices.MaxFunc(looks, func(a, b look) int { return cmp.Compare(a.resident, b.resident) }); most.resident > 512<<20 {
		t.Errorf("the server took %d KiB", most.resident>>10)
	}
}

// recorded looks for the calls that were answered. What only reads may run while the disk is full, and then lacks an intent.
func (w *soak) recorded(results []audit.Joined) {
	known := map[string]bool{}
	for _, r := range results {
		known[r.Call] = r.IntentSeq != nil || r.Tier == 0
	}
	for _, id := range w.ids {
		if !known[id] {
			w.t.Errorf("call %s was answered and is not in the audit log", id)
		}
	}
}

// look is what the server takes at one moment.
type look struct {
	at       time.Time
	resident int64 // bytes
	files    int
}

func (w *soak) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(w.server.cmd.Process.Pid), name)
}

func (w *soak) look() look {
	statm, err := os.ReadFile(w.proc("statm"))
	if err != nil {
		w.t.Fatal(err)
	}
	pages, _ := strconv.ParseInt(string(bytes.Fields(statm)[1]), 10, 64)
	return look{time.Now(), pages * int64(os.Getpagesize()), len(w.descriptors())}
}

// descriptors lists what the server has open.
func (w *soak) descriptors() []string {
	var open []string
	links, _ := filepath.Glob(w.proc("fd/*"))
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			open = append(open, filepath.Base(link)+" "+to)
		}
	}
	return open
}

// watch looks at the server until ctx ends.
func (w *soak) watch(ctx context.Context) []look {
	looks := []look{w.look()}
	t := time.NewTicker(max(*soakFor/200, 250*time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return looks
		case <-t.C:
			looks = append(looks, w.look())
		}
	}
}

// grown fits a line through the looks after the first quarter: how much the server grew from its beginning to its end, and in a minute.
func grown(looks []look) (growth, perMinute float64) {
	looks = looks[len(looks)/4:]
	var n, sx, sy, sxx, sxy float64
	for _, l := range looks {
		x, y := l.at.Sub(looks[0].at).Minutes(), float64(l.resident)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	d := n*sxx - sx*sx
	if d == 0 {
		return 0, 0
	}
	perMinute = (n*sxy - sx*sy) / d
	return perMinute * looks[len(looks)-1].at.Sub(looks[0].at).Minutes(), perMinute
}

// havoc breaks something every now and then until ctx ends.
func (w *soak) havoc(ctx context.Context, i *install, disk *disk) {
	t := time.NewTicker(cmp.Or(*soakFor/60, time.Second))
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		what := ""
		switch n % 6 {
		case 0, 3:
			what = w.strike("KILL")
		case 1:
			what = w.strike("STOP")
		case 2:
			what = "rotated"
			i.rotate(w.t, w.server)
		case 4:
			what = "dropped connections"
			w.hosts[rand.IntN(len(w.hosts))].CutConnections()
		case 5:
			if what = "no disk to fill"; disk.fill(w.t) {
				what = "filled the disk"
				select {
				case <-ctx.Done():
				case <-time.After(min(*soakFor/60, 5*time.Second)):
				}
				disk.drain(w.t)
			}
		}
		w.count("chaos: " + what)
	}
}
