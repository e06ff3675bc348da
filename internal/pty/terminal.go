package pty

import (
	"cmp"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	creack "github.com/creack/pty"
)

// Options describe a program on a terminal.
type Options struct {
	// Program is the file to run, Argv its arguments from argv[0] on; an empty Program is Argv[0], looked up in the PATH of Env.
	Program string
	Argv    []string
	// Dir is the working directory, "" for this process's own. Env is the whole environment; TERM is added if it has none.
	Dir string
	Env []string
	// Cols and Rows are the size, 120 by 40 if 0.
	Cols, Rows int
	// Buffer is how many bytes of output are kept, DefaultBuffer if 0.
	Buffer int
	// Grace is how long the programs may take to end when the terminal hangs up, DefaultGrace if 0.
	Grace time.Duration
	// Tap is called with each piece of output once it is in the ring, at the offset at, by the goroutine that reads it: the program waits for
	// it. It must not keep the slice.
	Tap func(at int64, p []byte)
}

// The size of a terminal when none is given, and the bounds of one that is.
const (
	DefaultCols, DefaultRows = 120, 40
	minSize, maxSize         = 1, 1000
)

// Term is the TERM of programs whose environment has none.
const Term = "xterm-256color"

const (
	// Once the program has ended, its terminal is read until it is silent for afterExit, or for afterExitMax in all: a
	// background process that ignores the hangup may hold it open and go on printing. What the program printed itself is
	// in the kernel's buffer by then, of which there are less than afterExitBytes.
	afterExit, afterExitMax = 100 * time.Millisecond, time.Second
	afterExitBytes          = 256 << 10
	// readSize is the most that is read at a time. The kernel's own buffer for a terminal is 4 KiB.
	readSize = 16 << 10
)

// Exit is how a program ended.
type Exit struct {
	// Code is the exit status, 128+n after death by signal n, -1 when it is unknown.
	Code int
	// Signal is the name of the signal without SIG, "" for none.
	Signal string
}

// Terminal is a program on a terminal of its own. It is safe for concurrent use.
type Terminal struct {
	proc   *os.Process
	master *os.File
	ring   *Ring
	track  tracker
	screen *screen
	tap    func(int64, []byte)
	grace  time.Duration

	writing sync.Mutex
	// line is how much of an input line has been typed in canonical mode.
	line int

	// silent: questions of the program are answered by somebody else's terminal.
	silent  atomic.Bool
	resized sync.Mutex
	cols    int
	rows    int

	done   chan struct{} // closed when nothing is left to do
	ended  chan struct{} // closed when the program has ended and all it printed is in the ring
	exited chan struct{} // closed when the program has ended
	exit   Exit
}

// Start runs a program in a session of its own with a new terminal as its controlling one.
func Start(o Options) (*Terminal, error) {
	if len(o.Argv) == 0 {
		return nil, refuse("invalid_argument", "pass a program", "there is no program to run")
	}
	cols, rows := o.Cols, o.Rows
	if cols == 0 {
		cols = DefaultCols
	}
	if rows == 0 {
		rows = DefaultRows
	}
	if err := checkSize(cols, rows); err != nil {
		return nil, err
	}
	program, err := o.program()
	if err != nil {
		return nil, err
	}
	master, proc, err := o.spawn(program, cols, rows)
	if err != nil {
		return nil, err
	}
	t := &Terminal{
		proc: proc, master: master, ring: NewRing(o.Buffer), tap: o.Tap, cols: cols, rows: rows, grace: cmp.Or(o.Grace, DefaultGrace),
		done: make(chan struct{}), ended: make(chan struct{}), exited: make(chan struct{}),
	}
	t.screen = newScreen(t.ring, cols, rows)
	go t.wait()
	go t.read()
	return t, nil
}

// spawn opens the terminal and starts the program on it.
func (o Options) spawn(program string, cols, rows int) (*os.File, *os.Process, error) {
	const hint = "the machine or this user may have no terminals, processes or descriptors left: end a session and try again"
	master, slave, err := creack.Open()
	if err != nil {
		return nil, nil, wrap(err, "limit_reached", hint, "opening a terminal")
	}
	defer slave.Close()
	if err := errors.Join(unblock(master), setSize(master, cols, rows)); err != nil {
		master.Close()
		return nil, nil, wrap(err, "internal", hint, "preparing a terminal")
	}
	proc, err := os.StartProcess(program, o.Argv, &os.ProcAttr{
		Dir: o.Dir, Env: o.environ(), Files: []*os.File{slave, slave, slave}, Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	})
	if err != nil {
		master.Close()
		return nil, nil, startError(o, program, err)
	}
	return master, proc, nil
}

func checkSize(cols, rows int) error {
	if cols < minSize || rows < minSize || cols > maxSize || rows > maxSize {
		return refuse("invalid_argument", "1 to 1000 columns and rows", "a terminal can't have %d columns and %d rows", cols, rows)
	}
	return nil
}

// wait collects the program. It ends with it.
func (t *Terminal) wait() {
	t.exit = Exit{Code: -1}
	if state, err := t.proc.Wait(); err == nil {
		t.exit.Code = state.ExitCode()
		if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			t.exit = Exit{Code: 128 + int(ws.Signal()), Signal: signalName(ws.Signal())}
		}
	}
	close(t.exited)
	_ = t.master.SetReadDeadline(time.Now().Add(afterExit)) // it may be closed already
}

// read moves the output into the ring until the terminal is gone (EIO) and the program has ended.
func (t *Terminal) read() {
	defer close(t.done)
	buf := make([]byte, readSize)
	var rest lastWords
	for {
		n, err := t.master.Read(buf)
		if n > 0 {
			t.output(buf[:n])
		}
		select {
		case <-t.exited:
			if !rest.more(t.master, n, err) {
				err = io.EOF
			} else if errors.Is(err, os.ErrDeadlineExceeded) {
				err = nil
			}
		default:
		}
		if err != nil {
			break
		}
	}
	// The program may have closed its terminal and go on; its end is the end. The screen may have much to catch up with: nobody waits for that.
	<-t.exited
	_ = t.ring.Close()
	close(t.ended)
	t.screen.sync()
	t.screen.close()
	t.writing.Lock()
	defer t.writing.Unlock()
	t.master.Close()
}

// lastWords decides when the output of a program that has ended is complete.
type lastWords struct {
	end  time.Time
	size int
	// drained: there was nothing to read once, so what comes now is not the program's own.
	drained bool
}

// more takes the result of a Read and says whether there should be another, for which it sets the deadline. A deadline that
// has passed proves nothing when the machine is busy: what counts is whether there is something to read.
func (l *lastWords) more(master *os.File, n int, err error) bool {
	if l.end.IsZero() {
		l.end = time.Now().Add(afterExitMax)
	}
	l.size += n
	ready := readable(master)
	l.drained = l.drained || !ready || l.size > afterExitBytes
	late := l.drained && time.Now().After(l.end)
	if late || err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || !ready) {
		return false
	}
	return master.SetReadDeadline(time.Now().Add(afterExit)) == nil
}

func (t *Terminal) output(p []byte) {
	_, at := t.ring.Bounds()
	_, _ = t.ring.Write(p) // never fails
	if t.tap != nil {
		t.tap(at, p)
	}
	t.track.feed(p)
	if t.track.question() {
		if answers := t.screen.answers(); len(answers) > 0 && !t.silent.Load() {
			t.answer(answers)
		}
	}
	t.screen.fed(t.track.get())
}

// answer types what the terminal itself has to say. A program that does not read it does without.
func (t *Terminal) answer(p []byte) {
	if !t.writing.TryLock() { // somebody's input is stuck, and this would be too
		return
	}
	defer t.writing.Unlock()
	_ = t.master.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	_, _ = t.master.Write(p)
}

// Pid is the program's process id, which leads its session.
func (t *Terminal) Pid() int { return t.proc.Pid }

// Output is what the program prints.
func (t *Terminal) Output() *Ring { return t.ring }

// Modes are what the program has asked of the terminal.
func (t *Terminal) Modes() Modes { return t.track.get() }

// Done is closed when the program has ended and everything it printed is in the ring, which is closed then.
func (t *Terminal) Done() <-chan struct{} { return t.ended }

// Exit says how the program ended, and whether it has.
func (t *Terminal) Exit() (Exit, bool) {
	select {
	case <-t.ended:
		return t.exit, true
	default:
		return Exit{}, false
	}
}

// Answer says whether questions of the program to its terminal (device attributes, cursor position) are answered here, as
// they are at first. A person's own terminal that shows the output answers them itself.
func (t *Terminal) Answer(here bool) { t.silent.Store(!here) }

// Size is the terminal's size.
func (t *Terminal) Size() (cols, rows int) {
	t.resized.Lock()
	defer t.resized.Unlock()
	return t.cols, t.rows
}

// Resize changes the size; the kernel tells the program (SIGWINCH).
func (t *Terminal) Resize(cols, rows int) error {
	if err := checkSize(cols, rows); err != nil {
		return err
	}
	t.resized.Lock()
	defer t.resized.Unlock()
	if err := setSize(t.master, cols, rows); err != nil {
		return t.gone(err, "resizing")
	}
	t.cols, t.rows = cols, rows
	t.screen.resize(cols, rows)
	return nil
}

// gone is the error of an operation on a terminal whose program may have ended.
func (t *Terminal) gone(err error, doing string) error {
	select {
	case <-t.exited:
		return refuse("not_found", "read its last output, then start another session", "the program on this terminal has ended")
	default:
	}
	return wrap(err, "internal", "try again, or end the session", doing)
}
