package session

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
)

// TestMain lets the test's program be the keeper.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keeper.Command {
		os.Exit(keeper.Main(os.Args[2:], map[string]keeper.Kind{Kind: Open}))
	}
	os.Exit(m.Run())
}

type world struct {
	*keeper.Keepers
	t   *testing.T
	dir string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ks")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Keepers: keeper.Open(keeper.Options{Dir: filepath.Join(dir, "k"), Environ: os.Environ(), Kinds: []string{Kind}}), t: t, dir: dir}
	t.Cleanup(func() {
		list, err := w.List(context.Background(), "")
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			if err := w.Close(context.Background(), i.ID); err != nil {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) spawn(p Params) string {
	w.t.Helper()
	p.Env = append(os.Environ(), "PS1=$ ", "TERM=xterm-256color")
	p.Dir = w.dir
	info, err := w.Start(context.Background(), Kind, 10, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return info.ID
}

func (w *world) call(id, op string, args, result any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := w.Call(ctx, id, op, args, result); err != nil {
		w.t.Fatalf("%s: %v", op, err)
	}
}

func (w *world) status(id string) Status {
	w.t.Helper()
	info, err := w.Find(context.Background(), Kind, id)
	if err != nil {
		w.t.Fatal(err)
	}
	var s Status
	if err := json.Unmarshal(info.Detail, &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) until(id, pattern string) Received {
	w.t.Helper()
	var r Received
	w.call(id, OpRecv, Receive{Wait: 30 * time.Second, Max: 1 << 16, Until: pattern}, &r)
	if !r.Matched {
		w.t.Fatalf("no %s in %q", pattern, r.Data)
	}
	return r
}

// ended waits until the program has ended and returns what was not read yet.
func (w *world) ended(id string) Received {
	w.t.Helper()
	var r Received
	w.call(id, OpRecv, Receive{Wait: 50 * time.Second, Max: 1 << 16, Until: `\A\z.`}, &r)
	if !r.Ended || r.Status.Alive {
		w.t.Fatalf("it goes on: %q", r.Data)
	}
	return r
}

func TestShell(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh"}, Recordings: filepath.Join(w.dir, "rec"), Name: "one", Command: "/bin/sh"})
	w.until(id, `\$ `)
	var sent Sent
	w.call(id, OpSend, Send{Data: "echo $((20+3)); tty", Enter: true}, &sent)
	r := w.until(id, `23\s+/dev/pts/\d+`)
	var again Received
	w.call(id, OpRecv, Receive{Cursor: &sent.Cursor, Wait: time.Second, Max: 1 << 16}, &again)
	if !strings.Contains(string(again.Data), "23") || again.Cursor < r.Cursor {
		t.Errorf("%q", again.Data)
	}
	w.call(id, OpResize, Resize{100, 30}, nil)
	w.call(id, OpSend, Send{Data: "stty size", Enter: true}, nil)
	w.until(id, `30 100`)
	w.call(id, OpSend, Send{Data: `sh -c 'echo u""p; exec sleep 1000'`, Enter: true}, nil)
	w.until(id, `\bup\b`) // it is in the foreground now
	w.call(id, OpSend, Send{Keys: []string{"C-c"}}, nil)
	w.until(id, `\$ `)
	var screen pty.Screen
	w.call(id, OpScreen, struct{}{}, &screen)
	if screen.Cols != 100 || !strings.Contains(strings.Join(screen.Lines, "\n"), "stty size") {
		t.Errorf("%+v", screen)
	}
	w.call(id, OpSend, Send{Data: `printf '\033[?1049h'; echo f""ull`, Enter: true}, nil)
	if r := w.until(id, `full`); !r.Status.Alternate {
		t.Error("a full-screen program is not said to be one")
	}
	w.call(id, OpSend, Send{Data: `printf '\033[?1049l'; echo l""ine`, Enter: true}, nil)
	if r := w.until(id, `line`); r.Status.Alternate {
		t.Error("a full-screen program that has left is said to be there")
	}
	w.call(id, OpSend, Send{Data: "exit 7", Enter: true}, nil)
	if last := w.ended(id); last.Status.ExitCode == nil || *last.Status.ExitCode != 7 {
		t.Errorf("%+v", last.Status)
	}
	var seen Seen
	if w.call(id, OpScreen, struct{}{}, &seen); !seen.Ended || seen.ExitCode == nil || *seen.ExitCode != 7 {
		t.Errorf("the screen does not say that it has ended: %+v", seen)
	}
	var e *keeper.Error
	if err := w.Call(context.Background(), id, OpSend, Send{Data: "x"}, nil); !errors.As(err, &e) || e.Code != "not_found" {
		t.Error(err)
	}
	cast, err := os.ReadFile(filepath.Join(w.dir, "rec", id+".cast"))
	if err != nil || !strings.Contains(string(cast), "/dev/pts/") || !strings.Contains(string(cast), `"x","7"`) && !strings.Contains(string(cast), `"x", "7"`) {
		t.Errorf("%s, %v", cast, err)
	}
}

// TestSecret: a secret is typed only where it is not shown, and the recording has nothing of it.
func TestSecret(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; printf "Password: "; read p; stty echo; echo "got ${#p}"; read q`}, Recordings: filepath.Join(w.dir, "rec")})
	if r := w.until(id, `Password: `); !r.Status.AwaitingSecret {
		t.Error("not said to await a secret")
	}
	w.call(id, OpSend, Send{Data: "correct horse", Enter: true, Secret: true}, nil)
	w.until(id, `got 13`)
	var e *keeper.Error
	if err := w.Call(context.Background(), id, OpSend, Send{Data: "battery", Secret: true}, nil); !errors.As(err, &e) || e.Code != "unsupported" {
		t.Error(err)
	}
	cast, err := os.ReadFile(filepath.Join(w.dir, "rec", id+".cast"))
	if err != nil || strings.Contains(string(cast), "horse") {
		t.Errorf("%s %v", cast, err)
	}
}

// TestEnds: idle sessions and old ones end by themselves, also those whose program has ended.
func TestEnds(t *testing.T) {
	w := newWorld(t)
	w.spawn(Params{Argv: []string{"/bin/sh"}, Idle: time.Second})
	w.spawn(Params{Argv: []string{"/bin/sh", "-c", "while :; do echo x; sleep 0.1; done"}, Lifetime: time.Second})
	w.spawn(Params{Argv: []string{"/bin/true"}, Idle: time.Second})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		entries, err := os.ReadDir(filepath.Join(w.dir, "k"))
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 1 { // the lock
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("still there: ", entries)
		}
	}
}

// TestMissing: a program that is not there is told, and nothing stays.
func TestMissing(t *testing.T) {
	w := newWorld(t)
	_, err := w.Start(context.Background(), Kind, 10, Params{Argv: []string{"/no/such/program"}, Recordings: filepath.Join(w.dir, "rec")})
	var e *keeper.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(filepath.Join(w.dir, "rec")); len(entries) > 0 {
		t.Error("a recording of nothing is left")
	}
	b, _ := json.Marshal(e)
	t.Log(string(b))
}
