package audit

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childEnv makes the test binary a server that appends until it is killed: path, name and the segment size.
const childEnv = "RELAY_SHELL_TEST_AUDIT_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		if err := childMain(strings.Split(args, "|")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// childMain appends calls and prints, for each durable record, its sequence number and call once it is acknowledged.
func childMain(args []string) error {
	if args[1] == "once" {
		return childOnce(args[0])
	}
	size, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	l, err := Open(Options{Path: args[0], Rotate: Rotation{Size: size}, CheckpointEvery: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	fmt.Println("ready", l.Instance(), 0)
	slowest := time.Duration(0)
	for i := 0; ; i++ {
		call := fmt.Sprintf("%s-%d", args[1], i)
		began := time.Now()
		h, err := l.Append(context.Background(), intent(call), true)
		if err != nil {
			return err
		}
		if took := time.Since(began); took > slowest {
			slowest = took
		}
		// One system call each line, so that what was printed was acknowledged, and what was acknowledged is printed soon.
		fmt.Printf("%d %s %d\n", h.Seq, call, slowest.Milliseconds())
		if i%4 != 3 { // every fourth call is in flight for ever
			if _, err := l.Append(context.Background(), result(call), false); err != nil {
				return err
			}
		}
	}
}

// childOnce appends one intent, and says so only when it may run.
func childOnce(path string) error {
	l, err := Open(Options{Path: path, Rotate: Rotation{Size: 2000}})
	if err != nil {
		return err
	}
	h, err := l.Append(context.Background(), intent("once"), true)
	if err != nil {
		return err
	}
	fmt.Println("run", h.Seq)
	return l.Close()
}

// child is a server in a process of its own.
type child struct {
	cmd *exec.Cmd
	// acked are the calls of acknowledged records by sequence number; it may be read after wait.
	acked   map[int64]string
	slowest int64 // ms
	ready   chan struct{}
	done    chan struct{}
	stderr  strings.Builder
}

func startChild(t testing.TB, path, name string, segment int64) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe), acked: map[int64]string{}, ready: make(chan struct{}), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s|%d", childEnv, path, name, segment))
	c.cmd.Stderr = &c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // most have been killed by the test
		<-c.done
	})
	go func() {
		defer close(c.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var first, call string
			var slowest int64
			if _, err := fmt.Sscan(lines.Text(), &first, &call, &slowest); err != nil {
				continue // cut off by the kill
			}
			if first == "ready" {
				close(c.ready)
				continue
			}
			seq, err := strconv.ParseInt(first, 10, 64)
			if err != nil {
				continue
			}
			c.acked[seq], c.slowest = call, slowest
		}
	}()
	return c
}

// kill ends the child as kill -9 does, and waits for all it has said.
func (c *child) kill(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.done
	_ = c.cmd.Wait() // killed
	if s := c.stderr.String(); s != "" {
		t.Fatalf("child: %s", s)
	}
}
