package keeper

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// strangerEnv has the test's program connect to a socket as somebody else, see TestStranger.
const strangerEnv = "TESTS_KEEPER_STRANGER"

// stranger connects, asks and succeeds if there is no answer.
func stranger(path string) int {
	c, err := net.Dial("unix", path)
	if err != nil {
		return 2
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_ = send(c, request{V: Version, Op: opInfo}) // it may be closed already
	var r response
	if err := newLines(c).next(&r); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return 3
	}
	return 0
}

// TestStranger: another user who reaches the socket all the same is not answered.
func TestStranger(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to be somebody else")
	}
	k := testKeepers(t)
	info := start(t, k, echo{})
	for _, path := range []string{filepath.Dir(k.opt.Dir), k.opt.Dir, k.path(info.ID)} { // more than anybody would open
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(filepath.Dir(k.opt.Dir), "stranger")
	copyFile(t, program, executable())
	cmd := exec.Command(program)
	cmd.Env = []string{strangerEnv + "=" + k.path(info.ID)}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if err := k.Call(t.Context(), info.ID, "say", "still there", nil); err != nil {
		t.Error(err)
	}
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
