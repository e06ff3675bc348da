package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const nullSignal = syscall.Signal(0)

// self is what a keeper's process finds itself to be.
type self struct {
	PID, PPID, PGID, SID int
	Dir                  string
	Env, Files           []string
	Umask                int
}

func inspect() self {
	s := self{PID: os.Getpid(), PPID: os.Getppid(), Env: os.Environ()}
	s.PGID, _ = syscall.Getpgid(0)
	sid, _, _ := syscall.Syscall(syscall.SYS_GETSID, 0, 0, 0)
	s.SID = int(sid)
	s.Dir, _ = os.Getwd()
	s.Umask = syscall.Umask(0o077)
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		name, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil {
			s.Files = append(s.Files, name)
		}
	}
	return s
}

// TestDetached: nothing ties a keeper to its server, not even a descriptor that the server was itself started with.
func TestDetached(t *testing.T) {
	k := testKeepers(t)
	leak, err := syscall.Open("/etc/passwd", syscall.O_RDONLY, 0) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leak)
	file := filepath.Join(t.TempDir(), "self")
	info := start(t, k, echo{Inspect: file})
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s self
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if s.PID != info.PID || s.PID != s.PGID || s.PID != s.SID || s.PPID == os.Getpid() || s.Dir != "/" || s.Umask != 0o077 {
		t.Errorf("%+v, keeper %d, test %d", s, info.PID, os.Getpid())
	}
	for _, e := range s.Env {
		if strings.HasPrefix(e, "RELAY_SHELL") {
			t.Errorf("environment has %s", e)
		}
	}
	nulls := 0
	for _, f := range s.Files {
		switch {
		case f == "/dev/null":
			nulls++
		case f == "/etc/passwd":
			t.Error("a descriptor of the server was passed on")
		}
	}
	if nulls != 3 {
		t.Errorf("files: %v", s.Files)
	}
}

// TestShared: two servers see the same keepers; what one starts the other ends.
func TestShared(t *testing.T) {
	k := testKeepers(t)
	ctx := context.Background()
	a, b := start(t, k, echo{Text: "one"}), start(t, k, echo{Text: "two"})
	other := Open(k.opt)
	list, err := other.List(ctx, "echo")
	if err != nil || len(list) != 2 || list[0].ID != a.ID || list[1].ID != b.ID || string(list[0].Detail) != `{"text":"one"}` {
		t.Fatalf("%+v, %v", list, err)
	}
	var said []string
	if err := other.Call(ctx, b.ID, "say", []string{"x"}, &said); err != nil || len(said) != 1 {
		t.Fatal(said, err)
	}
	if err := other.Close(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "end", func() bool { return !alive(a.PID) })
	if list, err = k.List(ctx, ""); err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := k.Call(ctx, b.ID, "end", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "end by itself", func() bool { return !alive(b.PID) })
	entries, _ := os.ReadDir(k.opt.Dir)
	for _, e := range entries {
		if e.Name() != ".lock" {
			t.Errorf("left behind: %s", e.Name())
		}
	}
	var gone *Error
	if err := k.Close(ctx, a.ID); !errors.As(err, &gone) || gone.Code != "not_found" {
		t.Error(err)
	}
}

// TestLimit: many servers at once do not pass the limit together.
func TestLimit(t *testing.T) {
	k := testKeepers(t)
	var work sync.WaitGroup
	var mu sync.Mutex
	made, refused := 0, 0
	for range 5 {
		work.Go(func() {
			_, err := Open(k.opt).Start(context.Background(), "echo", 2, echo{})
			var e *Error
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case errors.As(err, &e) && e.Code == "limit_reached":
				refused++
			default:
				t.Error(err)
			}
		})
	}
	work.Wait()
	if made != 2 || refused != 3 {
		t.Errorf("made %d, refused %d", made, refused)
	}
}

// TestFailure: what a thing says when it cannot be opened arrives as it was said, and nothing stays.
func TestFailure(t *testing.T) {
	k := testKeepers(t)
	_, err := k.Start(context.Background(), "echo", 9, echo{Fail: "unreachable"})
	var e *Error
	if !errors.As(err, &e) || e.Code != "unreachable" || e.Hint != "try" {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err = k.Start(ctx, "echo", 9, echo{Block: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	eventually(t, "nothing stays", func() bool {
		list, err := k.List(context.Background(), "")
		return err == nil && len(list) == 0
	})
}

// TestHangUp: a request whose asker is gone ends.
func TestHangUp(t *testing.T) {
	k := testKeepers(t)
	file := filepath.Join(t.TempDir(), "cancelled")
	info := start(t, k, echo{Text: file})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := k.Call(ctx, info.ID, "wait", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	eventually(t, "cancel", func() bool { _, err := os.Stat(file); return err == nil })
}

// TestCleared: a keeper makes its socket anew when the runtime directory was cleared.
func TestCleared(t *testing.T) {
	k := testKeepers(t)
	info := start(t, k, echo{})
	if err := os.RemoveAll(filepath.Dir(k.opt.Dir)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "socket", func() bool {
		list, err := k.List(context.Background(), "")
		return err == nil && len(list) == 1 && list[0].ID == info.ID
	})
	st, err := os.Stat(k.opt.Dir)
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Error(st.Mode(), err)
	}
}

// TestDeadAndFrozen: what a killed keeper leaves is cleared away, and one that does not answer is listed and can be ended.
func TestDeadAndFrozen(t *testing.T) {
	k := testKeepers(t)
	ctx := context.Background()
	dead, frozen := start(t, k, echo{}), start(t, k, echo{})
	if err := syscall.Kill(dead.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "death", func() bool { return !alive(dead.PID) })
	if err := syscall.Kill(frozen.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "frost", func() bool { // each thread stops when it next runs
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", frozen.PID))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	list, err := k.List(ctx, "")
	if err != nil || len(list) != 1 || list[0].ID != frozen.ID || !list[0].Silent || list[0].PID != frozen.PID || list[0].Kind != "echo" {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := os.Lstat(k.path(dead.ID)); !os.IsNotExist(err) {
		t.Error("the dead one's socket is still there")
	}
	if err := k.Close(ctx, frozen.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "end of the frozen one", func() bool { return !alive(frozen.PID) })
}

// TestOld: a keeper of another version is listed and closed, and refuses the rest.
func TestOld(t *testing.T) {
	k := testKeepers(t)
	if err := makeDir(k.opt.Dir); err != nil {
		t.Fatal(err)
	}
	const id = "e-oldoldol"
	socket, err := Listen(k.path(id))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			var req request
			if newLines(c).next(&req) == nil {
				switch req.Op {
				case opInfo:
					_ = send(c, map[string]any{"v": 0, "result": map[string]any{"v": 0, "id": id, "kind": "echo", "new": "field"}})
				case opClose:
					_ = send(c, response{})
					go socket.Close()
				default:
					_ = send(c, response{Error: errorf("unsupported", "", "other version")})
				}
			}
			c.Close()
		}
	}()
	list, err := k.List(context.Background(), "echo")
	if err != nil || len(list) != 1 || !list[0].Foreign() {
		t.Fatalf("%+v %v", list, err)
	}
	var e *Error
	if err := k.Call(context.Background(), id, "say", nil, nil); !errors.As(err, &e) || e.Code != "unsupported" {
		t.Error(err)
	}
	if err := k.Close(context.Background(), id); err != nil {
		t.Error(err)
	}
}

// TestNewer: a real keeper refuses requests of another version.
func TestNewer(t *testing.T) {
	k := testKeepers(t)
	info := start(t, k, echo{})
	c, err := net.Dial("unix", k.path(info.ID))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := newLines(c)
	for op, want := range map[string]string{"say": "unsupported", opInfo: ""} {
		if err := send(c, request{V: Version + 1, Op: op}); err != nil {
			t.Fatal(err)
		}
		var r response
		if err := in.next(&r); err != nil {
			t.Fatal(err)
		}
		if got := r.Error; want == "" && got != nil || want != "" && (got == nil || got.Code != want) {
			t.Errorf("%s: %+v", op, r)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"f-abcdefgh": true, "f-abcd2345": true, "": false, "f-": false, "f-abcdefg": false, "f-abcdefghi": false, "F-abcdefgh": false,
		"f-../../..": false, "ff-abcdefgh": false, "f-abcdefg1": false, "s-abcdefgh": false,
	} {
		if ValidID("forward", id) != want {
			t.Errorf("ValidID(%q) = %v", id, !want)
		}
	}
	if !ValidID("forward", NewID("forward")) {
		t.Error("own ids are refused")
	}
}

// FuzzLines: no input breaks the reader of messages.
func FuzzLines(f *testing.F) {
	f.Add("{\"v\":1,\"op\":\"info\"}\n")
	f.Add("{}\n\n{\"op\":5}\n")
	f.Add("\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		in := newLines(strings.NewReader(s))
		for range len(s) + 1 {
			var r request
			var syntax *json.SyntaxError
			var kind *json.UnmarshalTypeError
			if err := in.next(&r); err != nil && !errors.As(err, &syntax) && !errors.As(err, &kind) {
				return
			}
		}
		t.Fatal("no end")
	})
}

// TestResetConnection: an asker that is killed with an answer unread resets its connection, which must not end the keeper.
func TestResetConnection(t *testing.T) {
	k := testKeepers(t)
	id := start(t, k, echo{Text: strings.Repeat("x", 1000)}).ID
	for range 50 {
		c, err := net.Dial("unix", k.path(id))
		if err != nil {
			t.Fatal(err)
		}
		if err := send(c, request{V: Version, Op: opInfo}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		c.Close() // with the rest of the answer unread
	}
	if _, err := k.Find(t.Context(), "echo", id); err != nil {
		t.Error(err)
	}
}
