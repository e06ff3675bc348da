package mux

import (
	"encoding/binary"
	"errors"
	"io"
)

var errTooLong = errors.New("message longer than a master accepts (256 KiB)")

// packet builds messages, each preceded by its length as a uint32 in network order.
type packet struct {
	bytes []byte
	start int // of the open message's length
	err   error
}

func (p *packet) open() {
	p.start = len(p.bytes)
	p.bytes = append(p.bytes, 0, 0, 0, 0)
}

func (p *packet) close() {
	size := len(p.bytes) - p.start - 4
	if size > maxMessage {
		p.err = errTooLong
		return
	}
	binary.BigEndian.PutUint32(p.bytes[p.start:], uint32(size))
}

func (p *packet) uint32(v uint32) { p.bytes = binary.BigEndian.AppendUint32(p.bytes, v) }

// bool is a whole uint32 on this wire, whatever PROTOCOL.mux calls it (see mux_master_process_new_session).
func (p *packet) bool(v bool) {
	if v {
		p.uint32(1)
	} else {
		p.uint32(0)
	}
}

func (p *packet) string(s string) {
	p.uint32(uint32(len(s)))
	p.bytes = append(p.bytes, s...)
}

// fields reads the body of a message; after a field that is not there, bad is true and every read gives zero.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) uint32() uint32 {
	if f.bad || len(f.rest) < 4 {
		f.bad = true
		return 0
	}
	v := binary.BigEndian.Uint32(f.rest)
	f.rest = f.rest[4:]
	return v
}

func (f *fields) string() string {
	n := f.uint32()
	if f.bad || uint64(n) > uint64(len(f.rest)) {
		f.bad = true
		return ""
	}
	s := string(f.rest[:n])
	f.rest = f.rest[n:]
	return s
}

// readMessage reads one message and splits off its type.
func readMessage(r io.Reader) (kind uint32, body fields, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return 0, body, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < 4 || size > maxMessage {
		return 0, body, &ProtocolError{Op: "reading", What: "message of impossible length"}
	}
	if _, err := io.ReadFull(r, head[4:]); err != nil {
		return 0, body, noEOF(err)
	}
	body.rest = make([]byte, size-4)
	if _, err := io.ReadFull(r, body.rest); err != nil {
		return 0, body, noEOF(err)
	}
	return binary.BigEndian.Uint32(head[4:]), body, nil
}

// noEOF keeps the end of file inside a message apart from the one between messages.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
