package audit

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lineReader reads lines and knows where they are.
type lineReader struct {
	r *bufio.Reader
	// at is the offset of the next line.
	at  int64
	buf []byte
}

// readBuffer is the unit in which the log is read.
const readBuffer = 256 << 10

func newLineReader(r io.Reader, at int64) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, readBuffer), at: at}
}

// next returns a line without its newline, valid until the next call. whole is false for a last line that has no newline; after the
// last line the error is io.EOF.
func (l *lineReader) next() (line []byte, whole bool, err error) {
	line, err = l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.buf = append(l.buf[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = l.r.ReadSlice('\n')
			l.buf = append(l.buf, line...)
		}
		line = l.buf
	}
	l.at += int64(len(line))
	if err == nil {
		return line[:len(line)-1], true, nil
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return line, false, nil
	}
	return nil, false, err
}

// backReader reads lines from the end of a file to its beginning.
type backReader struct {
	r io.ReaderAt
	// at is the offset of the first byte of buf in the file.
	at  int64
	buf []byte
}

func newBackReader(r io.ReaderAt, size int64) *backReader { return &backReader{r: r, at: size} }

// next returns the line before the one returned last, without its newline; at the beginning the error is io.EOF. The bytes behind
// the last newline are a line too, if there are any.
func (b *backReader) next() ([]byte, error) {
	for {
		if i := bytes.LastIndexByte(b.buf, '\n'); i >= 0 {
			line := b.buf[i+1:]
			b.buf = b.buf[:i]
			return line, nil
		}
		if b.at == 0 {
			if b.buf == nil {
				return nil, io.EOF
			}
			line := b.buf
			b.buf = nil
			return line, nil
		}
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
}

func (b *backReader) fill() error {
	first := b.buf == nil
	n := min(b.at, max(readBuffer, int64(len(b.buf)))) // doubling, for a line without end
	joined := make([]byte, int(n)+len(b.buf))
	if _, err := b.r.ReadAt(joined[:n], b.at-n); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	copy(joined[n:], b.buf)
	b.at -= n
	b.buf = joined
	// The newline at the very end ends the last line; it does not begin another.
	if first && len(joined) > 0 && joined[len(joined)-1] == '\n' {
		b.buf = joined[:len(joined)-1]
	}
	return nil
}
