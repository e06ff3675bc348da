package view

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"unicode/utf8"

	"relay-shell/internal/files"
)

// ReadOptions say which part of a file is wanted.
type ReadOptions struct {
	// Offset is the first byte, Length how many; 0 = as many as Budget allows.
	Offset, Length int64
	// Lines, if set, is the part instead.
	Lines Lines
	// Budget is the most that is returned, in bytes.
	Budget int64
	// Bytes gives exactly the bytes asked for; otherwise a character is not cut in two.
	Bytes bool
}

// Content is a part of a file.
type Content struct {
	Data []byte
	// Offset is where Data begins in the file, Size the length of the file; of files in /proc and the like it is what was read.
	Offset, Size int64
	// EOF: the file ends with Data.
	EOF bool
	// More: the budget cut the part that was asked for.
	More bool
	// FirstLine and LastLine number the lines in Data when they are known, else 0.
	FirstLine, LastLine int
	// Binary: it holds NUL, so it is no text.
	Binary bool
	// SHA256 is the digest of the whole file, "" if it is longer than what is read whole.
	SHA256 string
	Info   files.Info
}

// Next is the offset after Data.
func (c *Content) Next() int64 { return c.Offset + int64(len(c.Data)) }

// wholeLimit is the size in bytes up to which a file is read whole, for its digest and its line numbers.
const wholeLimit = 1 << 20

// chunk is how much of a longer file is read at a time.
const chunk = 256 << 10

// Read reads a part of a file. A long file costs what is shown of it; lines far from its beginning cost reading up to them.
func Read(ctx context.Context, fsys files.FS, path string, o ReadOptions) (*Content, error) {
	f, err := fsys.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	c := &Content{Size: info.Size, Info: info}
	var whole []byte
	if info.Size <= wholeLimit { // also what calls itself empty and is not, such as /proc/meminfo
		if whole, err = io.ReadAll(io.LimitReader(f, wholeLimit+1)); err != nil {
			return nil, err
		}
	}
	if whole != nil && len(whole) <= wholeLimit {
		c.Size = int64(len(whole))
		sum := sha256.Sum256(whole)
		c.SHA256 = hex.EncodeToString(sum[:])
		err = c.from(bytes.NewReader(whole), o)
	} else {
		c.Size = max(c.Size, int64(len(whole)))
		err = c.from(f, o)
	}
	if err != nil {
		return nil, err
	}
	c.Binary = bytes.IndexByte(c.Data, 0) >= 0 || bytes.IndexByte(whole, 0) >= 0
	return c, nil
}

// from takes the part out of a file of c.Size bytes.
func (c *Content) from(r io.ReaderAt, o ReadOptions) error {
	switch {
	case o.Lines.Tail > 0:
		return c.tail(r, o)
	case o.Lines.First > 0:
		return c.lines(r, o)
	}
	length := o.Budget
	if o.Length > 0 {
		length = min(o.Length, o.Budget)
	}
	c.Offset = min(o.Offset, c.Size)
	data, err := readAt(r, c.Offset, length)
	if err != nil {
		return err
	}
	c.Data = data
	c.EOF = c.Next() >= c.Size
	if !c.EOF && !o.Bytes {
		c.Data = wholeRunes(c.Data)
	}
	c.More = !c.EOF && (o.Length == 0 || int64(len(c.Data)) < o.Length)
	if c.Offset == 0 {
		c.number(1)
	}
	return nil
}

// number says which lines Data holds.
func (c *Content) number(first int) {
	if n := bytes.Count(c.Data, []byte("\n")); len(c.Data) > 0 {
		c.FirstLine, c.LastLine = first, first+n
		if c.Data[len(c.Data)-1] == '\n' {
			c.LastLine--
		}
	}
}

// lines reads up to the range and takes it.
func (c *Content) lines(r io.ReaderAt, o ReadOptions) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, 1<<62), chunk)
	line, at, started := 1, int64(0), false
	for {
		piece, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return err
		}
		if line >= o.Lines.First && len(piece) > 0 {
			if !started {
				c.Offset, started = at, true
			}
			if room := o.Budget - int64(len(c.Data)); int64(len(piece)) > room {
				// A line is cut only if it is the first one.
				if len(c.Data) == 0 {
					c.Data = wholeRunes(append([]byte{}, piece[:room]...))
				}
				c.More = true
				break
			}
			c.Data = append(c.Data, piece...)
		}
		at += int64(len(piece))
		if errors.Is(err, io.EOF) {
			c.EOF = true
			if !started {
				c.Offset = at
			}
			c.Size = at
			break
		}
		if err == nil {
			line++
		}
		if o.Lines.Last > 0 && line > o.Lines.Last {
			break
		}
	}
	c.EOF = c.EOF || c.Next() >= c.Size
	c.number(o.Lines.First)
	return nil
}

// tail reads backwards until it has the lines.
func (c *Content) tail(r io.ReaderAt, o ReadOptions) error {
	start := c.Size
	var data []byte
	for start > 0 && int64(len(data)) < o.Budget {
		from := max(start-chunk, 0)
		piece, err := readAt(r, from, start-from)
		if err != nil {
			return err
		}
		if data = append(piece, data...); bytes.Count(data[:max(len(data)-1, 0)], []byte("\n")) >= o.Lines.Tail {
			start = from
			break
		}
		start = from
	}
	end := len(data)
	if end > 0 && data[end-1] == '\n' {
		end--
	}
	cut := 0
	for n := 0; n < o.Lines.Tail; n++ {
		i := bytes.LastIndexByte(data[:end], '\n')
		if cut = i + 1; i < 0 {
			break
		}
		end = i
	}
	if over := int64(len(data)-cut) - o.Budget; over > 0 {
		cut += int(over)
		for cut < len(data) && !utf8.RuneStart(data[cut]) {
			cut++
		}
		c.More = true
	}
	c.Data, c.Offset, c.EOF = data[cut:], start+int64(cut), true
	if start == 0 {
		c.number(1 + bytes.Count(data[:cut], []byte("\n")))
	}
	return nil
}

// readAt reads up to n bytes at an offset; fewer are there at the end of a file.
func readAt(r io.ReaderAt, off, n int64) ([]byte, error) {
	data := make([]byte, n)
	got, err := io.ReadFull(io.NewSectionReader(r, off, n), data)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return data[:got], err
}

// wholeRunes takes the beginning of a character off the end.
func wholeRunes(data []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(data); i++ {
		if tail := data[len(data)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) && len(tail) < len(data) {
				return data[:len(data)-i]
			}
			break
		}
	}
	return data
}
