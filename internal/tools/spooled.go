package tools

import (
	"context"
	"fmt"
	"strings"

	"relay-shell/internal/params"
	"relay-shell/internal/relay"
)

// maxPage is the most one output_read returns, in bytes.
const maxPage = 1 << 20

func (d *Deps) planOutput(p *outputParams) (*relay.Plan, error) {
	length := p.Length
	var notes []string
	if length == 0 {
		length = int(d.Config.MaxOutput)
	}
	if length > maxPage {
		length, notes = maxPage, []string{fmt.Sprintf("length lowered to %d bytes", maxPage)}
	}
	return &relay.Plan{Args: p, Notes: notes, Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		if p.Grep != "" {
			return d.grepOutput(ctx, p, length)
		}
		return d.pageOutput(p, length)
	}}, nil
}

func (d *Deps) pageOutput(p *outputParams, length int) (*relay.Result, error) {
	page, err := d.Spool.Read(p.ID, p.Offset, length)
	if err != nil {
		return nil, err
	}
	out := &outputPage{Data: page.Data, Offset: page.Offset, NextOffset: page.Next, TotalBytes: page.Total, EOF: page.EOF, Lossy: page.Lossy}
	text := out.Data
	switch {
	case !out.EOF:
		text += fmt.Sprintf("\n[%d of %d bytes; go on with offset=%d]", out.NextOffset, out.TotalBytes, out.NextOffset)
	case text == "":
		text = fmt.Sprintf("[nothing from here on: the output has %d bytes]", out.TotalBytes)
	}
	return &relay.Result{Fields: out, Text: text}, nil
}

func (d *Deps) grepOutput(ctx context.Context, p *outputParams, length int) (*relay.Result, error) {
	found, err := d.Spool.Grep(ctx, p.ID, p.Grep, p.Offset, length)
	if err != nil {
		if _, coded := err.(relay.Coded); !coded {
			err = params.Errorf("grep", "RE2 syntax, see https://github.com/google/re2/wiki/Syntax", "%v", err)
		}
		return nil, err
	}
	out := &outputPage{Offset: p.Offset, NextOffset: found.Next, TotalBytes: found.Total, EOF: found.EOF, Lossy: found.Lossy, Matches: []outputMatch{}}
	var b strings.Builder
	for _, m := range found.Matches {
		out.Matches = append(out.Matches, outputMatch{Line: m.Line, Offset: m.Offset, Text: m.Text})
		fmt.Fprintf(&b, "%d: %s\n", m.Line, m.Text)
	}
	switch {
	case len(out.Matches) == 0 && out.EOF:
		b.WriteString("no line matches\n")
	case !out.EOF:
		fmt.Fprintf(&b, "[searched to byte %d of %d; go on with offset=%d]\n", out.NextOffset, out.TotalBytes, out.NextOffset)
	}
	return &relay.Result{Fields: out, Text: b.String()}, nil
}
