package session

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/pty"
)

// token is a random one of a provider's shape.
func token() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b)
	return "ghp_" + "aB" + hex.EncodeToString(b)
}

// recorded is what the recording shows, and the file. A recording must be readable up to its last event.
func (w *world) recorded(id string) (shown, file string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "rec", id+".cast"))
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	o := pty.PlayOptions{Raw: true, Speed: 1e9}
	if err := pty.Play(w.t.Context(), bytes.NewReader(text), &out, o); err != nil {
		w.t.Fatal(err)
	}
	return out.String(), string(text)
}

// TestRecordingMasked: no secret that was printed or typed gets into the file, in whatever pieces and colours it came, and a prompt that waits is
// there. That holds for what a killed keeper leaves, too.
func TestRecordingMasked(t *testing.T) {
	w := newWorld(t)
	whole, slow, coloured, typed := token(), token(), token(), token()
	known := "pass " + token()[6:20]
	command := "stty -echo; printf 'Password: '; read p; stty echo; echo; echo \"got $p\"; " +
		"echo " + whole[:20] + "'" + whole[20:] + "'; " +
		"for p in '" + slow[:7] + "' '" + slow[7:19] + "' '" + slow[19:] + "'; do printf %s \"$p\"; sleep 0.6; done; echo; " +
		"printf '" + coloured[:9] + "\\033[1;31m" + coloured[9:] + "\\033[0m\\n'; printf 'ready> '; read q; echo end"
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", command}, Recordings: filepath.Join(w.dir, "rec"), Trail: w.trail(), Command: "TOKEN=" + typed + " run", Name: "n"})
	w.until(id, `Password: `)
	if !w.status(id).AwaitingSecret {
		t.Fatal("no secret is asked for")
	}
	w.call(id, OpSend, Send{Data: known, Enter: true, Secret: true, Known: []string{known}}, nil)
	w.until(id, `ready> `)
	var shown, file string
	for deadline := time.Now().Add(30 * time.Second); !strings.HasSuffix(shown, "ready> "); time.Sleep(50 * time.Millisecond) {
		if shown, file = w.recorded(id); time.Now().After(deadline) {
			t.Fatalf("the prompt is not in the recording: %q", shown)
		}
	}
	check := func() {
		t.Helper()
		for _, secret := range []string{whole, slow, coloured, typed, known} {
			for at := 0; at+12 <= len(secret); at++ {
				if strings.Contains(file, secret[at:at+12]) {
					t.Fatalf("a secret is in the recording: %q", file)
				}
			}
		}
		if n := strings.Count(shown, "‹secret:"); n != 4 || strings.Count(file, "‹secret:") != 5 {
			t.Errorf("%d marks: %q", n, file)
		}
	}
	check()
	w.covered(id, true)
	info, err := w.Find(t.Context(), Kind, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	shown, file = w.recorded(id)
	check()
}

// TestRecordingOrdinary: what holds no secret is recorded as it was, to its last byte.
func TestRecordingOrdinary(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `seq 1 5000; printf 'ä\033[2J\033[Hword'; exit 3`}, Recordings: filepath.Join(w.dir, "rec"), Trail: w.trail()})
	r := w.ended(id)
	w.covered(id, true)
	if shown, _ := w.recorded(id); shown != string(r.Data) || !strings.HasSuffix(shown, "5000\r\nä\x1b[2J\x1b[Hword") {
		t.Errorf("%d bytes, want %d: %q", len(shown), len(r.Data), shown[max(0, len(shown)-100):])
	}
}

// TestAnswersMasked: what was given to a program stands in no answer, whoever asks, whether or not it is recorded; what only looks like a secret
// is the asking server's to judge.
func TestAnswersMasked(t *testing.T) {
	w := newWorld(t)
	given, typed, looks := "env-"+token()[6:20], "typed-"+token()[6:20], token()
	id := w.spawn(Params{
		Argv: []string{"/bin/sh", "-c", `stty -echo; printf 'Password: '; read p; stty echo; echo; echo "1 ` + given + ` 2 $p 3"; echo ` + looks + `; printf 'ready> '; read q`}, Known: []string{given},
	})
	w.until(id, `Password: `)
	w.call(id, OpSend, Send{Data: typed, Enter: true, Secret: true}, nil)
	w.until(id, `ready> `)
	shown := ""
	for cursor := int64(0); ; {
		var r Received
		w.call(id, OpRecv, Receive{Cursor: &cursor, Max: 1 << 16, Context: 1 << 10}, &r)
		for _, text := range []string{string(r.Before), string(r.Data), string(r.After)} {
			shown += text
			if strings.Contains(text, given) || strings.Contains(text, typed) {
				t.Fatalf("from %d: %q", cursor, text)
			}
		}
		if cursor++; cursor >= r.Cursor {
			break
		}
	}
	if !strings.Contains(shown, "1 ‹secret:") || !strings.Contains(shown, looks) {
		t.Errorf("%q", shown[:min(len(shown), 400)])
	}
	screen := w.shows(id, `ready>`)
	if text := strings.Join(screen.Lines, "\n") + screen.Title; strings.Contains(text, given) || strings.Contains(text, typed) || strings.Count(text, "‹secret:") != 2 {
		t.Errorf("the screen shows %q", text)
	}
}

// TestContext gives what stands around a piece that was read.
func TestContext(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "printf abcdefghij; read x"}})
	w.until(id, `j`)
	cursor := int64(3)
	var r Received
	w.call(id, OpRecv, Receive{Cursor: &cursor, Wait: time.Second, Max: 100, Until: "f", Context: 2}, &r)
	if string(r.Before) != "bc" || string(r.Data) != "def" || string(r.After) != "gh" {
		t.Errorf("%q %q %q", r.Before, r.Data, r.After)
	}
}
