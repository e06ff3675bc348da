package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// names are what file systems allow and programs stumble over.
var names = []string{
	"plain", "with space", "it's \"quoted\"", "-rf", "--", "*", "[a]?", "$(touch pwned)", "`id`", "a;b|c&d", "new\nline", "tab\tand\rreturn",
	"\xff\xfe no text", "ünïcode", "\u202egnp.exe", "~", "~root", "$'x'", "\\n", "#c", "{a,b}", "!x", "%s", "=", "a:b", ".hidden", "...",
	strings.Repeat("x", 255), strings.Repeat("ü", 127),
}

// testFS runs one table against every kind of file system; dir is an empty directory in it.
func testFS(t *testing.T, f FS, dir string) {
	ctx := t.Context()
	in := func(name string) string { return dir + "/" + name }
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantCode := func(t *testing.T, code string, err error) {
		t.Helper()
		var e *Error
		if !errors.As(err, &e) || e.Code != code || e.Hint == "" {
			t.Errorf("got %#v, want code %s with a hint", err, code)
		}
	}

	t.Run("names", func(t *testing.T) {
		must(t, f.Mkdir(ctx, in("names"), 0o700))
		for i, name := range names {
			must(t, write(ctx, f, in("names/"+name), name))
			got, err := read(ctx, f, in("names/"+name))
			must(t, err)
			if got != name {
				t.Errorf("%q holds %q", name, got)
			}
			info, err := f.Lstat(ctx, in("names/"+name))
			must(t, err)
			if info.Name != name || info.Size != int64(len(name)) || !info.Mode.IsRegular() || info.Mode.Perm() != 0o600 {
				t.Errorf("%q is %+v", name, info)
			}
			if i%7 == 0 {
				sum, n, err := f.SHA256(ctx, in("names/"+name), -1)
				must(t, err)
				if sum != sha256.Sum256([]byte(name)) || n != int64(len(name)) {
					t.Errorf("%q has digest %x of %d bytes", name, sum, n)
				}
			}
		}
		entries, more, err := f.ReadDir(ctx, in("names"), 0)
		must(t, err)
		var got []string
		for _, e := range entries {
			got = append(got, e.Name)
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(names))
		if more || !slices.Equal(got, want) {
			t.Errorf("listed %q, want %q, more %v", got, want, more)
		}
		entries, more, err = f.ReadDir(ctx, in("names"), 3)
		must(t, err)
		if len(entries) != 3 || !more {
			t.Errorf("a bound of 3 gave %d, more %v", len(entries), more)
		}
		entries, more, err = f.ReadDir(ctx, in("names"), len(names))
		must(t, err)
		if len(entries) != len(names) || more {
			t.Errorf("a bound of all gave %d, more %v", len(entries), more)
		}
	})

	t.Run("content", func(t *testing.T) {
		data := make([]byte, 3<<20+17)
		rng := rand.NewChaCha8([32]byte{1})
		_, _ = rng.Read(data)
		must(t, write(ctx, f, in("big"), string(data)))
		r, err := f.Open(ctx, in("big"))
		must(t, err)
		defer r.Close()
		part := make([]byte, 100_000)
		n, err := r.ReadAt(part, 1<<20)
		must(t, err)
		if !bytes.Equal(part[:n], data[1<<20:1<<20+100_000]) {
			t.Error("ReadAt gave something else")
		}
		if n, err := r.ReadAt(part, int64(len(data))-10); n != 10 || err != io.EOF {
			t.Errorf("at the end: %d, %v", n, err)
		}
		got, err := io.ReadAll(r)
		must(t, err)
		if !bytes.Equal(got, data) {
			t.Error("Read gave something else")
		}
		sum, n64, err := f.SHA256(ctx, in("big"), 1<<20)
		must(t, err)
		if sum != sha256.Sum256(data[:1<<20]) || n64 != 1<<20 {
			t.Errorf("digest %x of %d bytes", sum, n64)
		}
		if _, n64, err = f.SHA256(ctx, in("big"), 1<<30); err != nil || n64 != int64(len(data)) {
			t.Errorf("digest beyond the end: %d, %v", n64, err)
		}
	})

	t.Run("writing", func(t *testing.T) {
		must(t, write(ctx, f, in("w"), "0123456789"))
		w, err := f.Create(ctx, in("w"), CreateOptions{Keep: true})
		must(t, err)
		_, err = w.WriteAt([]byte("AB"), 3)
		must(t, err)
		must(t, w.Truncate(8))
		_, err = w.Sync()
		must(t, err)
		must(t, w.Chmod(0o640))
		at := time.Unix(1_500_000_000, 0)
		must(t, w.Chtimes(at, at))
		info, err := w.Stat()
		must(t, err)
		if info.Size != 8 || info.Mode.Perm() != 0o640 {
			t.Errorf("open file is %+v", info)
		}
		must(t, w.Close())
		if got, _ := read(ctx, f, in("w")); got != "012AB567" {
			t.Errorf("got %q", got)
		}
		info, err = f.Stat(ctx, in("w"))
		must(t, err)
		if !info.ModTime.Equal(at) || info.Mode.Perm() != 0o640 {
			t.Errorf("closed file is %+v", info)
		}
		w, err = f.Create(ctx, in("w"), CreateOptions{Append: true})
		must(t, err)
		_, err = w.Write([]byte("++"))
		must(t, err)
		must(t, w.Close())
		if got, _ := read(ctx, f, in("w")); got != "012AB567++" {
			t.Errorf("after appending %q", got)
		}
		_, err = f.Create(ctx, in("w"), CreateOptions{Exclusive: true})
		wantCode(t, "already_exists", err)
		must(t, f.Symlink(ctx, "nowhere", in("dangling")))
		_, err = f.Create(ctx, in("dangling"), CreateOptions{Exclusive: true})
		wantCode(t, "already_exists", err)
		w, err = f.Create(ctx, in("private"), CreateOptions{Mode: 0o755, Exclusive: true})
		must(t, err)
		must(t, w.Close())
		if info, _ = f.Stat(ctx, in("private")); info.Mode.Perm()&^0o755 != 0 || info.Mode.Perm()&0o700 != 0o700 {
			t.Errorf("mode %v", info.Mode)
		}
	})

	t.Run("links", func(t *testing.T) {
		must(t, write(ctx, f, in("to"), "x"))
		must(t, f.Symlink(ctx, "to", in("link")))
		if got, err := f.ReadLink(ctx, in("link")); got != "to" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		l, err := f.Lstat(ctx, in("link"))
		must(t, err)
		s, err := f.Stat(ctx, in("link"))
		must(t, err)
		if l.Mode.Type() != fs.ModeSymlink || !s.Mode.IsRegular() {
			t.Errorf("lstat %v, stat %v", l.Mode, s.Mode)
		}
		odd := "-e $(x)\n'\xff"
		must(t, f.Symlink(ctx, odd, in("oddlink")))
		if got, err := f.ReadLink(ctx, in("oddlink")); got != odd || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		real, err := f.RealPath(ctx, in("./link/../link"))
		if base := path.Base(real); err == nil && base != "to" && base != "link" {
			t.Errorf("real path %q, %v", real, err)
		}
	})

	t.Run("renaming", func(t *testing.T) {
		must(t, write(ctx, f, in("r1"), "one"))
		must(t, write(ctx, f, in("r2"), "two"))
		wantCode(t, "already_exists", f.RenameNew(ctx, in("r1"), in("r2")))
		must(t, f.Rename(ctx, in("r1"), in("r2")))
		if got, _ := read(ctx, f, in("r2")); got != "one" {
			t.Errorf("got %q", got)
		}
		must(t, f.RenameNew(ctx, in("r2"), in("-r 3")))
		_, err := f.Lstat(ctx, in("r2"))
		wantCode(t, "not_found", err)
		must(t, f.Mkdir(ctx, in("d1"), 0o755))
		must(t, f.RenameNew(ctx, in("d1"), in("d2")))
	})

	t.Run("directories and the rest", func(t *testing.T) {
		must(t, f.Mkdir(ctx, in("d"), 0o711))
		wantCode(t, "already_exists", f.Mkdir(ctx, in("d"), 0o711))
		must(t, f.Chmod(ctx, in("d"), 0o2750))
		info, err := f.Stat(ctx, in("d"))
		must(t, err)
		if !info.Mode.IsDir() || info.Mode.Perm() != 0o750 {
			t.Errorf("mode %v", info.Mode)
		}
		must(t, write(ctx, f, in("d/f"), ""))
		wantCode(t, "invalid_argument", f.Rmdir(ctx, in("d")))
		wantCode(t, "invalid_argument", f.Remove(ctx, in("d")))
		must(t, f.Remove(ctx, in("d/f")))
		must(t, f.Rmdir(ctx, in("d")))
		wantCode(t, "not_found", f.Remove(ctx, in("d")))
		_, err = f.Open(ctx, in("none"))
		wantCode(t, "not_found", err)
		_, err = f.Open(ctx, dir)
		wantCode(t, "invalid_argument", err)
		_, _, err = f.ReadDir(ctx, in("none"), 0)
		wantCode(t, "not_found", err)
		must(t, write(ctx, f, in("o"), ""))
		must(t, f.Chown(ctx, in("o"), -1, -1))
		at := time.Unix(1_400_000_000, 0)
		must(t, f.Chtimes(ctx, in("o"), at, at))
		if info, _ := f.Stat(ctx, in("o")); !info.ModTime.Equal(at) {
			t.Errorf("modified %v", info.ModTime)
		}
		_, err = f.Stat(ctx, in("nul\x00"))
		wantCode(t, "invalid_argument", err)
		_, err = f.Stat(ctx, "")
		wantCode(t, "invalid_argument", err)
	})

	t.Run("cancelled", func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(cause)
		if _, err := f.Stat(ctx, dir); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	})
}

func write(ctx context.Context, f FS, name, content string) error {
	w, err := f.Create(ctx, name, CreateOptions{})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, content)
	return errors.Join(err, w.Close())
}

func read(ctx context.Context, f FS, name string) (string, error) {
	r, err := f.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}
