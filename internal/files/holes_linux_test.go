package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"relay-shell/internal/sshtest"
)

// plantSparse makes a file with some bytes between holes, and at its end.
func plantSparse(t testing.TB, name string, size int64) (sum string, room int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int64{0, size/2 - 1000, size - 10_000} {
		if _, err := f.WriteAt(random(4096), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	h, _, err := digest(f, -1)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h[:]), roomOf(t, name)
}

// roomOf is what a file takes of its disk.
func roomOf(t testing.TB, name string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

// TestSparse: what a file holds and the room that it takes are the same at both ends.
func TestSparse(t *testing.T) {
	t.Parallel()
	const size = 64<<20 + 12345
	check := func(t *testing.T, from, to FS, source, dest string) {
		sum, room := plantSparse(t, source+"/f", size)
		if room > 1<<20 {
			t.Skip("this file system keeps no holes")
		}
		for _, verify := range []bool{true, false} {
			tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: verify}
			report, err := tr.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if verify && report.SHA256 != sum || report.Bytes != size {
				t.Errorf("%+v, want %s", report, sum)
			}
			got, err := os.ReadFile(dest + "/f")
			if err != nil {
				t.Fatal(err)
			}
			if there := sha256.Sum256(got); len(got) != size || hex.EncodeToString(there[:]) != sum {
				t.Errorf("%d bytes, %x", len(got), there)
			}
			if there := roomOf(t, dest+"/f"); there > room+1<<20 {
				t.Errorf("it takes %d bytes of the disk, the source %d", there, room)
			}
		}
		// Only so much, and going on from there.
		if err := os.Remove(dest + "/f"); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(source + "/f")
		if err != nil {
			t.Fatal(err)
		}
		part := dest + "/" + partName("f")
		put(t, part, whole[:5<<20])
		if info, err := os.Stat(dest); err == nil {
			chownLike(t, part, info)
		}
		tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: true, Resume: true}
		if report, err := tr.Run(t.Context()); err != nil || report.SHA256 != sum || report.Resumed != 5<<20 {
			t.Errorf("resumed: %+v, %v", report, err)
		}
		if there := roomOf(t, dest+"/f"); there > room+7<<20 {
			t.Errorf("resumed it takes %d bytes of the disk", there)
		}
	}
	ways(t, check)
	t.Run("without sftp", func(t *testing.T) {
		w, server := appliance(t)
		here, there := Local(Bounds{}), w.fs("target")
		t.Run("up", func(t *testing.T) { check(t, here, there, remoteDir(t), ownedDir(t, server)) })
		t.Run("down", func(t *testing.T) { check(t, there, here, remoteDir(t), t.TempDir()) })
	})
	t.Run("sftp alone", func(t *testing.T) {
		server := sshtest.Start(t, sshtest.Options{Ordinary: true, Config: []string{"ForceCommand internal-sftp"}})
		w := newWorld(t, server.Lab, Options{})
		check(t, w.fs("target"), Local(Bounds{}), remoteDir(t), t.TempDir())
	})
}

// TestWriteData writes all that is no zero, wherever it begins.
func TestWriteData(t *testing.T) {
	for range 200 {
		want := make([]byte, 1+rand.IntN(5*block))
		for range rand.IntN(4) {
			want[rand.IntN(len(want))] = 1
		}
		from := min(rand.IntN(2*block), len(want))
		f := &memory{data: make([]byte, len(want))}
		copy(f.data, want[:from])
		if err := writeData(f, want[from:], int64(from)); err != nil || !bytes.Equal(f.data, want) {
			t.Fatalf("from %d of %d: %v", from, len(want), err)
		}
		for n, b := range f.writes {
			if !bytes.ContainsFunc(b, func(r rune) bool { return r != 0 }) {
				t.Errorf("write %d is all zeros", n)
			}
		}
	}
}

type memory struct {
	data   []byte
	writes [][]byte
}

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	m.writes = append(m.writes, b)
	return copy(m.data[off:], b), nil
}
