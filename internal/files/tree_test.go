package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plant makes a tree of everything that a tree may hold, and says what of it will be skipped.
func plant(t testing.TB, root string) (skipped []string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(root+"/deep/er/still", 0o755))
	must(os.MkdirAll(root+"/empty dir", 0o755))
	must(os.MkdirAll(root+"/names", 0o755))
	put(t, root+"/empty", nil)
	put(t, root+"/deep/er/still/f", []byte("deep"))
	put(t, root+"/large", random(fastFrom+99))
	for n, name := range names {
		put(t, filepath.Join(root, "names", name), []byte(name))
		if n%5 == 0 {
			must(os.Mkdir(filepath.Join(root, "deep", name), 0o755))
			put(t, filepath.Join(root, "deep", name, name), random(n*100))
		}
	}
	f, err := os.Create(root + "/sparse")
	must(err)
	must(f.Truncate(3 << 20))
	must(f.Close())
	must(os.Chmod(root+"/empty", 0o664))
	must(os.Chmod(root+"/deep/er/still/f", 0o755))
	for link, to := range map[string]string{"in": "deep/er", "deep/up": "../large", "self": ".", "dangling": "nothing", "deep/er/still/far": "../../../names/-rf", "odd": "a\nb'$(x)\xff"} {
		must(os.Symlink(to, filepath.Join(root, link)))
	}
	for link, to := range map[string]string{"out": "../outside", "abs": "/etc/passwd", "deep/out": "../../x", "loop": "loop", "by": "in/../../../x", "deep/er/still/top": "../../.."} {
		must(os.Symlink(to, filepath.Join(root, link)))
	}
	// deep/er/still/top ends in the root of the tree; what goes on from there leads out.
	must(os.Symlink("deep/er/still/top/../x", root+"/sly"))
	must(syscall.Mkfifo(root+"/pipe", 0o600))
	at := time.Unix(1_300_000_000, 0)
	must(filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink == 0 {
			err = os.Chtimes(name, at, at)
		}
		return err
	}))
	return []string{"abs", "by", "deep/out", "loop", "out", "pipe", "sly"}
}

// snapshot describes a tree, without the named ones.
func snapshot(t testing.TB, root string, but ...string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if slices.Contains(but, rel) || rel == "." {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%q %v", rel, info.Mode())
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %x %d", digestOf(data), info.ModTime().Unix())
		case info.IsDir():
			line += fmt.Sprint(info.ModTime().Unix())
		default:
			to, _ := os.Readlink(name)
			line += fmt.Sprintf(" %q", to)
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func digestOf(b []byte) [32]byte {
	sum, _, _ := digest(strings.NewReader(string(b)), -1)
	return sum
}

func skippedPaths(r Report) []string {
	var paths []string
	for _, s := range r.Skipped {
		paths = append(paths, s.Path)
	}
	slices.Sort(paths)
	return paths
}

func TestTransferTree(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		skipped := plant(t, source)
		for _, verify := range []bool{true, false} {
			name := fmt.Sprintf("%s/new-%v", dest, verify)
			tr := Transfer{From: from, To: to, Source: source, Dest: name, Recursive: true, Verify: verify}
			report, err := tr.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(snapshot(t, source, skipped...), snapshot(t, name)); diff != "" {
				t.Errorf("a new tree (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(skipped, skippedPaths(report)); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
		}
		t.Run("into a directory that exists", func(t *testing.T) {
			into := dest + "/new-true"
			// A link where the tree has a directory is not followed, a file of the same name is replaced, others stay.
			if err := errors.Join(os.RemoveAll(into+"/deep"), os.Symlink(source, into+"/deep"), os.Remove(into+"/large")); err != nil {
				t.Fatal(err)
			}
			put(t, into+"/mine", []byte("mine"))
			put(t, into+"/empty", []byte("no longer"))
			tr := Transfer{From: from, To: to, Source: source + "/.", Dest: into, Recursive: true, Verify: true}
			report, err := tr.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(skippedPaths(report), "deep") {
				t.Errorf("skipped %q", skippedPaths(report))
			}
			holds(t, into+"/mine", []byte("mine"))
			holds(t, into+"/empty", nil)
			large, _ := os.ReadFile(source + "/large")
			holds(t, into+"/large", large)
			for _, name := range litter(t, into) {
				if isPart(name, "") {
					t.Errorf("left behind: %q", name)
				}
			}
			if got := snapshot(t, source, skipped...); len(got) == 0 {
				t.Error("the source is gone")
			}
			put(t, into+"/empty", []byte("kept"))
			tr.Keep = true
			if report, err = tr.Run(t.Context()); err != nil || !slices.Contains(skippedPaths(report), "empty") {
				t.Errorf("%q, %v", skippedPaths(report), err)
			}
			holds(t, into+"/empty", []byte("kept"))
		})
		t.Run("bounded", func(t *testing.T) {
			tr := Transfer{From: from, To: to, Source: source, Dest: dest + "/bounded", Recursive: true, MaxEntries: 10}
			if _, err := tr.Run(t.Context()); Code(err) != "limit_reached" {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestTreeInterrupted ends transfers of a tree at random moments: there is all of it or nothing, and resuming completes it.
func TestTreeInterrupted(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		for n := range 300 {
			put(t, fmt.Sprintf("%s/f%03d", source, n), random(rand.IntN(60_000)))
		}
		put(t, source+"/large", random(8<<20))
		resumed := false
		for range interruptions {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(rand.Int64N(int64(200*time.Millisecond))), errors.New("killed"))
			tr := Transfer{From: from, To: to, Source: source, Dest: dest + "/tree", Recursive: true, Verify: true}
			report, err := tr.Run(ctx)
			cancel()
			if err != nil {
				if left := litter(t, dest); len(left) > 1 || len(left) == 1 && left[0] != filepath.Base(report.Part) || len(left) == 0 && report.Part != "" {
					t.Fatalf("left behind: %q; told of %q", left, report.Part)
				}
				tr.Resume = report.Part != ""
				if report, err = tr.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				resumed = resumed || report.Resumed > 0
			}
			if diff := cmp.Diff(snapshot(t, source), snapshot(t, dest+"/tree")); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if left := litter(t, dest, "tree"); left != nil {
				t.Errorf("left behind: %q", left)
			}
			if err := os.RemoveAll(dest + "/tree"); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("resumed: %v", resumed)
	})
}

func TestStays(t *testing.T) {
	for _, tt := range []struct {
		link, to string
		want     bool
	}{
		{"a", "b", true}, {"a", "../b", false}, {"d/a", "../b", true}, {"d/a", "../../b", false}, {"a", "/b", false}, {"a", "a", false}, {"a", ".", true},
		{"a", "in/../x", true}, {"a", "in/../../../x", false}, {"a", "top/../x", false}, {"a", "", true}, {"a", "d/../../t/x", false},
	} {
		links := map[string]string{"in": "d/e", "d/e/top": "../..", "top": "d/e/top", tt.link: tt.to}
		if got := stays(links, tt.link); got != tt.want {
			t.Errorf("%s -> %s: %v", tt.link, tt.to, got)
		}
	}
}

func FuzzReadSums(f *testing.F) {
	sum := strings.Repeat("0123456789abcdef", 4)
	f.Add([]byte(sum+"  ./a\n\\"+sum+"  ./b\\nc\n"), "a", "b\nc")
	f.Add([]byte(sum+" *./a\n"), "", "a")
	f.Fuzz(func(t *testing.T, out []byte, a, b string) {
		sums := map[string][32]byte{}
		readSums(out, []string{a, b}, sums)
		for rel, s := range sums {
			if !strings.Contains(strings.ToLower(string(out)), fmt.Sprintf("%x", s)) {
				t.Errorf("%q has digest %x, which is not in the output", rel, s)
			}
		}
	})
}
