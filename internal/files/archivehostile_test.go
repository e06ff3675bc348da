package files

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestArchiveHostile: of what a host's tar says, nothing counts but what was asked for.
func TestArchiveHostile(t *testing.T) {
	t.Parallel()
	var evil bytes.Buffer
	w := tar.NewWriter(&evil)
	for _, h := range []tar.Header{
		{Name: "./../evil", Size: 4}, {Name: "/tmp/relay-evil", Size: 4}, {Name: "../../../../../../../tmp/relay-evil", Size: 4},
		{Name: "./link", Linkname: "/tmp", Typeflag: tar.TypeSymlink}, {Name: "./link/relay-evil", Size: 4},
		{Name: "./f00", Linkname: "/tmp/relay-evil", Typeflag: tar.TypeSymlink}, {Name: "./f01", Linkname: "/etc/passwd", Typeflag: tar.TypeLink},
		{Name: "./f02", Size: 4}, {Name: "f03/../f04", Size: 3}, {Name: "./f05", Size: 3, Mode: 0o6777}, {Name: "./f05", Size: 3}, {Name: "./none", Size: 3}, {Name: "./f06", Typeflag: tar.TypeDir},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("evil")[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	script := remoteDir(t) + "/evil.tar"
	put(t, script, evil.Bytes())
	for name, end := range map[string]string{"and ends": "exit 0", "and fails": "exit 1", "and never ends": "exec cat /dev/zero", "and talks": "exec yes", "and is no archive": "exec head -c 100000 /dev/urandom"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, _, _ := withTar(t, "cat "+script+"\n"+end)
			source, dest := remoteDir(t), t.TempDir()
			want := map[string]string{}
			for n := range archiveFrom {
				name := fmt.Sprintf("f%02d", n)
				want[name] = name
				put(t, source+"/"+name, []byte(name))
			}
			tr := Transfer{From: world.fs("target"), To: Local(Bounds{}), Source: source, Dest: dest + "/in", Recursive: true}
			if _, err := tr.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if name == "and ends" {
				want["f05"] = "evi" // what the host says is in it: nobody can know better without verify
			}
			got := map[string]string{}
			for _, e := range litter(t, dest+"/in") {
				b, err := os.ReadFile(filepath.Join(dest, "in", e))
				if err != nil {
					t.Error(err)
				}
				got[e] = string(b)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if info, err := os.Stat(dest + "/in/f05"); err != nil || info.Mode() != 0o644 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if left := litter(t, dest, "in"); left != nil {
				t.Errorf("left behind: %q", left)
			}
			if _, err := os.Lstat("/tmp/relay-evil"); err == nil {
				t.Error("it was written outside")
			}
		})
	}
}

// TestTreeSwapped puts links into a tree once it has been listed: nothing is read through them.
func TestTreeSwapped(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		if !from.Local() {
			t.Skip("a host follows its own links")
		}
		outside := remoteDir(t)
		for _, name := range []string{"small", "large", "sub/small", "sub/large"} {
			size := 100
			if strings.HasSuffix(name, "large") {
				size = fastFrom + 1
			}
			for _, dir := range []string{source, outside} {
				if err := os.MkdirAll(dir+"/sub", 0o755); err != nil {
					t.Fatal(err)
				}
				put(t, dir+"/"+name, random(size))
			}
		}
		for n := range archiveFrom {
			put(t, fmt.Sprintf("%s/f%d", source, n), random(n))
		}
		before := snapshot(t, source, "small", "large", "sub", "sub/small", "sub/large")
		tr := Transfer{From: from, To: to, Source: source + "/.", Dest: dest + "/in", Recursive: true, Verify: true}
		tr.Admit = func(rel, _ string) error {
			if rel != "small" {
				return nil
			}
			for _, name := range []string{"small", "large", "sub"} {
				if err := os.Rename(source+"/"+name, source+"/was-"+name); err != nil {
					return err
				}
				if err := os.Symlink(outside+"/"+name, source+"/"+name); err != nil {
					return err
				}
			}
			return nil
		}
		r, err := tr.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"large", "small", "sub/large", "sub/small"}, skippedPaths(r)); diff != "" {
			t.Errorf("skipped (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, snapshot(t, dest+"/in", "sub")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
