package localexec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a process of its own for tests that kill it: it runs the commands in the files of a directory, says on standard
// output when they print something, and waits for its end.
func server(dir string) {
	fail := func(err error) {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	s, err := StartSupervisor(selfSupervised)
	if err != nil {
		fail(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sh"))
	if err != nil {
		fail(err)
	}
	out := &buffer{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			fail(err)
		}
		c := sh(string(text))
		c.Stdout = writerFunc(func(p []byte) { out.Write(p); os.Stdout.Write(p) })
		name := strings.TrimSuffix(filepath.Base(f), ".sh")
		detach := make(chan struct{})
		if strings.HasPrefix(name, "detach") || name == "unheld" {
			c.Detach = detach
			c.Started = func() { close(detach) }
		}
		go func() {
			e, err := s.Run(context.Background(), c)
			if e.Handover != nil {
				fmt.Println("detached", e.Handover.Pid)
				if name == "unheld" { // nobody takes it before the server is killed
					select {}
				}
				go keep(filepath.Join(dir, name+".status"), e.Handover)
				return
			}
			fmt.Println("ended", name, status(e), err)
		}()
	}
	select {}
}

// keep is what a job's keeper does, in a process of its own: it outlives the server.
func keep(path string, h *Handover) {
	cmd := exec.Command("/bin/sh", "-c", `cat <&3 >"$0.out"; cat <&4 >"$0.tmp"; mv "$0.tmp" "$0"`, path)
	cmd.ExtraFiles = []*os.File{h.Stdout, h.Status}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Println("failed:", err)
	}
}

// startServer starts a server process and returns it with a scanner of what it says.
func startServer(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOCALEXEC_TEST_SERVER="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// When the server is killed, what runs ends with it, whatever it did to get away; what had ended left its daemons, and a
// detached command goes on and its status is known, unless nobody has taken it.
func TestServerKilled(t *testing.T) {
	dir, notes := t.TempDir(), t.TempDir()
	processes := 0
	for _, tree := range trees {
		write(t, filepath.Join(dir, strings.ReplaceAll(tree.name, " ", "-")+".sh"), "export DIR="+notes+"; "+tree.text)
		processes += tree.processes
	}
	daemon := filepath.Join(dir, "daemon.pid")
	write(t, filepath.Join(dir, "finished.sh"), "setsid sleep 1000 >/dev/null 2>&1 & echo $! >"+daemon)
	release := filepath.Join(dir, "release")
	if err := syscall.Mkfifo(release, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "detach.sh"), "echo first; read x <"+release+"; echo second $x; exit 17")

	write(t, filepath.Join(dir, "unheld.sh"), "export DIR="+notes+"; trap '' TERM HUP PIPE; "+note+"while :; do echo x; sleep 0.1; done")
	processes++

	cmd, lines := startServer(t, dir)
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for seen := 0; seen < 3 && lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, "detached ") || strings.HasPrefix(line, "ended finished") {
			seen++
		} else if strings.HasPrefix(line, "failed") {
			t.Fatal(line)
		}
	}
	left := pids(t, notes, processes)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		await(t, fmt.Sprintf("the end of process %d: %q", pid, line), func() bool { return !living(pid) })
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
	b, err := os.ReadFile(daemon)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || !living(pid) {
		t.Errorf("the daemon of a finished command is gone: %v", err)
	}
	newTree("none", pid).end()

	write(t, release, "word\n") // a fifo: this waits for the reader
	await(t, "the detached command's status", func() bool { _, err := os.Stat(filepath.Join(dir, "detach.status")); return err == nil })
	got, _ := os.ReadFile(filepath.Join(dir, "detach.status"))
	out, _ := os.ReadFile(filepath.Join(dir, "detach.status.out"))
	if string(got) != "exit 17\n" || !strings.HasSuffix(string(out), "second word\n") {
		t.Errorf("status %q, output %q", got, out)
	}
}

// A supervisor that is killed ends its commands, and the next one gets another.
func TestSupervisorKilled(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			s := startSupervisor(t)
			ready := make(chan struct{})
			dir := t.TempDir()
			c := sh(note + "setsid sh -c '" + note2 + "sleep 1000' & echo ready; wait")
			c.Env = Environment(os.Environ(), []Var{{"DIR", &dir}})
			var once sync.Once
			c.Stdout = writerFunc(func([]byte) { once.Do(func() { close(ready) }) })
			done := make(chan error, 1)
			go func() { _, err := s.Run(t.Context(), c); done <- err }()
			<-ready
			left := pids(t, dir, 2)
			s.mu.Lock()
			pid := s.current.pid
			s.mu.Unlock()
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
			if err := <-done; code(err) != "internal" && signal == syscall.SIGKILL {
				t.Errorf("got %v", err)
			}
			for _, pid := range left {
				await(t, "its end", func() bool { return !living(pid) })
			}
			await(t, "another supervisor", func() bool {
				e, err := s.Run(t.Context(), sh("exit 5"))
				return err == nil && status(e) == "5"
			})
		})
	}
}

func TestCloseEndsCommands(t *testing.T) {
	s, err := StartSupervisor(selfSupervised)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	c := sh("trap '' TERM; echo ready; while :; do sleep 1; done")
	c.Stdout = writerFunc(func([]byte) { close(ready) })
	done := make(chan Exit, 1)
	go func() { e, _ := s.Run(t.Context(), c); done <- e }()
	<-ready
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if e := <-done; living(e.Pid) {
		t.Error("the command lives")
	}
	if _, err := s.Run(t.Context(), sh("true")); err == nil {
		t.Error("ran after Close")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				var out buffer
				c := sh(fmt.Sprintf("echo %d; exit %d", i, i))
				c.Stdout = &out
				if e, err := run(t.Context(), c); err != nil || status(e) != fmt.Sprint(i) || out.String() != fmt.Sprintln(i) {
					t.Errorf("%d: %s, %v, %q", i, status(e), err, out.String())
				}
			})
		}
		wg.Wait()
	})
}

func TestMessages(t *testing.T) {
	m := message{kind: msgStart, seq: 7, args: []string{"", "a\x00b", strings.Repeat("x", 100000)}}
	b := m.encode()
	args, err := decodeArgs(b[headerSize:])
	if err != nil || len(args) != 3 || args[1] != "a\x00b" || len(args[2]) != 100000 {
		t.Errorf("%v, %d arguments", err, len(args))
	}
	for _, bad := range [][]byte{{0}, {0, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff, 1}} {
		if _, err := decodeArgs(bad); !errors.Is(err, errMalformed) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzDecodeArgs(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		args, err := decodeArgs(b)
		if err != nil {
			return
		}
		if again := (message{args: args}).encode()[headerSize:]; !bytes.Equal(again, b) {
			t.Fatalf("%q became %q", b, again)
		}
		m := message{kind: msgStart, args: args, files: make([]*os.File, 3)}
		_, _ = m.startSpec()
	})
}

func BenchmarkTrue(b *testing.B) {
	for _, r := range runners(b) {
		b.Run(r.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				var out buffer
				c := sh("true")
				c.Stdout, c.Stderr = &out, &out
				begin := time.Now()
				if _, err := r.run(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			reportQuantiles(b, took)
		})
	}
}
