package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func publicKey(t testing.TB, path string) note.Verifier {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "audit.tree", "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParsePublicKey(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestProveEveryRecord(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path}, 10)
	v := publicKey(t, path)
	for seq := range int64(21) {
		p, err := Prove(nil, path, seq)
		if err != nil {
			t.Fatal(err)
		}
		r, c, err := CheckProof(p.Text(), v)
		if err != nil {
			t.Fatal(err)
		}
		if r.Seq != seq || c.Size != 21 {
			t.Errorf("proof of %d is of %d in a log of %d", seq, r.Seq, c.Size)
		}
	}
	var not *NotProvableError
	if _, err := Prove(nil, path, 21); !errors.As(err, &not) {
		t.Errorf("proof of a record that is not there: %v", err)
	}
}

func TestCheckProofRefusesForgery(t *testing.T) {
	path, other := logPath(t), logPath(t)
	written(t, Options{Path: path}, 10)
	written(t, Options{Path: other}, 10)
	p, err := Prove(nil, path, 7)
	if err != nil {
		t.Fatal(err)
	}
	v := publicKey(t, path)
	good := p.Text()
	for i := range good {
		for _, bit := range []byte{1 << (i % 7)} {
			forged := bytes.Clone(good)
			forged[i] ^= bit
			if r, _, err := CheckProof(forged, v); err == nil {
				t.Fatalf("byte %d changed from %q to %q: still proves %+v", i, good[i], forged[i], r)
			}
		}
	}
	if _, _, err := CheckProof(good, publicKey(t, other)); err == nil {
		t.Error("a proof was accepted with another log's key")
	}
}

func FuzzParseProof(f *testing.F) {
	path := logPath(f)
	written(f, Options{Path: path}, 3)
	p, err := Prove(nil, path, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Text())
	f.Add([]byte("{}\n\nc2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err != nil {
			return
		}
		again, err := ParseProof(p.Text())
		if err != nil || again.Index != p.Index || len(again.Hashes) != len(p.Hashes) || !bytes.Equal(again.Checkpoint, p.Checkpoint) {
			t.Fatalf("%q became %q: %v", text, p.Text(), err)
		}
	})
}
