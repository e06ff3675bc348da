package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/files"
)

// faults fails the operation with a number, once, as a full disk or a lost connection would.
type faults struct {
	files.FS
	at, seen int
	cancel   context.CancelFunc
}

var errFault = &files.Error{Op: "write", Code: "limit_reached", Message: "no space left on device", Hint: "make room", Err: syscall.ENOSPC}

func (f *faults) fail() error {
	f.seen++
	if f.seen != f.at {
		return nil
	}
	if f.cancel != nil {
		f.cancel()
	}
	return errFault
}

func (f *faults) RealPath(ctx context.Context, name string) (string, error) {
	if err := f.fail(); err != nil {
		return "", err
	}
	return f.FS.RealPath(ctx, name)
}

func (f *faults) Lstat(ctx context.Context, name string) (files.Info, error) {
	if err := f.fail(); err != nil {
		return files.Info{}, err
	}
	return f.FS.Lstat(ctx, name)
}

func (f *faults) Open(ctx context.Context, name string) (files.Reader, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.FS.Open(ctx, name)
}

func (f *faults) Create(ctx context.Context, name string, o files.CreateOptions) (files.Writer, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	w, err := f.FS.Create(ctx, name, o)
	return &faultyWriter{w, f}, err
}

func (f *faults) Mkdir(ctx context.Context, name string, mode fs.FileMode) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.FS.Mkdir(ctx, name, mode)
}

func (f *faults) Rename(ctx context.Context, from, to string) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.FS.Rename(ctx, from, to)
}

func (f *faults) ReadDir(ctx context.Context, name string, limit int) ([]files.Info, bool, error) {
	if err := f.fail(); err != nil {
		return nil, false, err
	}
	return f.FS.ReadDir(ctx, name, limit)
}

type faultyWriter struct {
	files.Writer
	f *faults
}

func (w *faultyWriter) Write(b []byte) (int, error) {
	if err := w.f.fail(); err != nil {
		n, _ := w.Writer.Write(b[:len(b)/2])
		return n, err
	}
	return w.Writer.Write(b)
}

func (w *faultyWriter) Sync() (bool, error) {
	if err := w.f.fail(); err != nil {
		return false, err
	}
	return w.Writer.Sync()
}

func (w *faultyWriter) Stat() (files.Info, error) {
	if err := w.f.fail(); err != nil {
		return files.Info{}, err
	}
	return w.Writer.Stat()
}

func (w *faultyWriter) Chmod(mode fs.FileMode) error {
	if err := w.f.fail(); err != nil {
		return err
	}
	return w.Writer.Chmod(mode)
}

// TestFaults fails each step of a change in turn: the file holds the old content or, if the change was made all the same, the new one, and
// no litter is left. Half of the runs lose their context with it.
func TestFaults(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		for at, done := 1, false; !done; at++ {
			t.Run(fmt.Sprintf("cancelled=%v/%d", cancelled, at), func(t *testing.T) {
				p, dir := place(t)
				name := put(t, dir+"/f", "old")
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				f := &faults{FS: p.FS, at: at}
				if cancelled {
					f.cancel = cancel
				}
				p.FS, p.State = f, f
				mode := fs.FileMode(0o604)
				_, err := Apply(ctx, p, Request{Path: name, Make: to("new"), Mode: &mode, Check: "grep -q new {}", RevertAfter: time.Hour})
				switch s := got(t, name); {
				case err == nil && s != "new":
					t.Errorf("no error, and the file holds %q", s)
				case err != nil && s != "old":
					t.Errorf("%v, and the file holds %q", err, s)
				case err != nil && !errors.Is(err, errFault) && !errors.Is(err, context.Canceled) && code(err) == "internal":
					t.Errorf("%v", err)
				}
				if err != nil {
					only(t, dir, "f")
				}
				if f.seen < at {
					done = true
				}
			})
			if at > 100 {
				t.Fatal("a change has over a hundred steps")
			}
		}
	}
}
