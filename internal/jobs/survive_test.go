package jobs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/inventory"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

// victim is what a server of TestSurvival needs to know.
type victim struct {
	Config, RuntimeDir, Alias, Keepers, Jobs string
	Env                                      []string
}

// beVictim is a server that starts a job here and one on a host, says their ids and waits to be killed.
func beVictim(text string) {
	var v victim
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	e, err := sshbin.New(sshbin.Options{ConfigFile: v.Config, Env: v.Env, RuntimeDir: v.RuntimeDir, Log: zerolog.Nop()})
	if err != nil {
		panic(err)
	}
	inv, err := inventory.Open(inventory.Options{SSHConfig: v.Config})
	if err != nil {
		panic(err)
	}
	to, err := target.NewResolver(e, inv, nil, nil).Resolve(context.Background(), dest.Destination{Host: v.Alias})
	if err != nil {
		panic(err)
	}
	places := []Place{
		&Local{Keepers: keeper.Open(keeper.Options{Dir: v.Keepers, Environ: os.Environ(), Build: "test", Kinds: []string{job.Kind}}), Dir: v.Jobs, Limits: manyLimits, Environ: os.Environ()},
		&Host{Target: to, Name: v.Alias, Limits: manyLimits},
	}
	var work sync.WaitGroup
	for i, p := range places {
		work.Go(func() {
			info, err := p.Start(context.Background(), Spec{Command: numbered(1500) + "; exit 3"})
			if err != nil {
				fmt.Println("failed", err)
				return
			}
			fmt.Println("started", i, info.ID)
			_, _ = Wait(context.Background(), p, info.ID, WaitOptions{Timeout: time.Minute, Max: 100})
		})
	}
	work.Wait()
	select {}
}

var manyLimits = Limits{Running: 64, Output: 1 << 20, Retention: time.Hour, History: 1000}

// TestSurvival kills servers and masters with -9 at random moments: every job whose start was told ends by itself, with every byte of its
// output.
func TestSurvival(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	local, host := newLocal(t), newHost(t, server)
	local.Limits = manyLimits
	text, err := json.Marshal(victim{
		Config: server.Config(), RuntimeDir: server.RuntimeDir(), Alias: server.Alias(), Env: server.Env(),
		Jobs: local.Dir, Keepers: filepath.Join(filepath.Dir(local.Dir), "k"),
	})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for range trialKills {
		for id, place := range kill(t, string(text), server.RuntimeDir()) {
			told[id] = place
		}
	}
	if len(told) == 0 {
		t.Fatal("no server lived long enough to start a job")
	}
	t.Logf("%d jobs were started by %d servers that were killed", len(told), trialKills)
	for id, place := range told {
		p := []Place{local, host}[place]
		w := wait(t, p, id, WaitOptions{Timeout: 2 * time.Minute})
		if got := code(w.Info); got != "ended 3" {
			t.Errorf("place %d, job %s: %s %s", place, id, got, w.Info.Error)
			continue
		}
		data, missing := all(t, p, id)
		checkNumbered(t, data, missing, 1500)
		if missing != 0 {
			t.Errorf("%d bytes are missing", missing)
		}
	}
}

// kill starts a server, kills it or its masters at a random moment, and returns the jobs of whose start it has told.
func kill(t *testing.T, text, runtimeDir string) map[string]int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+text)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	moment := time.Duration(rand.IntN(1500)) * time.Millisecond
	master := rand.IntN(2) == 0
	time.AfterFunc(moment, func() {
		if master { // first, so that the server meets its death
			_ = exec.Command("pkill", "-KILL", "-f", "ssh.*"+regexp.QuoteMeta(runtimeDir)).Run()
			time.Sleep(50 * time.Millisecond)
		}
		_ = cmd.Process.Kill()
	})
	told := map[string]int{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var place int
		var id string
		if _, err := fmt.Sscanf(lines.Text(), "started %d %s", &place, &id); err == nil {
			told[id] = place
		} else if strings.HasPrefix(lines.Text(), "failed") && !master {
			t.Error(lines.Text())
		}
	}
	_ = cmd.Wait() // it was killed
	return told
}

// TestMany runs as many jobs as there may be, at once.
func TestMany(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		const n = 64
		switch p := p.(type) {
		case *Local:
			p.Limits = manyLimits
		case *Host:
			p.Limits = manyLimits
		}
		var work sync.WaitGroup
		ids := make([]string, n)
		for i := range n {
			work.Go(func() {
				info, err := p.Start(t.Context(), Spec{Command: fmt.Sprintf("echo job %d; until [ -e %s ]; do sleep 1; done; exit %d", i, filepath.Join(os.TempDir(), "jobs-go-"+j0(t)), i)})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = info.ID
			})
		}
		work.Wait()
		if t.Failed() {
			return
		}
		if _, err := p.Start(t.Context(), Spec{Command: "true"}); !is(err, "limit_reached") {
			t.Errorf("one more: %v", err)
		}
		gate := filepath.Join(os.TempDir(), "jobs-go-"+j0(t))
		if err := os.WriteFile(gate, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(gate)
		for i, id := range ids {
			w := wait(t, p, id, WaitOptions{})
			if want := fmt.Sprintf("job %d\n", i); string(w.Chunk.Data) != want || w.Info.Code == nil || *w.Info.Code != i {
				t.Errorf("job %d: %s, %q", i, code(w.Info), w.Chunk.Data)
			}
		}
	})
}

// TestTwoServers has two servers follow one job, and one of them end it.
func TestTwoServers(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	one, two := newHost(t, server), newHost(t, server)
	j := start(t, one, numbered(2000)+"; sleep 600")
	for _, p := range []Place{one, two} {
		waitFor(t, p, j.ID, "000001999")
		data, missing := all(t, p, j.ID)
		checkNumbered(t, data, missing, 2000)
	}
	ended := make(chan Waited, 1)
	go func() {
		w, err := Wait(context.Background(), two, j.ID, WaitOptions{Timeout: time.Minute, Max: 100})
		if err != nil {
			t.Error(err)
		}
		ended <- w
	}()
	if info, _, err := one.Kill(t.Context(), j.ID, "TERM"); err != nil || info.State != job.Killed {
		t.Fatalf("%+v, %v", info, err)
	}
	if w := <-ended; w.Info.State != job.Killed || w.Reason != ReasonEnd {
		t.Errorf("%+v", w)
	}
}

// TestAnotherProcess takes a process that got the number of a job's runner for another: as after a reboot.
func TestAnotherProcess(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	p := newHost(t, server)
	j := start(t, p, "sleep 600")
	files, err := filepath.Glob(filepath.Join(server.AccountHome(), ".local/state/relay-shell/jobs", j.ID, "pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	was, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(was))
	for _, other := range []string{words[0] + " 1 " + words[2], words[0] + " " + words[1] + " another-boot", "1 " + words[1] + " " + words[2], "x", "$(id) 1 1"} {
		if err := os.WriteFile(files[0], []byte(other+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if w := wait(t, p, j.ID, WaitOptions{}); w.Info.State != job.Lost {
			t.Errorf("%q: %+v", other, w.Info)
		}
	}
	if err := os.WriteFile(files[0], was, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, _, err := p.Kill(t.Context(), j.ID, "TERM"); err != nil || info.State != job.Killed {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestFullDisk runs jobs whose output finds no room. It needs root for a small file system.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("needs root for a small file system")
		return
	}
	small, err := os.MkdirTemp("/tmp", "sm")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=512k,mode=1777", "tmpfs", small).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		_ = exec.Command("umount", "-l", small).Run()
		_ = os.Remove(small)
	})
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash", Config: []string{"SetEnv XDG_STATE_HOME=" + small}})
	local, host := newLocal(t), newHost(t, server)
	local.Dir = filepath.Join(small, "local")
	for i, p := range []Place{local, host} {
		name := []string{"local", "host"}[i]
		const lines = 90_000 // less than would be kept
		j := start(t, p, fmt.Sprintf(`awk 'BEGIN { for (i = 0; i < %d; i++) printf "%%09d\n", i }'; exit 5`, lines))
		w := wait(t, p, j.ID, WaitOptions{})
		if got := code(w.Info); got != "ended 5" {
			t.Errorf("%s: %s %+v", name, got, w.Info)
		}
		data, missing := all(t, p, j.ID)
		t.Logf("%s: %d bytes kept, %d counted as missing of %d", name, len(data), missing, lines*10)
		if len(data) == 0 || int64(len(data))+missing < lines*10 {
			t.Errorf("%s: %d bytes and %d missing are less than was printed", name, len(data), missing)
		}
		if name == "local" && int64(len(data))+missing != lines*10 {
			t.Errorf("%d bytes and %d missing", len(data), missing)
		}
		first := string(data[:100_000])
		var want strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&want, "%09d\n", i)
		}
		if first != want.String() {
			t.Errorf("%s: the output before the disk was full is wrong", name)
		}
		if _, err := p.Start(t.Context(), Spec{Command: "true"}); err == nil {
			t.Logf("%s: a further job found room", name)
		}
		if err := os.RemoveAll(local.Dir); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeeperKilled ends what a job leaves whose keeper was killed.
func TestKeeperKilled(t *testing.T) {
	p := newLocal(t)
	j := start(t, p, "echo up; trap '' TERM; sleep 4714 & sleep 4714 & wait; sleep 4714")
	waitFor(t, p, j.ID, "up")
	info, err := p.Keepers.Find(t.Context(), job.Kind, j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w := wait(t, p, j.ID, WaitOptions{})
	if w.Info.State != job.Lost || string(w.Chunk.Data) != "up\n" {
		t.Errorf("%+v %q", w.Info, w.Chunk.Data)
	}
	after, _, err := p.Kill(t.Context(), j.ID, "TERM")
	if err != nil || after.State != job.Killed || len(after.Survivors) > 0 {
		t.Errorf("%+v, %v", after, err)
	}
	if out, _ := exec.Command("pgrep", "-f", "sleep 4714").Output(); len(out) > 0 {
		t.Errorf("left %s", out)
	}
}
