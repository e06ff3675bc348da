package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ExportOptions say what to export, and how.
type ExportOptions struct {
	// Path is the live segment.
	Path string
	// Format is "jsonl", "cef", "leef" or "csv"; "" = jsonl.
	Format string
	// Filter selects records, intents and results alike; its Lines and MaxBytes bound nothing here. Outcome selects results only.
	Filter Filter
	// Until leaves out what is as new or newer; zero leaves out nothing.
	Until time.Time
	// Housekeeping includes what the log says about itself.
	Housekeeping bool
	// FS is the file system, nil = the operating system's.
	FS FS
}

// Export writes the selected records to w in their order, and returns how many. JSON lines are the bytes of the log, so that their hashes
// stay what they were. The export does not verify: see [Verify].
func Export(ctx context.Context, w io.Writer, o ExportOptions) (int64, error) {
	if o.FS == nil {
		o.FS = osFS{}
	}
	form, err := newFormat(w, o.Format)
	if err != nil {
		return 0, err
	}
	lay, err := newLayout(o.Path)
	if err != nil {
		return 0, err
	}
	log, err := takeSnapshot(o.FS, lay, nil)
	if err != nil {
		return 0, err
	}
	defer log.close()
	var n int64
	for i := range log.segs {
		count, err := exportSegment(ctx, log, &log.segs[i], &o, form)
		n += count
		if err != nil {
			return n, fmt.Errorf("exporting %s: %w", log.segs[i].base(), err)
		}
	}
	return n, form.end()
}

func exportSegment(ctx context.Context, log *snapshot, s *segment, o *ExportOptions, form format) (n int64, err error) {
	r, err := log.open(s)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	lines := newLineReader(r, 0)
	for {
		text, whole, err := lines.next()
		if errors.Is(err, io.EOF) || err == nil && !whole && s.live {
			return n, nil // a line without its end is being written
		}
		if err != nil {
			return n, err
		}
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		var r Record
		if json.Unmarshal(text, &r) != nil || !o.selects(&r) {
			continue
		}
		if err := form.record(&r, text); err != nil {
			return n, err
		}
		n++
	}
}

func (o *ExportOptions) selects(r *Record) bool {
	if r.Phase == Housekeeping && !o.Housekeeping {
		return false
	}
	return (o.Until.IsZero() || r.TS.Before(o.Until)) && o.Filter.match(r)
}

// format writes records in one form.
type format interface {
	record(r *Record, line []byte) error
	end() error
}

// Formats are the names that Export takes.
func Formats() []string { return []string{"jsonl", "cef", "leef", "csv"} }

func newFormat(w io.Writer, name string) (format, error) {
	switch name {
	case "", string(JSONL):
		return lineFormat{w, func(_ *Record, line []byte) []byte { return line }}, nil
	case string(CEF):
		return lineFormat{w, func(r *Record, _ []byte) []byte { return r.cef() }}, nil
	case string(LEEF):
		return lineFormat{w, func(r *Record, _ []byte) []byte { return r.leef() }}, nil
	case "csv":
		return &csvFormat{w: csv.NewWriter(w)}, nil
	}
	return nil, fmt.Errorf("format %q is none of %s", name, strings.Join(Formats(), ", "))
}

type lineFormat struct {
	w    io.Writer
	line func(r *Record, line []byte) []byte
}

func (f lineFormat) record(r *Record, line []byte) error {
	text := f.line(r, line)
	_, err := f.w.Write(append(text[:len(text):len(text)], '\n'))
	return err
}

func (lineFormat) end() error { return nil }

// csvFormat writes a table with a head line.
type csvFormat struct {
	w      *csv.Writer
	headed bool
}

var csvColumns = []string{
	"seq", "ts", "phase", "call", "tool", "tier", "denied", "action", "principal", "client", "session", "host", "user", "hostname", "port", "jump",
	"fingerprint", "args", "args_sha256", "mode", "rules", "outcome", "exit_code", "signal", "duration_ms", "output_sha256", "output_len", "error_code", "error",
}

func (f *csvFormat) record(r *Record, _ []byte) error {
	if err := f.head(); err != nil {
		return err
	}
	var host Host
	port := ""
	if r.Host != nil {
		host, port = *r.Host, strconv.Itoa(r.Host.Port)
	}
	var failure Error
	if r.Error != nil {
		failure = *r.Error
	}
	row := []string{
		strconv.FormatInt(r.Seq, 10), r.TS.UTC().Format(timeForm), string(r.Phase), r.Call, r.Tool, strconv.Itoa(r.Tier), strconv.FormatBool(r.Denied),
		r.Action, r.Principal, r.Client, r.Session, host.Alias, host.User, host.Hostname, port, host.Jump, host.Fingerprint, string(r.Args), r.ArgsSHA256,
		r.Mode, r.Rules, r.Outcome, exitText(r.ExitCode), r.Signal, resultInt(r, r.DurationMS), r.OutputSHA256, resultInt(r, r.OutputLen), failure.Code, failure.Message,
	}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return f.w.Write(row)
}

func (f *csvFormat) head() error {
	if f.headed {
		return nil
	}
	f.headed = true
	return f.w.Write(csvColumns)
}

func (f *csvFormat) end() error {
	if err := f.head(); err != nil {
		return err
	}
	f.w.Flush()
	return f.w.Error()
}

// harmless keeps a spreadsheet from taking a cell for a formula (OWASP, CSV injection): hosts choose some of these texts. Unseen characters
// are shown as escapes.
func harmless(cell string) string {
	cell = visible(cell)
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		if _, err := strconv.ParseInt(cell, 10, 64); err != nil {
			return "'" + cell
		}
	}
	return cell
}

// visible writes control, bidi and zero-width characters but newlines and tabs as escapes.
func visible(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c < 0x20 && c != '\n' && c != '\t' || unseen(c) {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func exitText(code *int) string {
	if code == nil {
		return ""
	}
	return strconv.Itoa(*code)
}

// resultInt is a number that only results have.
func resultInt(r *Record, n int64) string {
	if r.Phase != Result {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
