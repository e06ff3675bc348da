package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"relay-shell/internal/pty"
)

// backlog is how many bytes of older output an attached person is shown at a time.
const backlog = 32 << 10

// person is somebody who is attached. Their terminal gets output from the goroutine that reads it as long as it keeps up; when it does not,
// watch brings it what the ring still has, and nobody waits for it.
type person struct {
	session *Session
	in, out *os.File
	shown   syscall.RawConn // out
	behind  chan struct{}   // has something when out has not got all there is

	mu     sync.Mutex
	cursor int64           // up to where out, or left, has the output
	safe   *pty.SafeWriter // makes left
	left   bytes.Buffer    // what out has not taken yet
	broken error
}

// newPerson takes the files of an attaching person over.
func newPerson(s *Session, files []*os.File) (*person, error) {
	if len(files) != 2 {
		for _, f := range files {
			f.Close()
		}
		return nil, errors.New("a person comes with two files")
	}
	p := &person{session: s, in: files[0], out: files[1], behind: make(chan struct{}, 1)}
	p.cursor, _ = s.terminal.Output().Bounds()
	p.safe = pty.NewSafeWriter(&p.left)
	var err error
	if p.shown, err = p.out.SyscallConn(); err != nil {
		p.close()
	}
	return p, err
}

func (p *person) close() {
	p.in.Close()
	p.out.Close()
}

// see shows output that is new.
func (p *person) see(at int64, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := false
	if at == p.cursor && p.left.Len() == 0 {
		p.cursor += int64(len(data))
		_, _ = p.safe.Write(data) // into memory
		// Control rather than Write: that would wait for a watch that waits for the terminal.
		err := p.shown.Control(func(fd uintptr) { done = p.push(int(fd)) })
		done = done && err == nil
	}
	if !done {
		select {
		case p.behind <- struct{}{}:
		default:
		}
	}
}

// push gives the terminal what it takes of what is left, and says whether that was all.
func (p *person) push(fd int) bool {
	for p.left.Len() > 0 {
		n, err := unix.Write(fd, p.left.Bytes())
		switch {
		case n > 0:
			p.left.Next(n)
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return false
		default:
			p.broken = errors.Join(err, io.ErrShortWrite)
			p.left.Reset()
		}
	}
	return true
}

// catchUp gives the terminal what it takes of all there is, and says whether that was all.
func (p *person) catchUp(fd uintptr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if !p.push(int(fd)) {
			return false
		}
		chunk := p.session.terminal.Output().Raw(p.cursor, backlog)
		if len(chunk.Data) == 0 || p.broken != nil {
			return true
		}
		p.cursor = chunk.Next
		_, _ = p.safe.Write(chunk.Data) // into memory
	}
}

// watch shows the output until it is complete, ctx ends or the terminal is gone.
func (p *person) watch(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = p.out.SetWriteDeadline(time.Unix(1, 0)) })()
	for complete := false; ; {
		if p.shown.Write(p.catchUp) != nil || p.gone() || complete {
			return
		}
		select {
		case <-p.behind:
		case <-p.session.terminal.Done():
			complete = true
		case <-ctx.Done():
			return
		}
	}
}

func (p *person) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken != nil
}

// types types what the person does until they leave, which it says, or hush is called.
func (p *person) types(ctx context.Context, readOnly bool) (left bool) {
	buf := make([]byte, 4096)
	for {
		n, err := p.in.Read(buf)
		typed, _, left := bytes.Cut(buf[:n], []byte{DetachKey})
		if len(typed) > 0 && !readOnly && p.session.typeFor(ctx, typed) != nil {
			p.bell()
		}
		if left || err != nil {
			return left || errors.Is(err, io.EOF)
		}
	}
}

// hush ends the reading of the person's terminal.
func (p *person) hush() { _ = p.in.SetReadDeadline(time.Unix(1, 0)) }

// bell says that what was typed was not taken: the line is too long for the terminal, or the program does not read.
func (p *person) bell() {
	_ = p.shown.Control(func(fd uintptr) { _, _ = unix.Write(int(fd), []byte("\a")) })
}
