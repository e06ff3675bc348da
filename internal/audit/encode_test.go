package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRecordRoundTrip(t *testing.T) {
	for _, r := range append(exotic(), result("x")) {
		r.Seq, r.TS = 42, time.Date(2026, 1, 31, 12, 0, 0, 5, time.UTC)
		encoded, err := encode(&r)
		if err != nil {
			t.Fatal(err)
		}
		text := bytes.TrimSuffix(line(r.Seq, r.TS, encoded), []byte("\n"))
		if bytes.ContainsAny(text, "\n") {
			t.Fatalf("a record has two lines: %s", text)
		}
		var back Record
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		r.V = Version
		if diff := cmp.Diff(r, back); diff != "" {
			t.Errorf("-written +read\n%s", diff)
		}
		again, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(escapeUnseen(again), text) && !strings.Contains(string(text), `\u`) {
			t.Errorf("%s\nmarshals as\n%s", text, again)
		}
	}
}

func TestLongStringsAreCut(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	args, err := json.Marshal(map[string]any{"command": long, "list": []string{"short", long}, "n": json.Number("123456789012345678901234567890"), long: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := intent("x")
	r.Args, r.Client = args, long
	encoded, err := encode(&r)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, args); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(compact.Bytes())
	if r.ArgsSHA256 != hex.EncodeToString(sum[:]) {
		t.Error("args_sha256 is not over the whole arguments")
	}
	if !utf8.Valid(encoded) || len(encoded) > 5*maxString {
		t.Errorf("%d bytes, valid UTF-8 %v", len(encoded), utf8.Valid(encoded))
	}
	if n := bytes.Count(encoded, []byte("...(+5904 bytes)")); n != 4 {
		t.Errorf("%d strings say how much is missing, want 4: %.300s", n, encoded)
	}
	if !bytes.Contains(encoded, []byte("123456789012345678901234567890")) {
		t.Error("a number changed its spelling")
	}
}

func TestTooManyArguments(t *testing.T) {
	hosts := make([]string, 200_000)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("host%d.example.net", i)
	}
	args, err := json.Marshal(map[string]any{"hosts": hosts})
	if err != nil {
		t.Fatal(err)
	}
	r := intent("x")
	r.Args = args
	encoded, err := encode(&r)
	if err != nil || len(encoded) > maxBody {
		t.Fatalf("%d bytes, %v", len(encoded), err)
	}
	if want := fmt.Sprintf(`"args":{"too_large":%d}`, len(args)); !bytes.Contains(encoded, []byte(want)) {
		t.Errorf("%.300s lacks %s", encoded, want)
	}
}

// What a terminal would obey stands as an escape in the log.
func TestUnseenCharactersAreEscaped(t *testing.T) {
	r := intent("x")
	r.Args = json.RawMessage(`{"command":"a\u001b[2J` + "\u202e\u200b\u009b\u007f\ufeff" + `ü"}`)
	encoded, err := encode(&r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range string(encoded) {
		if c < 0x20 || unseen(c) {
			t.Errorf("%q stands in the log", c)
		}
	}
	var back struct {
		Args struct{ Command string }
	}
	if err := json.Unmarshal(encoded, &back); err != nil || back.Args.Command != "a\x1b[2J\u202e\u200b\u009b\u007f\ufeffü" {
		t.Errorf("%q %v", back.Args.Command, err)
	}
}

func TestParseSeq(t *testing.T) {
	tests := []struct {
		line string
		seq  int64
		ok   bool
	}{
		{`{"v":1,"seq":0,"ts":"x"}`, 0, true},
		{`{"v":1,"seq":123456789,"x":1}`, 123456789, true},
		{`{"v":1,"seq":007,"x":1}`, 0, false},
		{`{"v":1,"seq":12`, 0, false},
		{`{"v":1,"seq":12}`, 0, false},
		{`{"v":1,"seq":12,`, 0, false},
		{`{"v":1,"seq":-1,"x":1}`, 0, false},
		{`{"v":1,"seq":99999999999999999999,"x":1}`, 0, false},
		{`{"v":2,"seq":1,"x":1}`, 0, false},
		{``, 0, false},
	}
	for _, test := range tests {
		if seq, ok := parseSeq([]byte(test.line)); ok != test.ok || ok && seq != test.seq {
			t.Errorf("%s: %d, %v", test.line, seq, ok)
		}
	}
}

func FuzzRecord(f *testing.F) {
	for _, r := range exotic() {
		encoded, err := encode(&r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line(7, time.Unix(0, 0), encoded), []byte("\n")))
	}
	f.Add([]byte(`{"v":1,"seq":1,"phase":"log","log":{"from":1,"to":-5}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parseSeq(text)
		housekeeping(text)
		edgeOf(text)
		timeOf(text)
		var r Record
		if json.Unmarshal(text, &r) != nil {
			return
		}
		r.cef()
		r.leef()
		encoded, err := encode(&r)
		if err != nil {
			return
		}
		if !json.Valid(encoded) || bytes.ContainsRune(encoded, '\n') {
			t.Fatalf("%q", encoded)
		}
	})
}

func FuzzArgs(f *testing.F) {
	f.Add([]byte(`{"a":["b",1.50,{"c":null}]}`))
	f.Add([]byte("{\"a\":\"" + strings.Repeat("x", 5000) + "\"}"))
	f.Fuzz(func(t *testing.T, args []byte) {
		r := intent("x")
		r.Args = args
		encoded, err := encode(&r)
		if err != nil {
			if json.Valid(args) {
				t.Fatalf("%q: %v", args, err)
			}
			return
		}
		text := line(1, time.Unix(0, 0), encoded)
		if seq, ok := parseSeq(text[:len(text)-1]); !ok || seq != 1 {
			t.Fatalf("%q is no record", text)
		}
	})
}
