package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

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
		r, err := OpenReceiver(spec, ReceiverOptions{})
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
	var floors []Floor
	for i, r := range to {
		kept, err := r.Kept(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		floors = ParseFloors(kept, publicKey(t, path).Name())
		slices.SortFunc(floors, func(a, b Floor) int { return int(a.Size - b.Size) })
		if len(floors) != 3 || floors[0].Size != 7 || floors[2].Size != 19 {
			t.Fatalf("receiver %d has %+v", i, floors)
		}
		if of := ParseFloors(kept, "another log"); of != nil {
			t.Errorf("%+v", of)
		}
		if r := verify(t, VerifyOptions{Path: path, Floors: floors}); !r.OK {
			t.Error(r.Fault)
		}
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

func (chanReceiver) Kept(context.Context) ([]byte, error) { return nil, errors.ErrUnsupported }

func (chanReceiver) Close() error { return nil }

func TestSSHReceiver(t *testing.T) {
	r, err := newSSHReceiver("ops@vault:/var/log/it's heads", ReceiverOptions{SSHConfig: "/etc/own config"})
	if err != nil {
		t.Fatal(err)
	}
	want := `ssh|-F|/etc/own config|-o|BatchMode=yes|-T|--|ops@vault|'/var/log/it'\''s heads'`
	if got := strings.Join(append(r.login, r.path), "|"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []string{"", "host", "host:", ":/x", "-oProxyCommand=x:/x", "a b:/x", "a;b:/x", "$(x):/x"} {
		if r, err := newSSHReceiver(bad, ReceiverOptions{}); err == nil {
			t.Errorf("%q became %q", bad, r.login)
		}
	}
}

// TestParseFloors reads heads in every form in which people keep them.
func TestParseFloors(t *testing.T) {
	root := (tlog.Hash{1}).String()
	note := func(origin string, size int64) string {
		return checkpointText(origin, size, tlog.Hash{1}, time.Unix(0, 0)) + "\n— " + origin + " c2lnbmVk\n"
	}
	for _, tt := range []struct {
		name, text string
		want       []int64
	}{
		{"notes", note("a", 3) + note("b", 4) + note("a", 5), []int64{3, 5}},
		{"torn note before", "a\n9\n" + root + "\n" + note("a", 5), []int64{5}},
		{"torn note behind", note("a", 5) + "a\n9\n" + root, []int64{5}},
		{"git", "0123 blob 77\n" + note("a", 5) + "\n4567 blob 77\n" + note("a", 6) + "\n", []int64{5, 6}},
		{"syslog", "Nov 21 12:00:00 host relay-shell[7]: audit head origin=a floor=7:" + root + "\nx origin=b floor=8:" + root, []int64{7}},
		{"lines", "# mine\n7:" + root + "\n  8:" + root + "\n9:" + root + "\r\n", []int64{7, 9}},
		{"transcript", `{"_meta":{"relay-shell/audit":{"seq":6,"size":7,"root":"` + root + `"}},"content":[{"text":"{\"relay-shell/audit\":{\"seq\":8,\"size\":9,\"root\":\"` + root + `\"}}"}]}`, []int64{7}},
		{"nothing", "", nil},
		{"no hash", "7:AAAA\n" + "x7:" + root, nil},
	} {
		var got []int64
		for _, f := range ParseFloors([]byte(tt.text), "a") {
			got = append(got, f.Size)
			if f.Root != (tlog.Hash{1}) {
				t.Errorf("%s: root %s", tt.name, f.Root)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
