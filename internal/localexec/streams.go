package localexec

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// quiet is how long an output may be silent after its command has ended, before a child that holds it open is
	// disconnected from it.
	quiet = 100 * time.Millisecond
	// drainMax is how long a child may go on talking then.
	drainMax = time.Second
	// terminalBuffer is more than the kernel holds of a terminal's output.
	terminalBuffer = 256 << 10
)

// streams are a command's standard streams: the ends that the child gets, and the goroutines that move what goes through
// the others.
type streams struct {
	child [3]*os.File
	// ours are the child's ends that were made here and are closed once the child has them.
	ours []*os.File

	stdin      *os.File // the writing end, nil when the child has a file of the caller's
	source     io.Reader
	stdinDone  chan struct{}
	stdout     *drain
	stderr     *drain // nil when it goes where stdout goes
	terminal   *os.File
	background bool
}

// openStreams makes the streams of a command.
func openStreams(c Command) (s *streams, err error) {
	s = &streams{stdinDone: make(chan struct{})}
	defer func() {
		if err != nil {
			s.closeChild()
			s.abandon()
		}
	}()
	if c.TTY {
		return s, s.openTerminal(c)
	}
	if err := s.openStdin(c.Stdin); err != nil {
		return s, err
	}
	if s.stdout, err = s.openOutput(1, c.Stdout); err != nil {
		return s, err
	}
	if same(c.Stdout, c.Stderr) {
		s.child[2] = s.child[1]
		return s, nil
	}
	s.stderr, err = s.openOutput(2, c.Stderr)
	return s, err
}

// same says whether two writers are one. Writers of types that can't be compared are not.
func same(a, b io.Writer) (equal bool) {
	defer func() {
		if recover() != nil {
			equal = false
		}
	}()
	return a == b
}

func (s *streams) openStdin(r io.Reader) error {
	if f, ok := r.(*os.File); ok && f != nil {
		s.child[0] = f
		close(s.stdinDone)
		return nil
	}
	if r == nil {
		close(s.stdinDone)
		return s.null(0, os.O_RDONLY)
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	s.child[0], s.stdin, s.source = pr, pw, r
	s.ours = append(s.ours, pr)
	return nil
}

func (s *streams) null(fd, flag int) error {
	f, err := os.OpenFile(os.DevNull, flag, 0)
	if err != nil {
		return err
	}
	s.child[fd] = f
	s.ours = append(s.ours, f)
	return nil
}

func (s *streams) openOutput(fd int, w io.Writer) (*drain, error) {
	if f, ok := w.(*os.File); ok && f != nil {
		s.child[fd] = f
		return nil, nil
	}
	if w == nil {
		return nil, s.null(fd, os.O_WRONLY)
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.child[fd] = pw
	s.ours = append(s.ours, pw)
	return newDrain(pr, w), nil
}

// closeChild closes what only the child needs.
func (s *streams) closeChild() {
	for _, f := range s.ours {
		f.Close()
	}
	s.ours = nil
}

// abandon closes our ends of streams whose command did not start.
func (s *streams) abandon() {
	for _, d := range []*drain{s.stdout, s.stderr} {
		if d != nil {
			d.file.Close()
		}
	}
	if s.stdin != nil && s.stdin != s.terminal {
		s.stdin.Close()
	}
}

// start moves data until finish.
func (s *streams) start() {
	for _, d := range []*drain{s.stdout, s.stderr} {
		if d != nil {
			go d.run()
		}
	}
	if s.source != nil {
		go s.feed()
	}
}

// feed writes standard input. It ends with the source, or when the command is gone (EPIPE, or the end closed by finish).
func (s *streams) feed() {
	defer close(s.stdinDone)
	if s.terminal != nil {
		t := &typist{w: s.stdin}
		if _, err := io.Copy(t, s.source); err == nil {
			t.end()
		}
		return
	}
	_, _ = io.Copy(s.stdin, s.source) // a command need not read its input
	s.stdin.Close()
}

// finish waits for what the ended command has printed. What its children print it takes for a short time.
func (s *streams) finish() {
	if s.stdin != nil && s.stdin != s.terminal {
		s.stdin.Close()
	}
	for _, d := range []*drain{s.stdout, s.stderr} {
		if d != nil {
			d.end()
		}
	}
	for _, d := range []*drain{s.stdout, s.stderr} {
		if d != nil {
			<-d.done
			d.file.Close()
			s.background = s.background || d.cut
		}
	}
}

// drain moves one output from the command to its writer.
type drain struct {
	file     *os.File
	terminal bool
	w        io.Writer
	done     chan struct{}
	// cut: the end of the output was not reached. letGo: nobody waits for it here. Both are read after done.
	cut, letGo bool

	mu    sync.Mutex
	state drainState
}

type drainState int

const (
	draining drainState = iota
	commandEnded
	handedOver
)

func newDrain(f *os.File, w io.Writer) *drain {
	return &drain{file: f, w: w, done: make(chan struct{})}
}

// end tells the drain that the command has ended.
func (d *drain) end() { d.interrupt(commandEnded) }

// interrupt wakes the drain from its Read.
func (d *drain) interrupt(state drainState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = state
	_ = d.file.SetReadDeadline(time.Now()) // pipes and terminals of os have deadlines on every system we run on
}

func (d *drain) run() {
	defer close(d.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := d.file.Read(buf)
		d.write(buf[:n])
		switch {
		case err == nil:
			continue
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return // end of file, or of a terminal: EIO
		}
		d.mu.Lock()
		state := d.state
		d.mu.Unlock()
		if state == handedOver {
			d.letGo = true
			_ = d.file.SetReadDeadline(time.Time{})
			return
		}
		d.rest(buf)
		return
	}
}

// rest reads what is left after the end of the command: all that it printed, which is in the pipe now, and what
// its children print until they are quiet.
func (d *drain) rest(buf []byte) {
	pending := waiting(d.file)
	if d.terminal { // part of its output may still be on its way inside the kernel
		pending = terminalBuffer
	}
	end := time.Now().Add(drainMax)
	for {
		deadline := time.Now().Add(quiet)
		if pending <= 0 && deadline.After(end) {
			deadline = end
		}
		_ = d.file.SetReadDeadline(deadline)
		n, err := d.file.Read(buf)
		d.write(buf[:n])
		pending -= n
		// A deadline that has passed proves nothing when the machine is busy: what counts is whether there is something to read.
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if late && (pending > 0 || time.Now().Before(end)) && readable(d.file) {
			continue
		}
		if err != nil {
			d.cut = late
			return
		}
	}
}

// write passes output on. A writer that fails gets no more; the command's output is still drained, so that it does not block.
func (d *drain) write(p []byte) {
	if len(p) == 0 || d.w == nil {
		return
	}
	if _, err := d.w.Write(p); err != nil {
		d.w = nil
	}
}
