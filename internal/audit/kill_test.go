package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// wholeLog reads all lines of a log in their order.
func wholeLog(t testing.TB, path string) [][]byte {
	t.Helper()
	lay, err := newLayout(path)
	if err != nil {
		t.Fatal(err)
	}
	segs, err := segments(osFS{}, lay)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for i := range segs {
		all = append(all, logLines(t, segs[i].name)...)
	}
	return all
}

func checkAcknowledged(t testing.TB, lines [][]byte, acked map[int64]string) {
	t.Helper()
	for seq, call := range acked {
		if seq >= int64(len(lines)) || !bytes.Contains(lines[seq], []byte(`"call":"`+call+`"`)) {
			t.Fatalf("record %d of call %s was acknowledged and is not there", seq, call)
		}
	}
}

// TestKillUnderLoad kills a server at random moments. What it acknowledged is there, the log verifies, and the next start closes the calls
// that were in flight.
func TestKillUnderLoad(t *testing.T) {
	path := logPath(t)
	acked := map[int64]string{}
	for n := range killPoints {
		c := startChild(t, path, fmt.Sprintf("c%d", n), 64<<10)
		if n%4 > 0 { // else: killed while it opens the log, too
			<-c.ready
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond) // the random moment is the test
		c.kill(t)
		for seq, call := range c.acked {
			acked[seq] = call
		}
		if n%10 == 9 {
			if r := verify(t, VerifyOptions{Path: path}); !r.OK {
				t.Fatalf("after kill %d, before the next start: %v", n, r.Fault)
			}
		}
	}
	l := open(t, Options{Path: path})
	if h := l.Health(); h.Degraded {
		t.Fatal(h.Reason)
	}
	r := verifyOK(t, path)
	lines := wholeLog(t, path)
	checkAcknowledged(t, lines, acked)
	waiting := map[string]bool{}
	for _, line := range lines {
		var r Record
		if json.Unmarshal(line, &r) != nil {
			continue // torn
		}
		switch r.Phase {
		case Intent:
			waiting[r.Call] = true
		case Result:
			if !waiting[r.Call] {
				t.Errorf("call %s has a second result, or no intent", r.Call)
			}
			delete(waiting, r.Call)
		}
	}
	if len(waiting) > 0 {
		t.Errorf("%d calls of dead servers were not closed", len(waiting))
	}
	if names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit.tree", "live", "*")); err != nil || len(names) != 1 {
		t.Errorf("instances left: %v %v", names, err)
	}
	t.Logf("%d kills, %d acknowledged of %d records in %d segments, %d damaged lines", killPoints, len(acked), r.Size, r.Segments, r.Damaged)
}

// TestEightServers has eight servers on one log while one after the other is killed and started again.
func TestEightServers(t *testing.T) {
	path := logPath(t)
	acked := map[int64]string{}
	slowest := int64(0)
	servers := make([]*child, 8)
	for i := range servers {
		servers[i] = startChild(t, path, fmt.Sprintf("s%d", i), 256<<10)
	}
	gather := func(c *child) {
		c.kill(t)
		slowest = max(slowest, c.slowest)
		for seq, call := range c.acked {
			if other, ok := acked[seq]; ok {
				t.Fatalf("record %d was given to %s and to %s", seq, other, call)
			}
			acked[seq] = call
		}
	}
	for n := range eightKills {
		i := rand.IntN(len(servers))
		<-servers[i].ready
		time.Sleep(eightEvery)
		gather(servers[i])
		servers[i] = startChild(t, path, fmt.Sprintf("r%d", n), 256<<10)
	}
	// Beside the writers, too.
	if r := verify(t, VerifyOptions{Path: path}); !r.OK {
		t.Fatalf("verify beside the servers: %v", r.Fault)
	}
	for _, c := range servers {
		<-c.ready
		gather(c)
	}
	l := open(t, Options{Path: path})
	if h := l.Health(); h.Degraded {
		t.Fatal(h.Reason)
	}
	r := verifyOK(t, path)
	checkAcknowledged(t, wholeLog(t, path), acked)
	if slowest > maxWait.Milliseconds() {
		t.Errorf("an append waited %d ms", slowest)
	}
	t.Logf("%d acknowledged of %d records in %d segments, the slowest append took %d ms", len(acked), r.Size, r.Segments, slowest)
}
