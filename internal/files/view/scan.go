package view

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// maxSearched is how much of a line is compared, in bytes.
const maxSearched = 1 << 20

// scan goes through lines. Those that are longer than maxSearched are compared as far as that.
func (s *search) scan(in *bufio.Reader) result {
	var r result
	var before []string
	after := 0 // lines that the newest match still wants
	if head, _ := in.Peek(8 << 10); bytes.IndexByte(head, 0) >= 0 {
		return result{binary: true}
	}
	for number := 1; ; number++ {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return result{err: err}
		}
		if err != nil && len(line) == 0 {
			return r
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if at := s.o.Pattern.FindIndex(line); at != nil {
			if len(r.matches) > s.o.Limit {
				r.more = true
				return r
			}
			r.matches = append(r.matches, Match{Line: number, Text: shown(line, at), Before: before})
			before, after = nil, s.o.Context
		} else if after > 0 {
			m := &r.matches[len(r.matches)-1]
			m.After = append(m.After, shown(line, nil))
			after--
		} else if s.o.Context > 0 {
			if before = append(before, shown(line, nil)); len(before) > s.o.Context {
				before = before[1:]
			}
		}
		if err != nil {
			return r
		}
	}
}

// readLine reads a line without its end.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		piece, err := in.ReadSlice('\n')
		end := err == nil
		if end {
			piece = piece[:len(piece)-1]
		}
		if len(line) < maxSearched {
			line = append(line, piece[:min(len(piece), maxSearched-len(line))]...)
		}
		if end {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// shown is a line as results show it; of a long one the part around the match.
func shown(line []byte, at []int) string {
	if len(line) <= maxLine {
		return string(line)
	}
	from := 0
	if at != nil {
		from = max(0, min(at[0]-maxLine/4, len(line)-maxLine))
	}
	for from > 0 && from < len(line) && !utf8.RuneStart(line[from]) {
		from++
	}
	text := string(wholeRunes(line[from:min(from+maxLine, len(line))]))
	if from > 0 {
		text = "…" + text
	}
	if from+maxLine < len(line) {
		text += "…"
	}
	return text
}
