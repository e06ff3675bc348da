package change

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestApply(t *testing.T) {
	mode := fs.FileMode(0o600)
	for _, tt := range []struct {
		name    string
		before  string // "-" is no file
		r       Request
		code    string
		after   string
		mode    fs.FileMode
		created bool
	}{
		{"replaces", "old", Request{Make: to("new")}, "", "new", 0o640, false},
		{"with a mode", "old", Request{Make: to("new"), Mode: &mode}, "", "new", 0o600, false},
		{"a mode alone", "old", Request{Make: to("old"), Mode: &mode}, "", "old", 0o600, false},
		{"creates", "-", Request{Make: to("new")}, "", "new", 0o644, true},
		{"creates with a mode", "-", Request{Make: to("new"), Mode: &mode}, "", "new", 0o600, true},
		{"must exist", "-", Request{Make: to("new"), MustExist: true}, "not_found", "-", 0, false},
		{"create only", "old", Request{Make: to("new"), CreateOnly: true}, "already_exists", "old", 0o640, false},
		{"expected", "old", Request{Make: to("new"), Expected: strings.ToUpper(Digest([]byte("old")))}, "", "new", 0o640, false},
		{"not expected", "old", Request{Make: to("new"), Expected: Digest([]byte("other"))}, "invalid_argument", "old", 0o640, false},
		{"make fails", "old", Request{Make: func([]byte) ([]byte, error) { return nil, &Error{Code: "invalid_argument"} }}, "invalid_argument", "old", 0o640, false},
		{"check passes", "old", Request{Make: to("new"), Check: "grep -q new {} && test -f {}"}, "", "new", 0o640, false},
		{"check fails", "old", Request{Make: to("new"), Check: "echo line 7 is bad; exit 3"}, "invalid_argument", "old", 0o640, false},
		{"check meddles", "old", Request{Make: to("new"), Check: "echo more >>{}"}, "invalid_argument", "old", 0o640, false},
		{"check removes", "old", Request{Make: to("new"), Check: "rm {}"}, "invalid_argument", "old", 0o640, false},
		{"not admitted", "old", Request{Make: to("new"), Admit: func(string, string) error { return &Error{Code: "permission_denied"} }}, "permission_denied", "old", 0o640, false},
		{"to nothing", "old", Request{Make: to("")}, "", "", 0o640, false},
		{"from nothing", "", Request{Make: to("x")}, "", "x", 0o640, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, dir := place(t)
			tt.r.Path = dir + "/it's a *file*\n$(x)"
			if tt.before != "-" {
				put(t, tt.r.Path, tt.before)
			}
			done, err := Apply(context.Background(), p, tt.r)
			if tt.code != "" {
				if code(err) != tt.code {
					t.Errorf("%v, want %s", err, tt.code)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if tt.after == "-" {
				only(t, dir)
				return
			}
			if s := got(t, tt.r.Path); s != tt.after {
				t.Errorf("it holds %q, want %q", s, tt.after)
			}
			if info, _ := os.Stat(tt.r.Path); info.Mode() != tt.mode {
				t.Errorf("mode %v, want %v", info.Mode(), tt.mode)
			}
			if err == nil && done.Created != tt.created {
				t.Errorf("created = %v", done.Created)
			}
			if err == nil && tt.before != "-" && got(t, done.Backup) != tt.before {
				t.Errorf("the backup holds %q", got(t, done.Backup))
			}
			only(t, dir, filepath.Base(tt.r.Path))
			if err != nil {
				if left, _ := filepath.Glob(p.Dir + "/changes/*/*"); len(left) > 0 {
					t.Errorf("the failed change left %q", left)
				}
			}
		})
	}
}

func TestUnchanged(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "same")
	before, _ := os.Stat(name)
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("same")})
	after, _ := os.Stat(name)
	if err != nil || !done.Unchanged || !os.SameFile(before, after) {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestLink(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	link := dir + "/link"
	os.Symlink("f", link)
	os.Symlink("gone", dir+"/dangling")
	if done, err := Apply(context.Background(), p, Request{Path: link, Make: to("new")}); err != nil || done.Path != name {
		t.Fatalf("%+v, %v", done, err)
	}
	if target, err := os.Readlink(link); err != nil || target != "f" || got(t, name) != "new" {
		t.Errorf("the link is %q, %v", target, err)
	}
	if _, err := Apply(context.Background(), p, Request{Path: dir + "/dangling", Make: to("made")}); err != nil || got(t, dir+"/gone") != "made" {
		t.Errorf("a dangling link: %v", err)
	}
	if _, err := os.Readlink(dir + "/dangling"); err != nil {
		t.Error(err)
	}
}

func TestNoRegularFile(t *testing.T) {
	p, dir := place(t)
	for _, name := range []string{dir, "/dev/null"} {
		if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")}); code(err) != "invalid_argument" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongName(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/"+strings.Repeat("n", 250)+".conf", "old")
	_, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), Check: "case {} in *.conf) ;; *) exit 1;; esac"})
	if err != nil || got(t, name) != "new" {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	p, dir := place(t)
	p.Limit = 10
	name := put(t, dir+"/f", "0123456789a")
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")}); code(err) != "too_large" {
		t.Error(err)
	}
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), Blind: true})
	if err != nil || got(t, name) != "new" || done.Backup != "" || len(done.Notes) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestOneWins: of many who edit the same state of a file exactly one does.
func TestOneWins(t *testing.T) {
	p, dir := place(t)
	other := *p
	other.Locks = NewLocks(filepath.Join(p.Dir, "locks")) // as another server has
	name := put(t, dir+"/f", "round 0")
	for round := range 3 {
		sum := Digest([]byte(got(t, name)))
		var won, lost sync.Map
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				at := p
				if i%2 == 1 {
					at = &other
				}
				_, err := Apply(context.Background(), at, Request{Path: name, Expected: sum, Make: to(fmt.Sprintf("round %d by %d", round+1, i))})
				if err == nil {
					won.Store(i, true)
				} else {
					lost.Store(i, err)
				}
			})
		}
		wg.Wait()
		winners := 0
		won.Range(func(any, any) bool { winners++; return true })
		if winners != 1 {
			t.Errorf("round %d: %d winners", round, winners)
		}
		lost.Range(func(_, err any) bool {
			if !strings.Contains(err.(error).Error(), "has changed") {
				t.Errorf("a loser was told %v", err)
			}
			return true
		})
	}
	only(t, dir, "f")
}

func TestUndo(t *testing.T) {
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/f", "one")
	first, err := Apply(ctx, p, Request{Path: name, Make: to("two")})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, _, err := p.Undo(ctx, name, first.ID, nil); err != nil || outcome != Undone || got(t, name) != "one" {
		t.Errorf("%v %v", outcome, err)
	}
	if _, _, err := p.Undo(ctx, name, first.ID, nil); code(err) != "invalid_argument" {
		t.Errorf("undone twice: %v", err)
	}
	created, err := Apply(ctx, p, Request{Path: dir + "/new", Make: to("x")})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/new", "y")
	if _, _, err := p.Undo(ctx, dir+"/new", created.ID, nil); code(err) != "invalid_argument" {
		t.Errorf("a changed file was removed: %v", err)
	}
	put(t, dir+"/new", "x")
	if outcome, _, err := p.Undo(ctx, dir+"/new", created.ID, nil); err != nil || outcome != Undone {
		t.Errorf("%v %v", outcome, err)
	}
	only(t, dir, "f")
	if _, err := p.Confirm(ctx, name, newID(time.Now())); code(err) != "not_found" {
		t.Errorf("%v", err)
	}
}

func TestExpire(t *testing.T) {
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/f", "0")
	for i := range 4 {
		if _, err := Apply(ctx, p, Request{Path: name, Make: to(fmt.Sprint(i + 1))}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := p.Backups(ctx, name)
	if err != nil || len(list) != 4 || got(t, list[0].Path) != "3" {
		t.Fatalf("%+v, %v", list, err)
	}
	p.MaxBackups = 2 * 2 * smallest
	if err := p.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err = p.Backups(ctx, name); err != nil || len(list) != 2 || got(t, list[1].Path) != "2" {
		t.Errorf("%+v, %v", list, err)
	}
	// The temporary file of a change that was killed long ago, and one that only claims to be.
	dirOf := p.keeping(name)
	old := newID(time.Now().Add(-48 * time.Hour))
	put(t, temporary(name, old), "half")
	put(t, filepath.Join(dirOf, old+".tmp"), temporary(name, old))
	liar := newID(time.Now().Add(-48 * time.Hour))
	put(t, filepath.Join(dirOf, liar+".tmp"), name)
	p.Retention = time.Nanosecond
	if err := p.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "f")
	if _, err := os.Stat(dirOf); err == nil {
		t.Errorf("%s is still there", dirOf)
	}
}

// TestAttributes: what mode and owner do not say stays, too.
func TestAttributes(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	if err := unix.Setxattr(name, "user.note", []byte("kept"), 0); err != nil {
		t.Skipf("this file system has no extended attributes: %v", err)
	}
	if err := os.Chmod(name, 0o1640); err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, before, before); err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")}); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, 10)
	n, err := unix.Getxattr(name, "user.note", value)
	if err != nil || string(value[:n]) != "kept" {
		t.Errorf("the attribute is %q, %v", value[:max(n, 0)], err)
	}
	if info, _ := os.Stat(name); !info.ModTime().After(before.Add(time.Minute)) {
		t.Error("the new content has the time of the old")
	}
}
