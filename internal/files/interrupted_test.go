package files

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTransferInterrupted ends transfers at random offsets: the destination stays what it was, and resuming gives the whole.
func TestTransferInterrupted(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		old, data := []byte("old"), random(24<<20)
		put(t, source+"/f", data)
		put(t, dest+"/f", old)
		if err := os.Chmod(dest+"/f", 0o666); err != nil {
			t.Fatal(err)
		}
		kept, tries := 0, 0
		// A tenth of a second is the midst of it on most machines; where it is too early or too late, the bound doubles or halves.
		for within := 100 * time.Millisecond; tries < interruptions || kept == 0 && tries < 20*interruptions; tries++ {
			at := time.Duration(rand.Int64N(int64(within)))
			ctx, cancel := context.WithTimeoutCause(t.Context(), at, errors.New("killed"))
			tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: true}
			report, err := tr.Run(ctx)
			cancel()
			if err == nil {
				holds(t, dest+"/f", data)
				put(t, dest+"/f", old)
				within = max(within/2, 5*time.Millisecond)
				continue
			}
			holds(t, dest+"/f", old)
			left := litter(t, dest, "f")
			if len(left) > 1 || len(left) == 1 && left[0] != filepath.Base(report.Part) || len(left) == 0 && report.Part != "" {
				t.Fatalf("left behind: %q; told of %q", left, report.Part)
			}
			if report.Part == "" {
				within = min(2*within, 30*time.Second)
				continue
			}
			kept++
			tr.Resume = true
			report, err = tr.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			holds(t, dest+"/f", data)
			if report.Bytes+report.Resumed != int64(len(data)) {
				t.Errorf("report %+v", report)
			}
			if again := litter(t, dest, "f"); again != nil {
				t.Errorf("left behind: %q", again)
			}
			put(t, dest+"/f", old)
		}
		t.Logf("%d of %d left a part", kept, tries)
		if kept == 0 {
			t.Error("no transfer was interrupted in its midst")
		}
	})
}

// TestTransferCancelled leaves nothing when the caller does not want it any more.
func TestTransferCancelled(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		put(t, source+"/f", random(64<<20))
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: true}
			watched := make(chan struct{})
			go func() { // ends with ctx
				defer close(watched)
				cancelAt(ctx, cancel, dest, 1+rand.Int64N(32<<20))
			}()
			_, err := tr.Run(ctx)
			cancel()
			<-watched
			if err != nil {
				if left := litter(t, dest); left != nil {
					t.Errorf("left behind: %q", left)
				}
				return
			}
			if err := os.Remove(dest + "/f"); err != nil { // it was done before anybody saw so many bytes
				t.Fatal(err)
			}
		}
		t.Error("no transfer could be cancelled in its midst")
	})
}

// cancelAt cancels once a part file in a directory has so many bytes.
func cancelAt(ctx context.Context, cancel func(), dir string, size int64) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && isPart(e.Name(), "") && info.Size() >= size {
				cancel()
			}
		}
	}
}
