package audit

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// die ends a log as the death of its process does, as far as one process can do that to itself.
func die(l *Log) {
	l.mu.Lock()
	l.state.closed = true
	l.mu.Unlock()
	l.stop()
	<-l.done
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeFiles()
}

func TestOrphansAreClosedOnce(t *testing.T) {
	path := logPath(t)
	alive := open(t, Options{Path: path})
	dying := open(t, Options{Path: path})
	appendOK(t, alive, intent("alive"), true)
	for i := range 3 {
		appendOK(t, dying, intent(fmt.Sprintf("finished-%d", i)), true)
		appendOK(t, dying, result(fmt.Sprintf("finished-%d", i)), true)
		appendOK(t, dying, intent(fmt.Sprintf("cut-%d", i)), true)
	}
	die(dying)
	for range 3 {
		l := open(t, Options{Path: path})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Query(nil, path, Filter{Outcome: "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 {
		t.Fatalf("%d calls closed as unknown, want 3", len(found))
	}
	for i, j := range found {
		if j.Call != fmt.Sprintf("cut-%d", i) || j.IntentSeq == nil || j.Tool != "ssh_exec" || j.Tier != 1 || j.Principal != "root" || j.Error == nil || j.ArgsSHA256 == "" {
			t.Errorf("%+v", j)
		}
	}
	appendOK(t, alive, result("alive"), true)
	verifyOK(t, path)
}

func TestInstancesWithOneSession(t *testing.T) {
	path := logPath(t)
	const session = "01JABCDEFGHJKMNPQRSTVWXYZ0"
	a, b := open(t, Options{Path: path, Session: session}), open(t, Options{Path: path, Session: session})
	if a.Instance() != session || b.Instance() == session {
		t.Errorf("instances %s and %s", a.Instance(), b.Instance())
	}
	r := intent("x")
	r.Session = session
	appendOK(t, b, r, true)
	die(b)
	open(t, Options{Path: path})
	if found, err := a.Query(Filter{Outcome: "unknown"}); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
}

// TestTornResultLeavesAnOrphan: a result that a crash tore closes nothing.
func TestTornResultLeavesAnOrphan(t *testing.T) {
	path := logPath(t)
	dying := open(t, Options{Path: path, CheckpointEvery: time.Hour})
	appendOK(t, dying, intent("cut"), true)
	appendOK(t, dying, result("cut"), true)
	die(dying)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-10); err != nil {
		t.Fatal(err)
	}
	l := open(t, Options{Path: path})
	if found, err := l.Query(Filter{Outcome: "unknown"}); err != nil || len(found) != 1 || found[0].Call != "cut" {
		t.Errorf("%v %v", found, err)
	}
}
