package sshbin

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestLeashTakesIDsOnly has whoever holds a restricted key write to the leash what is a pattern to grep, a part of an id or a list: processes that
// carry another id live on.
func TestLeashTakesIDsOnly(t *testing.T) {
	t.Parallel()
	const id, other = "0123456789abcdef01234567", "fedcba9876543210fedcba98"
	victim := func(id string) (gone chan struct{}) {
		cmd := exec.Command("sleep", "60")
		cmd.Env = append(os.Environ(), CallVariable+"="+id)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		gone = make(chan struct{})
		go func() { _ = cmd.Wait(); close(gone) }() // ends with the program
		t.Cleanup(func() { _ = cmd.Process.Kill(); <-gone })
		return gone
	}
	theirs, ours := victim(id), victim(other)
	text, ok := unwrapped(leashText("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if !ok {
		t.Fatal("no leash")
	}
	leash := exec.Command("sh", "-c", text)
	in, _ := leash.StdinPipe()
	out, _ := leash.StdoutPipe()
	if err := leash.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 64)
	go func() { // ends with the leash
		defer close(said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	t.Cleanup(func() { in.Close(); go io.Copy(io.Discard, out); _ = leash.Wait() })
	until := func(prefix string) string {
		for {
			select {
			case line, ok := <-said:
				if !ok {
					t.Fatal("the leash is gone")
				}
				if strings.HasPrefix(line, prefix) {
					return line
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("no %q", prefix)
			}
		}
	}
	until("hi ")
	for _, line := range []string{`k `, `k`, `k 0`, `k .*`, `k x\|.`, `k ` + id[:23], `k ` + id + "0", `k ` + id[:23] + ".", `k ` + other[:12] + ` -e .`, "k 0123456789abcdef0123456*", "k " + id + " " + other, `k -f/etc/passwd`,
		`b x\|.`, `b .*`, `e .*`, "k 0123456789ABCDEF01234567", "k $(kill 0)", "k `id`", "q " + id} {
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.WriteString(in, "p 7\n")
	until("p 7")
	_, _ = io.WriteString(in, "k "+other+"\n")
	until("k " + other)
	select {
	case <-ours:
	case <-time.After(30 * time.Second):
		t.Error("the id's own process lives on")
	}
	select {
	case <-theirs:
		t.Error("a process of another id was ended")
	default:
	}
}
