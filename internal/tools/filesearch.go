package tools

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/files"
	"relay-shell/internal/files/view"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/target"
)

type fileSearchParams struct {
	fileParams
	Pattern string `json:"pattern" required:"true" desc:"RE2."`
	Glob    string `json:"glob" desc:"As src/**/*.go."`
	Context int    `json:"context" desc:"Lines around."`
	Limit   int    `json:"limit" default:"100" desc:"Matches."`
}

// fileFound is what a search found.
type fileFound struct {
	Path    string      `json:"path"`
	Matches []fileMatch `json:"matches"`
	Files   int         `json:"files_searched"`
	Skipped fileSkipped `json:"skipped"`
	deniedFiles
	// More names the bound that ended the search.
	More string `json:"more,omitempty" jsonschema:"there may be more: the bound that ended the search (limit, max_output, files, time)"`
}

type fileMatch struct {
	Path   string   `json:"path"`
	Line   int      `json:"line"`
	Text   string   `json:"text"`
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
}

type fileSkipped struct {
	Binary     int `json:"binary"`
	Large      int `json:"large" jsonschema:"over FILE_BYTES"`
	Secret     int `json:"secret" jsonschema:"their names say that they hold secrets"`
	Unreadable int `json:"unreadable"`
}

// maxMatches is the most a call may ask for.
const maxMatches = 10_000

// maxSearchFiles is how many files of a tree are looked at.
const maxSearchFiles = 100_000

func (d *Deps) planFileSearch(p *fileSearchParams) (*relay.Plan, error) {
	re, err := regexp.Compile(p.Pattern)
	if err != nil {
		return nil, params.Errorf("pattern", "RE2 syntax, see https://github.com/google/re2/wiki/Syntax", "%v", err)
	}
	if p.Context < 0 || p.Context > 20 || p.Limit < 1 || p.Limit > maxMatches {
		return nil, params.Errorf("limit", "pass 1 to 10000, and a context of 0 to 20", "it or context is out of bounds")
	}
	glob, err := view.ParseGlob(p.Glob)
	if err != nil {
		return nil, badGlob(err)
	}
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, readOnly: true,
		text: func(path string) string { return quoted("grep -rn -e", p.Pattern, "--", path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			real, err := c.real(ctx)
			if err != nil {
				return nil, err
			}
			o := view.SearchOptions{
				Pattern: re, Glob: glob, Context: p.Context, Limit: p.Limit, Budget: int(d.Config.MaxOutput) / 2,
				Time: min(d.Config.DefaultTimeout, d.Config.MaxTimeout) / 2, MaxFile: d.Config.FileBytes, MaxFiles: maxSearchFiles, Secret: policy.SensitivePath,
			}
			if text := view.Literal(p.Pattern); text != "" && !c.fs.Local() {
				o.Candidates = func(ctx context.Context) ([]string, int, bool) { return c.candidates(ctx, real, text) }
			}
			denied := &unshown{c: c}
			if c.run.Forbids != nil {
				o.Out = denied.out
			}
			found, err := view.Search(ctx, c.fs, real, o)
			if err != nil {
				return nil, err
			}
			f := d.shownMatches(files.Escape(c.path), found)
			f.deniedFiles = denied.fields()
			return &relay.Result{Fields: f, Text: f.text()}, nil
		},
	})
}

// maxCandidates bounds the list of files that can match, in bytes.
const maxCandidates = 16 << 20

// candidates has the host's find and grep say which files are worth reading.
func (c *fileCall) candidates(ctx context.Context, root, literal string) ([]string, int, bool) {
	out := &boundedBuffer{limit: maxCandidates}
	_, err := c.run.Target().Run(ctx, target.Command{
		Text: view.CandidateScript(root, literal, c.d.Config.FileBytes), ID: ulid.Make().String(), StoreHostKeys: c.run.StoreHostKeys, Stdout: out, Stderr: out,
	})
	if err != nil || out.over {
		return nil, 0, false
	}
	return view.ParseCandidates(out.String())
}

// boundedBuffer is a buffer that takes no more than its limit, in bytes, and remembers that there was more.
type boundedBuffer struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.over = true
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

func (d *Deps) shownMatches(path string, found *view.Found) *fileFound {
	f := &fileFound{
		Path: path, Matches: []fileMatch{}, Files: found.Files,
		Skipped: fileSkipped{Binary: found.Binary, Large: found.Large, Secret: found.Secret, Unreadable: found.Unreadable},
	}
	if found.More {
		f.More = found.Why
	}
	text := func(s string) string { return d.masked(strings.ToValidUTF8(s, "\uFFFD")) }
	all := func(lines []string) (shown []string) {
		for _, l := range lines {
			shown = append(shown, text(l))
		}
		return shown
	}
	for _, m := range found.Matches {
		f.Matches = append(f.Matches, fileMatch{Path: files.Escape(m.Path), Line: m.Line, Text: text(m.Text), Before: all(m.Before), After: all(m.After)})
	}
	return f
}

// text is the matches as grep -n prints them.
func (f *fileFound) text() string {
	var b strings.Builder
	for i, m := range f.Matches {
		if i > 0 && (len(m.Before) > 0 || len(f.Matches[i-1].After) > 0) {
			b.WriteString("--\n")
		}
		for j, l := range m.Before {
			fmt.Fprintf(&b, "%s-%d-%s\n", m.Path, m.Line-len(m.Before)+j, l)
		}
		fmt.Fprintf(&b, "%s:%d:%s\n", m.Path, m.Line, m.Text)
		for j, l := range m.After {
			fmt.Fprintf(&b, "%s-%d-%s\n", m.Path, m.Line+1+j, l)
		}
	}
	fmt.Fprintf(&b, "[%d matches in %d files", len(f.Matches), f.Files)
	for _, s := range []struct {
		n    int
		what string
	}{{f.Skipped.Binary, "binary"}, {f.Skipped.Large, "too large"}, {f.Skipped.Secret, "secret"}, {f.Skipped.Unreadable, "unreadable"}} {
		if s.n > 0 {
			fmt.Fprintf(&b, "; skipped %d %s", s.n, s.what)
		}
	}
	b.WriteString("]\n")
	if f.More != "" {
		fmt.Fprintf(&b, "[there may be more: ended by %s; narrow path, pattern or glob]\n", f.More)
	}
	return b.String() + f.deniedFiles.text()
}
