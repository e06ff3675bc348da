package audit

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// exotic has in it what formats must escape.
func exotic() []Record {
	denied := result("01JB")
	denied.Denied, denied.Outcome, denied.Tier, denied.ExitCode = true, "denied", 3, nil
	denied.Tool, denied.Client, denied.Principal = "ssh_exec", "a|b=c\\d", "=cmd()"
	denied.Args = json.RawMessage(`{"command":"rm -rf / # a=b|c\\d\n\ttab \u202e evil"}`)
	denied.Host = &Host{Alias: "db|1", User: "root", Hostname: "db1.example.net", Port: 2222, Jump: "bastion", Fingerprint: "SHA256:abc"}
	denied.Error = &Error{Code: "denied", Message: "line one\nline two"}
	killed := result("01JC")
	killed.ExitCode, killed.Signal, killed.OutputSHA256, killed.OutputLen = ptr(137), "KILL", strings.Repeat("ab", 32), 1234
	return []Record{intent("01JA"), denied, killed}
}

func TestExportGolden(t *testing.T) {
	path := logPath(t)
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.UTC)
	l := open(t, Options{Path: path, Session: "01JABCDEFGHJKMNPQRSTVWXYZ0", Now: func() time.Time { return at }})
	for _, r := range exotic() {
		appendOK(t, l, r, false)
	}
	for _, form := range Formats() {
		t.Run(form, func(t *testing.T) {
			var b bytes.Buffer
			n, err := Export(context.Background(), &b, ExportOptions{Path: path, Format: form})
			if err != nil || n != 3 {
				t.Fatal(n, err)
			}
			golden := filepath.Join("testdata", "export."+form)
			if *update {
				if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestExportLinesAreTheLogs(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path, Rotate: Rotation{Size: 3000}}, 10)
	var b bytes.Buffer
	if _, err := Export(context.Background(), &b, ExportOptions{Path: path, Housekeeping: true}); err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Join(wholeLog(t, path), []byte("\n")), '\n')
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("an export of everything differs from the log")
	}
	b.Reset()
	if n, err := Export(context.Background(), &b, ExportOptions{Path: path, Filter: Filter{Outcome: "ok", Tool: "ssh_exec"}}); err != nil || n != 10 {
		t.Errorf("%d results, %v", n, err)
	}
	if _, err := Export(context.Background(), &b, ExportOptions{Path: path, Format: "xml"}); err == nil {
		t.Error("an unknown format was taken")
	}
}

func TestCSVIsOneRowEach(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path})
	for _, r := range exotic() {
		appendOK(t, l, r, false)
	}
	var b bytes.Buffer
	if _, err := Export(context.Background(), &b, ExportOptions{Path: path, Format: "csv"}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := rows[2][8]; got != "'=cmd()" {
		t.Errorf("a cell that begins like a formula: %q", got)
	}
}

// FuzzSIEM holds what makes a line of CEF or LEEF one event: no line breaks, no unescaped separators in the header.
func FuzzSIEM(f *testing.F) {
	f.Add("ssh_exec", "root", "a|b\\c=d\ne")
	f.Add("x\r\n", "\t", "\u202e\x00")
	f.Fuzz(func(t *testing.T, tool, principal, message string) {
		r := result("call")
		r.Tool, r.Principal, r.Error = tool, principal, &Error{Code: "internal", Message: message}
		for form, bars := range map[Format]int{CEF: 7, LEEF: 6} {
			text := string(bytes.TrimSuffix(formed(form, &r, nil), []byte("\n")))
			if strings.ContainsAny(text, "\n\r") {
				t.Fatalf("%s has a line break: %q", form, text)
			}
			header := strings.ReplaceAll(strings.ReplaceAll(text, `\\`, ""), `\|`, "")
			if n := strings.Count(header, "|"); n < bars {
				t.Fatalf("%s has %d bars: %q", form, n, text)
			}
		}
	})
}
