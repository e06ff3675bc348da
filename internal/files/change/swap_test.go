package change

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"relay-shell/internal/files"
)

// TestSwapped: somebody exchanges a directory on the way to a file for a link, over and over, while it is being changed. Nothing outside of the roots
// changes, and nothing comes into being there.
func TestSwapped(t *testing.T) {
	p, outside := place(t)
	root := t.TempDir()
	p.FS = files.Local(files.Bounds{Roots: []string{root}})
	put(t, outside+"/f", "theirs")
	if err := os.Mkdir(root+"/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, root+"/sub/f", "ours 0")
	if err := os.Symlink(outside, root+"/link"); err != nil {
		t.Fatal(err)
	}
	stop, over := make(chan struct{}), make(chan struct{})
	swaps := 0
	go func() { // ends with stop
		defer close(over)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for n, step := range [][2]string{{"/sub", "/away"}, {"/link", "/sub"}, {"/sub", "/link"}, {"/away", "/sub"}} {
				_ = os.Rename(root+step[0], root+step[1])
				if n%2 == 1 { // each of the two is there for a while, else nothing would ever be changed
					time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
				}
			}
			swaps++
		}
	}()
	made := 0
	for tries := 0; tries < 150 || made == 0 && tries < 3000; tries++ {
		if _, err := Apply(context.Background(), p, Request{Path: root + "/sub/f", Make: to("ours"), Blind: true}); err == nil {
			made++
		}
		_, _, _ = p.Append(context.Background(), filepath.Join(root, "sub", "f"), []byte("+"), nil)
	}
	close(stop)
	<-over
	t.Logf("%d swaps, %d changes made", swaps, made)
	if swaps == 0 || made == 0 {
		t.Error("there was no race")
	}
	if got(t, outside+"/f") != "theirs" {
		t.Error("a file outside was changed")
	}
	only(t, outside, "f")
}

// TestLinkForTemporary: somebody who may change names in the directory puts a link in the place of the temporary file before it gets its mode. What the
// link leads to keeps its own.
func TestLinkForTemporary(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	theirs := put(t, t.TempDir()+"/theirs", "theirs")
	if err := os.Chmod(theirs, 0o600); err != nil {
		t.Fatal(err)
	}
	swapped := 0
	inner := p.Shell
	p.Shell = func(ctx context.Context, text string) (ShellResult, error) {
		temps, _ := filepath.Glob(dir + "/.relay-*")
		for _, temp := range temps {
			if os.Rename(temp, temp+".away") == nil && os.Symlink(theirs, temp) == nil {
				swapped++
			}
		}
		return inner(ctx, text)
	}
	_, _ = Apply(context.Background(), p, Request{Path: name, Make: to("new")})
	if info, err := os.Stat(theirs); err != nil || info.Mode().Perm() != 0o600 || got(t, theirs) != "theirs" || swapped != 1 {
		t.Errorf("%v, %v, %d swapped", info.Mode(), err, swapped)
	}
}
