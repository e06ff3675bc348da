package output

import (
	"io"
	"unicode/utf8"
)

// MaxPage is the most bytes that one Read or Grep returns.
const MaxPage = 1 << 20

// Page is a part of a spooled output.
type Page struct {
	// Data is valid UTF-8.
	Data string
	// Offset is the byte in the output at which Data begins, Next the one at which to read on, Total the output's size.
	Offset, Next, Total int64
	// EOF: Data reaches the end. Lossy: Data holds U+FFFD for bytes that are not UTF-8.
	EOF, Lossy bool
}

// Read reads length bytes (0: DefaultBudget, at most MaxPage) of the output from the byte at offset on; fewer where the text
// would be longer than that, and never a part of a character: an offset inside one moves behind it. An offset beyond the end
// gives an empty page. An unknown or expired id is the error not_found.
func (s *Spool) Read(id string, offset int64, length int) (Page, error) {
	f, total, err := s.open(id)
	if err != nil {
		return Page{}, err
	}
	defer f.Close()
	if offset < 0 {
		return Page{}, invalid("count bytes from 0", "offset %d is negative", offset)
	}
	length = pageLength(length)
	offset = min(offset, total)
	// As many bytes before as can belong to the character at offset, and behind as can to the last one.
	before := min(offset, utf8.UTFMax-1)
	raw := make([]byte, min(before+int64(length)+utf8.UTFMax, total-offset+before))
	if n, err := f.ReadAt(raw, offset-before); err != nil && err != io.EOF {
		return Page{}, failed("reading the output", err)
	} else {
		raw = raw[:n]
	}
	skip := inside(raw, int(min(before, int64(len(raw)))))
	offset += int64(skip) - before
	data, used, lossy := fit(raw[skip:], length)
	if used == 0 && skip < len(raw) { // not even one character fits: give it all the same, so that reading on gets on
		_, size := utf8.DecodeRune(raw[skip:])
		data, used, lossy = fit(raw[skip:skip+size], MaxPage)
	}
	next := offset + int64(used)
	return Page{Data: data, Offset: offset, Next: next, Total: total, EOF: next >= total, Lossy: lossy}, nil
}

func pageLength(length int) int {
	if length <= 0 {
		return DefaultBudget
	}
	return min(length, MaxPage)
}

// inside moves an index that points into a character behind it.
func inside(b []byte, i int) int {
	for start := max(0, i-utf8.UTFMax+1); start < i; start++ {
		if r, size := utf8.DecodeRune(b[start:]); r != utf8.RuneError && start+size > i {
			return start + size
		}
	}
	return i
}
