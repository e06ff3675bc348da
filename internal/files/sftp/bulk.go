package sftp

import (
	"context"
	"errors"
	"io"
)

// inFlight is how many bytes are asked for, or sent, ahead of the server's answers: more than a channel's window of 2 MiB.
const inFlight = 4 << 20

// ReadAt reads into b, which may be of any size. At the end of the file it returns io.EOF.
func (h *Handle) ReadAt(ctx context.Context, b []byte, off int64) (int, error) {
	if len(b) <= h.c.maxRead {
		data, err := h.read(ctx, off, len(b))
		n := copy(b, data)
		if err == nil && n < len(b) { // a server may give less than was asked for
			var more int
			more, err = h.ReadAt(ctx, b[n:], off+int64(n))
			n += more
		}
		return n, err
	}
	var n int
	err := h.Fetch(ctx, off, off+int64(len(b)), func(at int64, data []byte) error {
		n += copy(b[at-off:], data)
		return nil
	})
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

// read is one request. It gives at least one byte or an error.
func (h *Handle) read(ctx context.Context, off int64, n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	k, err := h.ask(ctx, off, n)
	if err != nil {
		return nil, err
	}
	return h.data(ctx, k, n)
}

func (h *Handle) ask(ctx context.Context, off int64, n int) (*call, error) {
	return h.c.send(ctx, newPacket(typeRead, 64).string(h.id).uint64(uint64(off)).uint32(uint32(n)), nil)
}

func (h *Handle) data(ctx context.Context, k *call, n int) ([]byte, error) {
	a, err := k.wait(ctx, nil)
	if err != nil {
		return nil, err
	}
	f, err := a.want(typeData)
	if err != nil {
		var status *StatusError
		if errors.As(err, &status) && status.Status == StatusEOF {
			return nil, io.EOF
		}
		return nil, err
	}
	b := f.bytes()
	if f.bad || len(b) > n || len(b) == 0 {
		return nil, &ProtocolError{What: "other data than was asked for"}
	}
	return b, nil
}

// Fetch reads the bytes from off to end, or to the end of the file if that comes first, with many requests in flight, and hands them
// to sink in order.
func (h *Handle) Fetch(ctx context.Context, off, end int64, sink func(off int64, data []byte) error) error {
	type asked struct {
		call *call
		off  int64
		n    int
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // what is in flight is abandoned
	var line []asked
	window := max(inFlight/h.c.maxRead, 2)
	next := off
	for {
		for len(line) < window && next < end {
			n := int(min(int64(h.c.maxRead), end-next))
			k, err := h.ask(ctx, next, n)
			if err != nil {
				return err
			}
			line = append(line, asked{k, next, n})
			next += int64(n)
		}
		if len(line) == 0 {
			return nil
		}
		first := line[0]
		line = line[1:]
		data, err := h.data(ctx, first.call, first.n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := sink(first.off, data); err != nil {
			return err
		}
		for got := len(data); got < first.n; got += len(data) { // the rest of a short answer
			data, err = h.read(ctx, first.off+int64(got), first.n-got)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := sink(first.off+int64(got), data); err != nil {
				return err
			}
		}
	}
}

// WriteAt writes b, which may be of any size.
func (h *Handle) WriteAt(ctx context.Context, b []byte, off int64) (int, error) {
	if len(b) <= h.c.maxWrite {
		// In one piece with its header, and a copy: the caller may use b again when ctx ends.
		p := newPacket(typeWrite, len(b)+96).string(h.id).uint64(uint64(off)).string(string(b))
		if err := h.c.simple(ctx, p); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	n := 0
	err := h.Store(ctx, off, func(buf []byte) (int, error) {
		if n == len(b) {
			return 0, io.EOF
		}
		k := copy(buf, b[n:])
		n += k
		return k, nil
	}, nil)
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// Store writes what fill gives, until that is io.EOF, from off on, with many requests in flight. done, if set, is told how many bytes
// the server has acknowledged.
func (h *Handle) Store(ctx context.Context, off int64, fill func([]byte) (int, error), done func(n int)) error {
	type sent struct {
		call *call
		buf  []byte
		n    int
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var line []sent
	var free [][]byte
	window := max(inFlight/h.c.maxWrite, 2)
	settle := func() error {
		first := line[0]
		line = line[1:]
		a, err := first.call.wait(ctx, nil)
		if err == nil {
			err = a.status()
		}
		if err == nil && done != nil {
			done(first.n)
		}
		select {
		case <-first.call.written:
			free = append(free, first.buf)
		case <-h.c.dead:
		}
		return err
	}
	for {
		for len(line) >= window {
			if err := settle(); err != nil {
				return err
			}
		}
		var buf []byte
		if len(free) > 0 {
			buf, free = free[len(free)-1], free[:len(free)-1]
		} else {
			buf = make([]byte, h.c.maxWrite)
		}
		n, err := fill(buf)
		if n > 0 {
			p := newPacket(typeWrite, 96).string(h.id).uint64(uint64(off)).uint32(uint32(n))
			k, serr := h.c.send(ctx, p, buf[:n])
			if serr != nil {
				return serr
			}
			line = append(line, sent{k, buf, n})
			off += int64(n)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	for len(line) > 0 {
		if err := settle(); err != nil {
			return err
		}
	}
	return nil
}

// Complete writes data, which fits a single request, to the beginning of a file, sets its attributes, has it on disk if sync says so, and closes it. The
// requests go out together: with many small files the waits between them are most of the time.
func (h *Handle) Complete(ctx context.Context, data []byte, a Attrs, sync bool) error {
	var packets []packet
	if len(data) > 0 {
		packets = append(packets, newPacket(typeWrite, len(data)+96).string(h.id).uint64(0).string(string(data)))
	}
	packets = append(packets, newPacket(typeFsetstat, 96).string(h.id).attrs(&a))
	if sync && h.c.Has(Fsync) {
		p, err := h.c.extended(Fsync, 64)
		if err != nil {
			return err
		}
		packets = append(packets, p.string(h.id))
	}
	packets = append(packets, newPacket(typeClose, 64).string(h.id))
	calls := make([]*call, 0, len(packets))
	for _, p := range packets {
		k, err := h.c.send(ctx, p, nil)
		if err != nil {
			return err
		}
		calls = append(calls, k)
	}
	var failed error
	for _, k := range calls {
		a, err := k.wait(ctx, nil)
		if err == nil {
			err = a.status()
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// CloseSoon closes the handle of a file that was read, without waiting for the answer.
func (h *Handle) CloseSoon(ctx context.Context) error {
	_, err := h.c.send(ctx, newPacket(typeClose, 64).string(h.id), nil)
	return err
}

// Fits reports whether a single request writes so many bytes to every server.
func Fits(n int) bool { return n <= leastSize-1024 }
