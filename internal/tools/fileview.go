package tools

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"relay-shell/internal/files"
	"relay-shell/internal/files/view"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
)

type fileReadParams struct {
	fileParams
	Offset   int64  `json:"offset" desc:"Byte."`
	Length   int64  `json:"length" desc:"Bytes."`
	Lines    string `json:"lines" desc:"Or: 10-40, 10-, -20 (the last)."`
	Encoding string `json:"encoding" desc:"utf-8 or base64."`
}

type fileListParams struct {
	fileParams
	Glob string `json:"glob" desc:"As *.conf."`
}

// fileContent is a part of a file.
type fileContent struct {
	Path       string `json:"path" jsonschema:"as given"`
	Content    string `json:"content"`
	Encoding   string `json:"encoding"`
	Offset     int64  `json:"offset" jsonschema:"of the content in the file, in bytes"`
	NextOffset *int64 `json:"next_offset" jsonschema:"where to go on; null at the end of the file"`
	Size       int64  `json:"size" jsonschema:"of the whole file, in bytes"`
	FirstLine  int    `json:"first_line,omitempty"`
	LastLine   int    `json:"last_line,omitempty"`
	SHA256     string `json:"sha256,omitempty" jsonschema:"of the whole file, for expected_sha256; not of files over 1 MiB"`
	Binary     bool   `json:"binary,omitempty" jsonschema:"no text: read it as base64"`
	Lossy      bool   `json:"lossy,omitempty" jsonschema:"bytes that are not UTF-8 are shown as U+FFFD"`
}

func (d *Deps) fileViewTools() []*Tool {
	reads := Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}
	read := define(Tool{
		name: "file_read", Title: "Read a file", Toolset: "file", Hints: reads, Output: outputOf[fileContent](),
		Description: "Read a file or part of it. Paths are exact; ~/ is home. Files with secrets are refused.",
	}, d.planFileRead)
	list := define(Tool{
		name: "file_list", Title: "List a directory", Toolset: "file", Hints: reads, Output: outputOf[fileListing](),
		Description: "List a directory: modes, owners, sizes.",
	}, d.planFileList)
	stat := define(Tool{
		name: "file_stat", Title: "Describe a file", Toolset: "file", Hints: reads, Output: outputOf[fileStat](),
		Description: "Describe a file and its backups.",
	}, d.planFileStat)
	search := define(Tool{
		name: "file_search", Title: "Search in files", Toolset: "file", Hints: reads, Output: outputOf[fileFound](),
		Description: "Find matching lines in files, as grep -rn does.",
	}, d.planFileSearch)
	return []*Tool{read, list, stat, search}
}

func (d *Deps) planFileRead(p *fileReadParams) (*relay.Plan, error) {
	lines, err := view.ParseLines(p.Lines)
	if err != nil {
		return nil, params.Errorf("lines", `pass "10-40", "10-", "10" or "-20" for the last twenty`, "%v", err)
	}
	if p.Offset < 0 || p.Length < 0 {
		return nil, params.Errorf("offset", "pass lines=-20 for the end of a file", "neither it nor length can be negative")
	}
	if p.Encoding, err = encoding(p.Encoding); err != nil {
		return nil, err
	}
	if p.Lines != "" && (p.Offset > 0 || p.Length > 0) {
		return nil, params.Errorf("lines", "pass lines, or offset and length", "goes with neither offset nor length")
	}
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, readOnly: true,
		text: func(path string) string { return quoted("cat --", path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			real, err := c.real(ctx)
			if err != nil {
				return nil, err
			}
			o := view.ReadOptions{Offset: p.Offset, Length: p.Length, Lines: lines, Budget: d.Config.MaxOutput, Bytes: p.Encoding == "base64"}
			if o.Bytes {
				o.Budget = o.Budget / 4 * 3
			}
			content, err := view.Read(ctx, c.fs, real, o)
			if err != nil {
				return nil, err
			}
			return d.shownContent(p, files.Escape(c.path), content)
		},
	})
}

// shownContent puts what was read into both forms.
func (d *Deps) shownContent(p *fileReadParams, shown string, c *view.Content) (*relay.Result, error) {
	f := &fileContent{
		Path: shown, Encoding: p.Encoding, Offset: c.Offset, Size: c.Size, FirstLine: c.FirstLine, LastLine: c.LastLine, SHA256: c.SHA256, Binary: c.Binary,
	}
	if next := c.Next(); !c.EOF {
		f.NextOffset = &next
	}
	switch raw := string(c.Data); {
	case p.Encoding == "base64":
		if d.masked(raw) != raw {
			return nil, &relay.Error{Code: "permission_denied", Message: "this part holds secrets that are masked in results (REDACT_OUTPUT)", Hint: "read it as utf-8, where they are masked"}
		}
		f.Content = base64.StdEncoding.EncodeToString(c.Data)
	case c.Binary:
		return &relay.Result{Fields: f, Text: fmt.Sprintf("[binary, %d bytes; encoding=base64 shows them, ssh_download fetches them]\n", c.Size)}, nil
	default:
		f.Lossy = !utf8.ValidString(raw)
		f.Content = d.masked(strings.ToValidUTF8(raw, "\uFFFD"))
	}
	return &relay.Result{Fields: f, Text: f.text(c)}, nil
}

// text is the content with what to know about it.
func (f *fileContent) text(c *view.Content) string {
	text := f.Content
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	switch {
	case f.Size == 0:
		return "[the file is empty]\n"
	case len(c.Data) == 0:
		return fmt.Sprintf("[nothing there: the file has %d bytes]\n", f.Size)
	case f.NextOffset != nil:
		lines := ""
		if f.FirstLine > 0 {
			lines = fmt.Sprintf("lines %d-%d, ", f.FirstLine, f.LastLine)
		}
		text += fmt.Sprintf("[%sbytes %d-%d of %d; go on with offset=%d]\n", lines, f.Offset, *f.NextOffset-1, f.Size, *f.NextOffset)
	case f.Offset > 0:
		text += fmt.Sprintf("[from byte %d to the end, %d]\n", f.Offset, f.Size)
	}
	if f.Lossy {
		text += "[bytes that are not UTF-8 are shown as U+FFFD; encoding=base64 shows them]\n"
	}
	if f.SHA256 != "" {
		text += "[sha256 " + f.SHA256 + "]\n"
	}
	return text
}

// fileEntry is one file of a listing.
type fileEntry struct {
	Name     string `json:"name" jsonschema:"with what cannot be shown as $'…', which paths take back"`
	Type     string `json:"type" jsonschema:"file, dir, link, pipe, socket, block or char"`
	Size     int64  `json:"size" jsonschema:"bytes"`
	Mode     string `json:"mode" jsonschema:"octal, as file_chmod takes it"`
	Owner    string `json:"owner" jsonschema:"user:group, by number where the target has no name for it"`
	Modified string `json:"modified"`
	Target   string `json:"target,omitempty" jsonschema:"where a link leads"`
}

type fileListing struct {
	Path    string      `json:"path"`
	Files   []fileEntry `json:"files"`
	Total   int         `json:"total" jsonschema:"entries that match"`
	Omitted int         `json:"omitted,omitempty" jsonschema:"left out for want of room"`
	Partial bool        `json:"partial,omitempty" jsonschema:"the directory has more than 100,000 entries; the rest was not looked at"`
	deniedFiles
}

func (d *Deps) planFileList(p *fileListParams) (*relay.Plan, error) {
	glob, err := view.ParseGlob(p.Glob)
	if err != nil {
		return nil, badGlob(err)
	}
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, readOnly: true, text: exists,
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			real, err := c.real(ctx)
			if err != nil {
				return nil, err
			}
			denied := &unshown{c: c}
			l, err := view.List(ctx, c.fs, real, glob, maxListed, denied.out)
			if err != nil {
				return nil, err
			}
			owners := c.accounts(ctx)
			all := make([]fileEntry, len(l.Entries))
			for i, e := range l.Entries {
				all[i] = entryOf(e, owners)
			}
			list := &fileListing{Path: files.Escape(c.path), Files: fitting(all, int(d.Config.MaxOutput)/2), Total: l.Total, Partial: l.Partial, deniedFiles: denied.fields()}
			list.Omitted = l.Total - len(list.Files)
			return &relay.Result{Fields: list, Text: list.text()}, nil
		},
	})
}

// maxListed is how many entries are described before those that fit are taken.
const maxListed = 10_000

func badGlob(err error) error {
	return params.Errorf("glob", "a pattern such as *.conf, **/*.{c,h} or sub/*", "%v", err)
}

// exists is what looking at a file without its content is to the policy.
func exists(path string) string { return quoted("test -e", path) }

func (l *fileListing) text() string {
	var b strings.Builder
	for i := range l.Files {
		b.WriteString(l.Files[i].line() + "\n")
	}
	switch {
	case l.Total == 0 && l.DeniedCount == 0:
		b.WriteString("[nothing matches, or the directory is empty]\n")
	case l.Omitted > 0 || l.Partial:
		fmt.Fprintf(&b, "[%d of %d entries; narrow it with glob]\n", len(l.Files), l.Total)
	}
	return b.String() + l.deniedFiles.text()
}

func entryOf(e view.Entry, owners *accounts) fileEntry {
	f := fileEntry{
		Name: files.Escape(e.Name), Type: kindName(e.Mode), Size: e.Size, Mode: files.Octal(e.Mode), Owner: owners.of(e.Info), Modified: stamp(e.ModTime),
	}
	if e.Target != "" {
		f.Target = files.Escape(e.Target)
	}
	return f
}

// line is an entry in the form of ls -l.
func (f *fileEntry) line() string {
	text := fmt.Sprintf("%-5s %s %s %10d %s %s", f.Type, f.Mode, f.Owner, f.Size, f.Modified, f.Name)
	if f.Target != "" {
		text += " -> " + f.Target
	}
	return text
}
