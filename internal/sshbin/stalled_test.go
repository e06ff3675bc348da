package sshbin

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// reluctant takes nothing until it is told to.
type reluctant struct {
	begin chan struct{}
	came  chan struct{}
	n     int
}

func (r *reluctant) Write(p []byte) (int, error) {
	if r.n == 0 {
		close(r.came)
		<-r.begin
	}
	r.n += len(p)
	return len(p), nil
}

// TestStalledSession leaves the output of one command unread, which stops the command, while others on the same master run. Then all
// of it comes, though most was still on its way when the command exited.
func TestStalledSession(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode, MaxMasters: 1, RuntimeDir: runtimeDir(t)})
		r := resolve(t, e, "target", dest.Options{})
		const size = 6 << 20 // more than every buffer on the way holds
		slow := &reluctant{begin: make(chan struct{}), came: make(chan struct{})}
		done := make(chan error, 1)
		go func() {
			_, err := runIn(t.Context(), e, r, Command{Text: "head -c " + strconv.Itoa(size) + " /dev/zero", Stdout: slow})
			done <- err
		}()
		<-slow.came
		atOnce(t, 20, 5, func(i int) error { return echoes(e, r, i) })
		close(slow.begin)
		if err := <-done; err != nil || slow.n != size {
			t.Errorf("%d bytes of %d, %v", slow.n, size, err)
		}
	})
}

// zombies counts the children of this process that nobody has waited for.
func zombies() int {
	n := 0
	self := strconv.Itoa(os.Getpid())
	for _, pid := range processes() {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		if f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); len(f) > 1 && f[0] == "Z" && f[1] == self {
			n++
		}
	}
	return n
}
