package change

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fate waits for what became of a change that was to revert.
func fate(t *testing.T, p *Place, real, id string) Outcome {
	t.Helper()
	var f Outcome
	eventually(t, "the target has decided", func() bool {
		b, _ := os.ReadFile(filepath.Join(p.pendingDir(real, id), "outcome"))
		f = Outcome(strings.TrimSpace(string(b)))
		return f != ""
	})
	return f
}

// TestLaterWriteStays: what somebody makes of the file after the change is not lost to the revert, and the old content stays to be had.
func TestLaterWriteStays(t *testing.T) {
	for name, later := range map[string]func(t *testing.T, name string){
		"written": func(t *testing.T, name string) { put(t, name, "a fix by hand") },
		"grown": func(t *testing.T, name string) {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(" and more")
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		},
		"replaced": func(t *testing.T, name string) {
			put(t, name+".new", "of another program")
			if err := os.Rename(name+".new", name); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, name string) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, backups := range []int64{1 << 20, 1} { // the old content is kept from the start, or is too large for that
			t.Run(fmt.Sprintf("%s/%d", name, backups), func(t *testing.T) {
				t.Parallel()
				ctx := context.Background()
				p, dir := place(t)
				p.MaxBackups = backups
				name := put(t, dir+"/f", "old")
				done, err := Apply(ctx, p, Request{Path: name, Make: to("new"), RevertAfter: 2 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				later(t, name)
				want, missing := os.ReadFile(name)
				if f := fate(t, p, name, done.ID); f != Changed {
					t.Errorf("it is said to be %s", f)
				}
				if b, err := os.ReadFile(name); string(b) != string(want) || os.IsNotExist(err) != os.IsNotExist(missing) {
					t.Errorf("the file holds %q, %v; want %q", b, err, want)
				}
				if missing == nil {
					only(t, dir, "f")
				}
				kept, err := p.Backups(ctx, name)
				if err != nil || len(kept) != 1 || kept[0].ID != done.ID || kept[0].Fate != Changed || got(t, kept[0].Path) != "old" {
					t.Errorf("%+v, %v", kept, err)
				}
				if outcome, err := p.Confirm(ctx, name, done.ID); err != nil || outcome != Changed {
					t.Errorf("confirmed: %v, %v", outcome, err)
				}
				if _, _, err := p.Undo(ctx, name, done.ID, nil); err == nil {
					t.Error("undoing went over a later write")
				}
				if missing == nil {
					if _, err := Apply(ctx, p, Request{Path: name, Make: to("newer")}); err != nil {
						t.Errorf("afterwards: %v", err)
					}
				}
			})
		}
	}
}

// TestLaterWriteOfCreatedStays: the same of a file that the change made.
func TestLaterWriteOfCreatedStays(t *testing.T) {
	t.Parallel()
	p, dir := place(t)
	done, err := Apply(context.Background(), p, Request{Path: dir + "/f", Make: to("new"), RevertAfter: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/f", "a fix by hand")
	if f := fate(t, p, dir+"/f", done.ID); f != Changed || got(t, dir+"/f") != "a fix by hand" {
		t.Errorf("%s", f)
	}
}

// TestTakenBackByHand: a file that is as it was before needs no revert.
func TestTakenBackByHand(t *testing.T) {
	t.Parallel()
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	put(t, name, "old")
	if f := fate(t, p, name, done.ID); f != Reverted || got(t, name) != "old" {
		t.Errorf("%s", f)
	}
	only(t, dir, "f")
}

// TestLapsed: where the target has lost what would have put the old file back, with its power or by a kill, the change stands, is not in the way of
// others, and can still be undone.
func TestLapsed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(ctx, p, Request{Path: name, Make: to("new"), RevertAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	pid := number(t, got(t, filepath.Join(p.pendingDir(name, done.ID), "pid")))
	p.clock = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if b, err := p.Pending(ctx, name); err != nil || b == nil || b.Lapsed {
		t.Fatalf("while the process lives: %+v, %v", b, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is gone", func() bool { return syscall.Kill(pid, 0) != nil })
	p.clock = nil
	if b, err := p.Pending(ctx, name); err != nil || b == nil || b.Lapsed {
		t.Fatalf("before its time: %+v, %v", b, err)
	}
	p.clock = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if b, err := p.Pending(ctx, name); err != nil || b == nil || !b.Lapsed {
		t.Fatalf("%+v, %v", b, err)
	}
	// A number that is another process's by now.
	pidFile := filepath.Join(p.pendingDir(name, done.ID), "pid")
	put(t, pidFile, fmt.Sprint(os.Getpid()))
	defer os.Remove(pidFile)
	again, err := Apply(ctx, p, Request{Path: name, Make: to("newer")})
	if err != nil || len(again.Notes) == 0 || !strings.Contains(again.Notes[0], done.ID) {
		t.Fatalf("%+v, %v", again, err)
	}
	only(t, dir, "f")
	if outcome, err := p.Confirm(ctx, name, done.ID); err != nil || outcome != Kept {
		t.Errorf("%v, %v", outcome, err)
	}
	if b, err := p.Pending(ctx, name); err != nil || b != nil {
		t.Errorf("%+v, %v", b, err)
	}
	if kept, err := p.Backups(ctx, name); err != nil || len(kept) != 2 || kept[1].Fate != "lapsed" || got(t, kept[1].Path) != "old" {
		t.Errorf("%+v, %v", kept, err)
	}
}

// TestRevertsWithoutSetsid: nothing but POSIX is needed on the target: no setsid, no at, no systemd.
func TestRevertsWithoutSetsid(t *testing.T) {
	t.Parallel()
	p, dir := place(t)
	bin := t.TempDir()
	for _, program := range []string{"sh", "cat", "cksum", "mkdir", "mv", "cp", "rm", "rmdir", "ln", "sleep", "nohup", "cmp", "sync", "ls", "touch", "tr", "grep", "ps"} {
		for _, at := range []string{"/usr/bin/", "/bin/"} {
			if _, err := os.Stat(at + program); err == nil {
				if err := os.Symlink(at+program, bin+"/"+program); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
	}
	inner := p.Shell
	p.Shell = func(ctx context.Context, text string) (ShellResult, error) { return inner(ctx, "PATH="+bin+"\n"+text) }
	name := put(t, dir+"/f", "old")
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old file is back", holds(name, "old"))
	only(t, dir, "f")
}
