package sshbin

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"relay-shell/internal/sshbin/mux"
)

const (
	copyBuffer = 64 << 10
	// quietTime is how long output must pause, after the command has exited, before it counts as complete though a
	// background child keeps it open. The way to the host and back is added.
	quietTime = 250 * time.Millisecond
	// ownOutput is more than a command can have on its way when it exits: the pipe or socket pair on the host, the channel's
	// window of 2 MiB (channels.h), and the pipe here. What comes beyond is its children's.
	ownOutput = 4 << 20
	// talkTime is how long output may come after the exit before it is asked whose it is, maxDrain how long nobody may be able to tell.
	talkTime = 2 * time.Second
	maxDrain = 2 * time.Minute
	// packetSize is how much of a session's output sshd puts into one packet (CHAN_SES_PACKET_DEFAULT).
	packetSize = 32 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}

// streams are the descriptors of one session and what copies them.
type streams struct {
	stdin, stdout, stderr *os.File // for the master; those in theirs are closed once it has them
	theirs                []*os.File
	feed                  *os.File      // our end of stdin, nil if there is none
	fed                   chan struct{} // closed when all input has been written
	preamble              string
	source                io.Reader
	tty                   *terminal
	outputs               []*output
	near                  [3]*os.File // the caller's ends of a session's pipes (Open)
	handed                []*os.File  // regular files that the master writes to itself

	released atomic.Bool // the pipes go to somebody else
	copying  sync.WaitGroup
	done     chan struct{} // closed when all output has been read to its end
	// read counts the bytes of output; last is when some came, in Unix nanoseconds.
	read, last atomic.Int64
	writing    atomic.Int32 // writers at work
}

// output is a pipe from the master to a writer.
type output struct {
	pipe *os.File
	to   io.Writer
	err  error // of the writer
	more bool  // the end has not been read when it was released
}

// newStreams makes the descriptors for a command. preamble goes before its standard input.
func newStreams(c *Command, null *os.File, preamble string, filter func(io.Writer) io.Writer) (s *streams, err error) {
	s = &streams{preamble: preamble, source: c.Stdin, done: make(chan struct{}), fed: make(chan struct{})}
	defer func() {
		if err != nil {
			s.close()
			close(s.done)
		}
	}()
	if s.stdin, err = s.input(c, null); err != nil {
		return s, err
	}
	same := merged(c) || c.TTY
	out, errw := c.Stdout, c.Stderr
	if filter != nil {
		// The marker comes on the stream that standard error is in.
		if same {
			out = filter(orDiscard(out))
		} else {
			errw = filter(orDiscard(errw))
		}
	}
	if s.stdout, err = s.outputTo(out, null); err != nil {
		return s, err
	}
	if same {
		s.stderr = s.stdout
		return s, nil
	}
	s.stderr, err = s.outputTo(errw, null)
	return s, err
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// input gives the file that becomes the session's standard input.
func (s *streams) input(c *Command, null *os.File) (*os.File, error) {
	if c.TTY {
		t, err := newTerminal()
		if err != nil {
			return nil, err
		}
		s.tty, s.feed = t, t.control
		s.theirs = append(s.theirs, t.line)
		return t.line, nil
	}
	if s.preamble == "" {
		if c.Stdin == nil {
			return null, nil
		}
		if f, ok := c.Stdin.(*os.File); ok && handsOver(f) {
			return f, nil
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.theirs, s.feed = append(s.theirs, r), w
	return r, nil
}

// handsOver reports whether the master may have the file itself. It sets what it gets to non-blocking, except terminals, and pipes and
// sockets may be shared with processes that are not prepared for that.
func handsOver(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&os.ModeCharDevice != 0)
}

func (s *streams) outputTo(w io.Writer, null *os.File) (*os.File, error) {
	if w == nil {
		return null, nil
	}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			s.handed = append(s.handed, f)
			return f, nil
		}
	}
	r, their, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.theirs = append(s.theirs, their)
	s.outputs = append(s.outputs, &output{pipe: r, to: w})
	return their, nil
}

// request gives the session's descriptors to r.
func (s *streams) request(r mux.Request) mux.Request {
	r.Stdin, r.Stdout, r.Stderr = s.stdin, s.stdout, s.stderr
	return r
}

// start closes the master's ends and begins to copy. It is called when the session is open.
func (s *streams) start() {
	s.closeTheirs()
	s.last.Store(time.Now().UnixNano())
	for _, o := range s.outputs {
		s.copying.Go(func() { s.copy(o) })
	}
	if s.near[0] != nil && s.preamble != "" {
		// Short enough for the pipe's buffer as a rule; a longer one waits for the command to read it.
		_, _ = io.WriteString(s.near[0], s.preamble)
	}
	if s.feed != nil {
		if s.tty != nil {
			s.tty.raw()
		}
		go s.feedInput() // ends when the source ends or, at its next write, when the command has ended
	} else if s.fed != nil {
		close(s.fed)
	}
	go func() { // ends when both outputs have ended
		s.copying.Wait()
		close(s.done)
	}()
}

// copy moves output until it ends or its deadline is set to the past.
func (s *streams) copy(o *output) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	defer func() {
		if !o.more {
			o.pipe.Close()
		}
	}()
	for {
		n, err := o.pipe.Read(*buf)
		if n > 0 {
			s.read.Add(int64(n))
			s.last.Store(time.Now().UnixNano())
			s.writing.Add(1)
			_, o.err = o.to.Write((*buf)[:n])
			s.last.Store(time.Now().UnixNano()) // what a slow writer held up is no pause of the command's
			s.writing.Add(-1)
			if o.err != nil {
				return // the host sees a broken pipe
			}
		}
		if s.released.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
			o.more = true
			return
		}
		if err != nil {
			if m, ok := o.to.(*markerWriter); ok {
				o.err = m.flush()
			}
			return
		}
	}
}

func (s *streams) feedInput() {
	if s.fed != nil {
		defer close(s.fed)
	}
	_, err := io.WriteString(s.feed, s.preamble)
	if err == nil && s.source != nil {
		_, err = io.Copy(s.feed, s.source)
	}
	if err == nil && s.tty != nil {
		s.tty.endOfFile()
		return // a terminal's other end stays open
	}
	s.feed.Close()
}

// finish stops copying and waits for it. The error is that of a writer.
func (s *streams) finish() error {
	for _, o := range s.outputs {
		_ = o.pipe.SetReadDeadline(time.Unix(1, 0)) // pipes take deadlines
	}
	<-s.done
	s.close()
	var errs []error
	for _, o := range s.outputs {
		errs = append(errs, o.err)
	}
	return errors.Join(errs...)
}

// discard gives up streams whose session was never opened.
func (s *streams) discard() {
	s.close()
	close(s.done)
}

func (s *streams) closeTheirs() {
	for _, f := range s.theirs {
		f.Close()
	}
	s.theirs = nil
}

// close closes all that is ours.
func (s *streams) close() {
	s.closeTheirs()
	if s.feed != nil {
		s.feed.Close()
	}
	for _, o := range s.outputs {
		o.pipe.Close()
	}
	for _, f := range s.near {
		if f != nil {
			f.Close()
		}
	}
}
