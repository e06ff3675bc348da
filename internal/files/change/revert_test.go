package change

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eventually waits for something that takes as long as it takes.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// settle ends what would still revert something.
func settle(t *testing.T, state string) {
	pending, _ := filepath.Glob(state + "/changes/*/*.pending")
	for _, dir := range pending {
		if b, err := os.ReadFile(dir + "/pid"); err == nil {
			_ = syscall.Kill(number(t, string(b)), syscall.SIGKILL)
		}
	}
}

func holds(name, content string) func() bool {
	return func() bool {
		b, _ := os.ReadFile(name)
		return string(b) == content
	}
}

func TestReverts(t *testing.T) {
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/a 'file'", "old")
	before, _ := os.Stat(name)
	done, err := Apply(ctx, p, Request{Path: name, Make: to("new"), RevertAfter: time.Second})
	if err != nil || done.Reverts.IsZero() {
		t.Fatalf("%+v, %v", done, err)
	}
	eventually(t, "the old file is back", holds(name, "old"))
	if after, _ := os.Stat(name); !os.SameFile(before, after) {
		t.Error("it is a copy of the old file")
	}
	if outcome, err := p.Confirm(ctx, name, done.ID); err != nil || outcome != Reverted {
		t.Errorf("confirmed too late: %v, %v", outcome, err)
	}
	only(t, dir, "a 'file'")
	if _, err := Apply(ctx, p, Request{Path: name, Make: to("newer")}); err != nil {
		t.Errorf("after a revert: %v", err)
	}
}

func TestCreatedReverts(t *testing.T) {
	p, dir := place(t)
	if _, err := Apply(context.Background(), p, Request{Path: dir + "/f", Make: to("new"), RevertAfter: time.Second}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new file is gone", func() bool { _, err := os.Lstat(dir + "/f"); return err != nil })
	only(t, dir)
}

func TestConfirmed(t *testing.T) {
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(ctx, p, Request{Path: name, Make: to("new"), RevertAfter: 3600 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(ctx, p, Request{Path: name, Make: to("newer")}); code(err) != "already_exists" || !strings.Contains(err.Error(), done.ID) {
		t.Errorf("changed while it may revert: %v", err)
	}
	pid := got(t, filepath.Join(p.pendingDir(name, done.ID), "pid"))
	for range 2 {
		if outcome, err := p.Confirm(ctx, name, done.ID); err != nil || outcome != Kept {
			t.Errorf("%v, %v", outcome, err)
		}
	}
	only(t, dir, "f")
	eventually(t, "process "+pid+" has tidied up", func() bool { _, err := os.Stat(p.pendingDir(name, done.ID)); return os.IsNotExist(err) })
	if outcome, err := p.Confirm(ctx, name, done.ID); err != nil || outcome != Kept || got(t, name) != "new" {
		t.Errorf("%v, %v", outcome, err)
	}
	if _, err := Apply(ctx, p, Request{Path: name, Make: to("newer")}); err != nil {
		t.Error(err)
	}
}

func TestUndoneBeforeItReverts(t *testing.T) {
	ctx := context.Background()
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(ctx, p, Request{Path: name, Make: to("new"), RevertAfter: 3600 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, _, err := p.Undo(ctx, name, done.ID, nil); err != nil || outcome != Undone || got(t, name) != "old" {
		t.Errorf("%v, %v", outcome, err)
	}
	only(t, dir, "f")
}

// TestRevertWithoutFormer: a tool that tidies up removed the old file beside the new one.
func TestRevertWithoutFormer(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(former(name, done.ID)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old content is back", holds(name, "old"))
}

// TestNothingToPutBack: with the old file and its backup gone, the new file is better than none.
func TestNothingToPutBack(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{former(name, done.ID), done.Backup} {
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it gave up", holds(filepath.Join(p.pendingDir(name, done.ID), "outcome"), "failed\n"))
	if s := got(t, name); s != "new" {
		t.Errorf("the file holds %q", s)
	}
	if _, err := p.Confirm(context.Background(), name, done.ID); code(err) != "internal" {
		t.Errorf("%v", err)
	}
}

// TestShutdownReverts: at SIGTERM nobody will confirm any more.
func TestShutdownReverts(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	pid := number(t, got(t, filepath.Join(p.pendingDir(name, done.ID), "pid")))
	if sid, err := syscall.Getpgid(pid); err != nil || sid == syscall.Getpgrp() {
		t.Errorf("process group %d, %v: it is in ours", sid, err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old file is back", holds(name, "old"))
}

// TestRevertLetsGo: the process holds on to nothing of whoever started it, and ends when there is nothing left to put back.
func TestRevertLetsGo(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	lock, err := os.Create(dir + "/lock")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	p.Shell = func(ctx context.Context, text string) (ShellResult, error) {
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", text)
		cmd.ExtraFiles = []*os.File{lock, lock, lock}
		out, err := cmd.CombinedOutput()
		return ShellResult{Output: string(out)}, err
	}
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	pid := number(t, got(t, filepath.Join(p.pendingDir(name, done.ID), "pid")))
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); to == lock.Name() {
			t.Errorf("it holds %s", fd)
		}
	}
	if err := os.RemoveAll(p.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(former(name, done.ID)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process has ended", func() bool { return syscall.Kill(pid, 0) != nil })
	if got(t, name) != "new" {
		t.Error("the file was touched")
	}
}

// TestNotArmed: without the process nothing is changed.
func TestNotArmed(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	inner := p.Shell
	p.Shell = func(ctx context.Context, text string) (ShellResult, error) {
		if strings.Contains(text, "relay-revert") {
			return ShellResult{Code: 5, Output: "no"}, nil
		}
		return inner(ctx, text)
	}
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: time.Hour}); code(err) != "unsupported" {
		t.Error(err)
	}
	p.Shell = nil
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), RevertAfter: time.Hour}); code(err) != "unsupported" {
		t.Error(err)
	}
	if got(t, name) != "old" {
		t.Error("it was changed")
	}
	only(t, dir, "f")
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	for _, c := range strings.TrimSpace(text) {
		n = 10*n + int(c-'0')
	}
	if n < 2 {
		t.Fatalf("%q is no process", text)
	}
	return n
}
