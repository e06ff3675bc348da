package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

// lineFilter hides the word secret. It lets whole lines through, as masks that look at lines do.
type lineFilter struct {
	w    io.Writer
	line []byte
}

func (f *lineFilter) Write(p []byte) (int, error) {
	f.line = append(f.line, p...)
	i := bytes.LastIndexByte(f.line, '\n') + 1
	done := f.line[:i:i]
	f.line = append([]byte(nil), f.line[i:]...)
	_, err := f.w.Write(bytes.ReplaceAll(done, []byte("secret"), []byte("***")))
	return len(p), err
}

func (f *lineFilter) Flush() error {
	rest := f.line
	f.line = nil
	_, err := f.w.Write(bytes.ReplaceAll(rest, []byte("secret"), []byte("***")))
	return err
}

// TestMask wants a secret neither shown nor kept, however it arrives, and hashes and counts of what was printed.
func TestMask(t *testing.T) {
	for _, merge := range []bool{true, false} {
		spool := openSpool(t, SpoolOptions{})
		c := NewCapture(CaptureOptions{Budget: 600, Spool: spool, Merge: merge, Mask: func(w io.Writer) Filter { return &lineFilter{w: w} }, Progress: func(line string) {
			if strings.Contains(line, "secret") {
				t.Errorf("progress says %q", line)
			}
		}})
		printed := strings.Repeat("a secret line\n", 200) + "no end: secret"
		errors := "error: secret\n"
		for i := range len(printed) {
			_, _ = c.Stdout().Write([]byte(printed[i : i+1]))
		}
		_, _ = c.Stderr().Write([]byte(errors))
		out := c.Finish()
		page, err := spool.Read(out.OutputID, 0, MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{"stdout": out.Stdout, "stderr": out.Stderr, "page": page.Data} {
			if strings.Contains(text, "secret") {
				t.Errorf("merge %v: %s holds it: %q", merge, what, text)
			}
		}
		if !strings.Contains(page.Data, "no end: ***") {
			t.Errorf("merge %v: the end is missing: %q", merge, page.Data)
		}
		sum := sha256.Sum256([]byte(printed + errors))
		if want := hex.EncodeToString(sum[:]); out.SHA256 != want || out.TotalBytes != int64(len(printed+errors)) || out.HashedBytes != out.TotalBytes {
			t.Errorf("merge %v: hash %s of %d, total %d; want %s of %d", merge, out.SHA256, out.HashedBytes, out.TotalBytes, want, len(printed+errors))
		}
	}
}
