package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMirrorFileRotatesWithTheLog(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path, Format: LEEF, Rotate: Rotation{Size: 3000}}, 10)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.leef"))
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	events := 0
	for _, name := range names {
		for _, line := range logLines(t, name) {
			if !bytes.HasPrefix(line, []byte("LEEF:2.0|relay-shell|")) {
				t.Errorf("%s: %s", name, line)
			}
			events++
		}
	}
	if r := verifyOK(t, path); int64(events) != r.Size {
		t.Errorf("%d events for %d records", events, r.Size)
	}
}

// blocked is a stream that nobody reads.
type blocked struct{ release chan struct{} }

func (b blocked) Write(p []byte) (int, error) {
	<-b.release
	return len(p), nil
}

// TestBlockedMirrorHoldsNothingUp: standard error that nobody reads must not stop the calls.
func TestBlockedMirrorHoldsNothingUp(t *testing.T) {
	path := logPath(t)
	b := blocked{make(chan struct{})}
	l := open(t, Options{Path: path, Stderr: b})
	for i := range queueLength + 100 {
		appendOK(t, l, result(fmt.Sprint(i)), false)
	}
	if h := l.Health(); h.Degraded || !strings.Contains(h.Mirror, "too slow") {
		t.Errorf("health: %+v", h)
	}
	close(b.release)
}

func TestMirrorToStderr(t *testing.T) {
	path := logPath(t)
	r, w := io.Pipe()
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	l := open(t, Options{Path: path, Stderr: w})
	appendOK(t, l, intent("a"), true)
	want := logLines(t, path)
	for i := range want {
		if got := <-lines; got != string(want[i]) {
			t.Errorf("mirrored %s, want %s", got, want[i])
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	<-lines
}

func TestMirrorToSyslog(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m, err := OpenMirror("cef+syslog://" + conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, Options{Path: logPath(t), Mirrors: []Mirror{m}})
	appendOK(t, l, intent("a"), true)
	for _, want := range []string{"audit:log", "ssh_exec:intent"} {
		if got := receive(t, conn); !strings.Contains(got, "CEF:0|relay-shell|relay-shell|1|"+want) || !strings.HasPrefix(got, "<85>") {
			t.Errorf("received %q, want %s", got, want)
		}
	}
}

func receive(t *testing.T, conn net.PacketConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<17)
	n, _, err := conn.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestMirrorToJournald(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	j, err := openJournal(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := result("01JA")
	r.Principal = "two\nlines"
	if err := j.Mirror(&r, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	got := receive(t, conn)
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(r.Principal)))
	for _, want := range []string{"MESSAGE={}\n", "SYSLOG_IDENTIFIER=relay-shell\n", "RELAY_SHELL_CALL=01JA\n", "RELAY_SHELL_PRINCIPAL\n" + string(length) + "two\nlines\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func TestOpenMirrorRefuses(t *testing.T) {
	for _, spec := range []string{"", "xml+syslog", "kafka:x", "syslogd", "file:/nowhere/at/all"} {
		if m, err := OpenMirror(spec); err == nil {
			m.Close()
			t.Errorf("%q was taken", spec)
		}
	}
}

// TestWitness keeps heads in files and in git, and finds with them that the log was cut.
func TestWitness(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is needed")
	}
	path := logPath(t)
	written(t, Options{Path: path}, 3)
	dir := t.TempDir()
	for _, args := range [][]string{{"init", "-q"}, {"config", "user.name", "test"}, {"config", "user.email", "test@example.net"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	file := filepath.Join(t.TempDir(), "heads")
	var to []Receiver
	for _, spec := range []string{"file:" + file, "git:" + dir} {
		r, err := OpenReceiver(spec)
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, r)
	}
	for range 3 {
		if err := Witness(context.Background(), WitnessOptions{Path: path, To: to}); err != nil {
			t.Fatal(err)
		}
		written(t, Options{Path: path}, 3)
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	floors := ParseFloors(kept, publicKey(t, path))
	if len(floors) != 3 || floors[0].Size != 7 || floors[2].Size != 19 {
		t.Fatalf("%+v", floors)
	}
	if r := verify(t, VerifyOptions{Path: path, Floors: floors}); !r.OK {
		t.Error(r.Fault)
	}
	other := logPath(t)
	written(t, Options{Path: other}, 30)
	if r := verify(t, VerifyOptions{Path: other, Floors: floors}); r.OK {
		t.Error("another log was accepted")
	}
	out, err := exec.Command("git", "-C", dir, "log", "--format=%s").Output()
	if err != nil || bytes.Count(out, []byte("records")) != 3 {
		t.Errorf("%s %v", out, err)
	}
}

func TestWitnessFollows(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, CheckpointEvery: 10 * time.Millisecond})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	heads := make(chan Checkpoint)
	ended := make(chan error, 1)
	go func() {
		ended <- Witness(ctx, WitnessOptions{Path: path, To: []Receiver{chanReceiver(heads)}, Every: 5 * time.Millisecond})
	}()
	for i := range 3 {
		h := appendOK(t, l, intent(fmt.Sprint(i)), true)
		for c := range heads {
			if c.Size >= h.Size {
				break
			}
		}
	}
	cancel()
	for {
		select {
		case <-heads:
			continue
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		}
		return
	}
}

type chanReceiver chan Checkpoint

func (c chanReceiver) Receive(ctx context.Context, head Checkpoint) error {
	select {
	case c <- head:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (chanReceiver) Close() error { return nil }

func TestSSHArgs(t *testing.T) {
	argv, err := sshArgs("ops@vault:/var/log/it's heads")
	if err != nil {
		t.Fatal(err)
	}
	want := `ssh -o BatchMode=yes -T -- ops@vault umask 077; cat >> '/var/log/it'\''s heads'`
	if got := strings.Join(argv, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []string{"", "host", "host:", ":/x", "-oProxyCommand=x:/x", "a b:/x", "a;b:/x", "$(x):/x"} {
		if argv, err := sshArgs(bad); err == nil {
			t.Errorf("%q became %q", bad, argv)
		}
	}
}
