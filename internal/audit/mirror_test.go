package audit

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
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

// away is a service that can be away.
type away struct {
	gone   bool
	took   []string
	dials  int
	closed int
}

func (a *away) dial() (Mirror, error) {
	a.dials++
	if a.gone {
		return nil, errors.New("nobody there")
	}
	return a, nil
}

func (a *away) Mirror(r *Record, _ []byte) error {
	if a.gone {
		return errors.New("went away")
	}
	a.took = append(a.took, r.Call)
	return nil
}

func (a *away) Close() error { a.closed++; return nil }

// TestMirrorIsCalledAgain: a service that is away at first, or goes away, gets what comes once it is back, and is not called for every record.
func TestMirrorIsCalledAgain(t *testing.T) {
	service, now := &away{gone: true}, time.Now()
	d := &dialled{dial: service.dial, now: func() time.Time { return now }}
	send := func(call string) error { return d.Mirror(&Record{Call: call}, nil) }
	for _, call := range []string{"a", "b", "c"} {
		if err := send(call); err == nil || err.Error() != "nobody there" {
			t.Fatal(err)
		}
	}
	if service.dials != 1 {
		t.Errorf("called %d times at once", service.dials)
	}
	now, service.gone = now.Add(redialEvery), false
	if err := send("d"); err != nil {
		t.Error(err)
	}
	if service.gone = true; send("e") == nil || service.closed != 1 {
		t.Error("the broken connection was kept")
	}
	now, service.gone = now.Add(redialEvery), false
	if err := send("f"); err != nil || strings.Join(service.took, "") != "df" {
		t.Error(err, service.took)
	}
	if err := d.Close(); err != nil || service.closed != 2 {
		t.Error(err, service.closed)
	}
}

// TestMissedRecordsAreCounted: what a mirror missed is told for as long as the process lives.
func TestMissedRecordsAreCounted(t *testing.T) {
	service := &away{gone: true}
	q := newQueue(&dialled{dial: service.dial, now: time.Now})
	l := open(t, Options{Path: logPath(t), Mirrors: []Mirror{q}})
	for want := "not mirrored: nobody there"; !strings.Contains(l.Health().Mirror, want); { // the queue takes its time
		appendOK(t, l, result("a"), false)
	}
	if h := l.Health(); h.Degraded {
		t.Error("a mirror degrades the log: " + h.Reason)
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
