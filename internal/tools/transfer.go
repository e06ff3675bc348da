package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

type transferParams struct {
	Host       string   `json:"host" required:"true" desc:"As in ssh_exec."`
	LocalPath  string   `json:"local_path" required:"true" desc:"Path here."`
	RemotePath string   `json:"remote_path" required:"true" desc:"Path there."`
	Recursive  bool     `json:"recursive" desc:"Copy a directory."`
	Overwrite  bool     `json:"overwrite" default:"true" desc:"Replace files."`
	Mode       string   `json:"mode" desc:"Octal; else kept."`
	Verify     bool     `json:"verify" default:"true" desc:"SHA-256 of both ends."`
	Resume     bool     `json:"resume" desc:"Continue an interrupted one."`
	Timeout    *float64 `json:"timeout" min:"0" desc:"Seconds; 0: none."`
	connParams
}

// transferred is what a transfer came to.
type transferred struct {
	Path    string         `json:"path" jsonschema:"where it is now"`
	Bytes   int64          `json:"bytes" jsonschema:"transferred by this call"`
	Resumed int64          `json:"resumed_bytes" jsonschema:"there already, and verified"`
	Files   int            `json:"files"`
	SHA256  string         `json:"sha256" jsonschema:"of a single file; empty without verify and for a tree"`
	Rate    int64          `json:"rate" jsonschema:"bytes per second"`
	Skipped []skippedEntry `json:"skipped" jsonschema:"what was not copied of a tree"`
	Omitted int            `json:"omitted" jsonschema:"further skipped ones"`
	Part    string         `json:"part" jsonschema:"what an interrupted transfer left for resume; empty if nothing"`
}

type skippedEntry struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

func (d *Deps) transferTools() []*Tool {
	hints := Hints{Destructive: true, Idempotent: true, OpenWorld: true}
	up := define(Tool{
		name: "ssh_upload", Title: "Upload files", Toolset: "file", Hints: hints, Output: outputOf[transferred](),
		Description: "Copy a file or a tree (recursive) from here to a host. In a directory that exists it gets the source's name. It appears complete or not at all. For text you have: file_write.",
	}, func(p *transferParams) (*relay.Plan, error) { return d.planTransfer(p, true) })
	down := define(Tool{
		name: "ssh_download", Title: "Download files", Toolset: "file", Hints: hints, Output: outputOf[transferred](),
		Description: "Copy a file or a tree from a host to here, as ssh_upload. To look at a file: file_read.",
	}, func(p *transferParams) (*relay.Plan, error) { return d.planTransfer(p, false) })
	return []*Tool{up, down}
}

func (d *Deps) planTransfer(p *transferParams, up bool) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, p.options())
	if err != nil {
		return nil, err
	}
	t := files.Transfer{Recursive: p.Recursive, Keep: !p.Overwrite, Verify: p.Verify, Resume: p.Resume, MaxEntries: d.Config.TransferEntries}
	if t.Source, err = files.Unescape(p.LocalPath); err != nil {
		return nil, params.Errorf("local_path", "give the path of a file here", "%s", err.Error())
	}
	if t.Dest, err = files.Unescape(p.RemotePath); err != nil {
		return nil, params.Errorf("remote_path", "give the path of a file on the host", "%s", err.Error())
	}
	if t.Mode, err = parseMode(p.Mode); err != nil {
		return nil, err
	}
	if t.Mode != nil && p.Recursive {
		return nil, params.Errorf("mode", "leave mode out: a tree keeps its permissions", "does not go with recursive")
	}
	if !up {
		t.Source, t.Dest = t.Dest, t.Source
	}
	plan := &relay.Plan{Args: p, Hosts: []dest.Destination{host}, Subject: transferSubject(t.Source, t.Dest, p.Recursive)}
	if p.Timeout != nil {
		plan.Timeout = time.Duration(*p.Timeout * float64(time.Second))
	}
	if policy.Assess(plan.Subject).Sensitive {
		plan.Notes = append(plan.Notes, "one of these paths looks like a secret (a key, passwords, tokens)")
	}
	plan.Run = func(ctx context.Context, run *relay.Run) (*relay.Result, error) { return d.transfer(ctx, run, t, up) }
	return plan, nil
}

// transferSubject is what a policy sees: the cp that does the same.
func transferSubject(source, to string, recursive bool) policy.Subject {
	command := "cp --"
	if recursive {
		command = "cp -r --"
	}
	return policy.Subject{Text: quoted(command, source, to), Floor: policy.Stateful}
}

func (d *Deps) transfer(ctx context.Context, run *relay.Run, t files.Transfer, up bool) (*relay.Result, error) {
	host, err := d.Files.Of(run.Target(), run.StoreHostKeys)
	if err != nil {
		return nil, err
	}
	t.From, t.To = host, d.Files.Local()
	if up {
		t.From, t.To = t.To, t.From
	}
	source, err := admitted(ctx, run, &t)
	if err != nil {
		return nil, err
	}
	if run.Forbids != nil {
		t.Admit = func(rel, dest string) error {
			from := files.Below(source, rel)
			return naming(from, run.Forbids(transferSubject(from, dest, false)))
		}
	}
	run.Started()
	res := &relay.Result{}
	t.Note = func(note string) { res.Notes = append(res.Notes, note) }
	if tell := run.Call.Progress; tell != nil {
		t.Progress = func(p files.Progress) { tell(p.String()) }
	}
	report, err := t.Run(ctx)
	f := transferredOf(report, int(d.Config.MaxOutput)/2)
	res.Fields, res.Text = f, f.text(err == nil)
	res.Record = map[string]any{"path": f.Path, "bytes": f.Bytes, "files": f.Files, "sha256": f.SHA256, "skipped": len(report.Skipped)}
	return res, err
}

// admitted asks the policy about the real paths, where links and relative paths lead elsewhere than the ones given. A destination that does
// not exist yet is judged by its directory. It returns the source's.
func admitted(ctx context.Context, run *relay.Run, t *files.Transfer) (source string, err error) {
	if source, err = t.From.RealPath(ctx, t.Source); err != nil {
		return "", err
	}
	to, err := t.To.RealPath(ctx, t.Dest)
	if err != nil {
		return "", err
	}
	if source == t.Source && to == t.Dest {
		return source, nil
	}
	return source, run.Admit(transferSubject(source, to, t.Recursive))
}

func transferredOf(r files.Report, budget int) *transferred {
	f := &transferred{Path: files.Escape(r.Dest), Bytes: r.Bytes, Resumed: r.Resumed, Files: r.Files, SHA256: r.SHA256}
	if r.Part != "" {
		f.Part = files.Escape(r.Part)
	}
	if seconds := r.Elapsed.Seconds(); seconds > 0 {
		f.Rate = int64(float64(r.Bytes) / seconds)
	}
	all := make([]skippedEntry, len(r.Skipped))
	for i, s := range r.Skipped {
		all[i] = skippedEntry{files.Escape(s.Path), s.Reason}
	}
	f.Skipped = fitting(all, budget)
	f.Omitted = len(all) - len(f.Skipped)
	return f
}

// text is for people: "/srv/app.tar  512 MiB, 243 MiB/s, sha256 …".
func (f *transferred) text(done bool) string {
	if !done {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", f.Path, files.Size(f.Bytes))
	if f.SHA256 == "" && f.Files != 1 {
		fmt.Fprintf(&b, " in %d files", f.Files)
	}
	if f.Resumed > 0 {
		fmt.Fprintf(&b, ", %s were there already", files.Size(f.Resumed))
	}
	fmt.Fprintf(&b, ", %s/s", files.Size(f.Rate))
	if f.SHA256 != "" {
		b.WriteString(", sha256 " + f.SHA256)
	}
	b.WriteByte('\n')
	for _, s := range f.Skipped {
		fmt.Fprintf(&b, "skipped %s: %s\n", s.Path, s.Reason)
	}
	if f.Omitted > 0 {
		fmt.Fprintf(&b, "skipped %d more\n", f.Omitted)
	}
	return b.String()
}
