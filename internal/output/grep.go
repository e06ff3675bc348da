package output

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"unicode/utf8"
)

const (
	// maxMatches is the most lines that one Grep returns.
	maxMatches = 1000
	// maxPattern is the longest pattern in bytes.
	maxPattern = 4096
	// searchLine is the most bytes that are searched as one line; a longer line is searched in pieces of it.
	searchLine = 256 << 10
	// matchBytes is about how much of a long line is shown, around the match.
	matchBytes = 512
)

// Match is a line that matched.
type Match struct {
	// Line counts from 1.
	Line int64
	// Offset is the byte in the output at which Text begins.
	Offset int64
	// Text is the line without its end, valid UTF-8; of a long line the part around the match.
	Text string
}

// Found is what a Grep found.
type Found struct {
	Matches []Match
	// Next is where to search on, Total the output's size.
	Next, Total int64
	// EOF: all was searched. Lossy: a Text holds U+FFFD for bytes that are not UTF-8.
	EOF, Lossy bool
}

// Grep returns the lines that match an RE2 pattern, from the byte at offset on, until length bytes (0: DefaultBudget, at most
// MaxPage) of text or 1000 lines are found. A line longer than 256 KiB is searched in pieces of that size.
// A pattern that does not compile is the error invalid_argument, an unknown id not_found.
func (s *Spool) Grep(ctx context.Context, id, pattern string, offset int64, length int) (Found, error) {
	const hint = "RE2 syntax, see https://github.com/google/re2/wiki/Syntax"
	if len(pattern) > maxPattern {
		return Found{}, invalid("search for less at a time", "the pattern has %d bytes, at most %d are taken", len(pattern), maxPattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Found{}, invalid(hint, "grep: %v", err)
	}
	f, total, err := s.open(id)
	if err != nil {
		return Found{}, err
	}
	defer f.Close()
	if offset < 0 {
		return Found{}, invalid("count bytes from 0", "offset %d is negative", offset)
	}
	offset = min(offset, total)
	line, err := countLines(ctx, io.NewSectionReader(f, 0, offset))
	if err != nil {
		return Found{}, err
	}
	g := &grep{re: re, room: pageLength(length), line: line + 1, found: Found{Matches: []Match{}, Next: offset, Total: total}}
	err = g.search(ctx, io.NewSectionReader(f, offset, total-offset))
	return g.found, err
}

func countLines(ctx context.Context, r io.Reader) (int64, error) {
	var n int64
	buf := make([]byte, 256<<10)
	for {
		k, err := r.Read(buf)
		n += int64(bytes.Count(buf[:k], []byte{'\n'}))
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return 0, failed("reading the output", err)
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		}
	}
}

// grep is one search.
type grep struct {
	re    *regexp.Regexp
	room  int
	line  int64
	found Found
}

func (g *grep) search(ctx context.Context, r io.Reader) error {
	br := bufio.NewReaderSize(r, searchLine)
	for {
		piece, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return failed("reading the output", err)
		}
		if len(piece) == 0 {
			g.found.EOF = true
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !g.look(piece) {
			return nil
		}
		g.found.Next += int64(len(piece))
		if piece[len(piece)-1] == '\n' {
			g.line++
		}
	}
}

// look searches one piece and says whether there was room for what it found.
func (g *grep) look(piece []byte) bool {
	text := bytes.TrimSuffix(bytes.TrimSuffix(piece, []byte{'\n'}), []byte{'\r'})
	at := g.re.FindIndex(text)
	if at == nil {
		return true
	}
	start := 0
	if len(text) > matchBytes {
		start = inside(text, max(0, at[0]-matchBytes/4))
		text = trimEnd(text[start:min(len(text), start+matchBytes)])
	}
	shown, _, lossy := fit(text, matchBytes*utf8.UTFMax)
	if len(g.found.Matches) == maxMatches || len(g.found.Matches) > 0 && len(shown) > g.room {
		return false
	}
	g.room -= len(shown)
	g.found.Lossy = g.found.Lossy || lossy
	g.found.Matches = append(g.found.Matches, Match{Line: g.line, Offset: g.found.Next + int64(start), Text: shown})
	return true
}
