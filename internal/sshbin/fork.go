package sshbin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// forked is a session carried by an ssh client process. What became of it the client tells in its debugging output, which goes to a
// pipe of its own: its exit status of 255 alone could mean anything.
type forked struct {
	cmd    *exec.Cmd
	exited chan struct{}
	ended  chan struct{}
	once   sync.Once
	// greeted is closed when the master has greeted the client: before that the client has asked for nothing (mux_client_hello_exchange
	// in mux.c).
	greeted chan struct{}

	mu   sync.Mutex
	exit mux.Exit
}

// forked reports whether sessions on the call's master are forked clients.
func (k *call) forked() bool {
	return k.seat.pool.engine.opt.Engine == Fork || k.seat.mustFork.Load()
}

// openFork opens a session by an ssh client that fails when the master is gone instead of logging in afresh.
func (m *master) openFork(ctx context.Context, r mux.Request) (channel, error) {
	e := m.pool.engine
	words, log, path, err := wordsPipe(e.opt.RuntimeDir)
	if err != nil {
		return nil, err
	}
	args := m.pool.resolved.ClientArgs(dest.ClientOptions{ControlPath: m.path, Command: r.Command, Subsystem: r.Subsystem, TTY: r.TTY, Log: path})
	// Debugging of the second level names the session and the exit status. It comes first: of LogLevel the first counts.
	cmd := exec.Command(e.opt.SSH, append([]string{"-v", "-v"}, args...)...)
	cmd.Env = append(dest.Environ(e.opt.Env), "TERM="+r.Term)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.Stdin, r.Stdout, r.Stderr
	if r.TTY {
		cmd.Stderr = nil // a remote terminal has one stream; the client would say goodbye on the other
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, words.Close(), log.Close(), os.Remove(path))
	}
	f := &forked{cmd: cmd, exited: make(chan struct{}), ended: make(chan struct{}), greeted: make(chan struct{})}
	opened := make(chan error, 1)
	go func() { // ends with the client, which Close kills
		_ = cmd.Wait() // its status says less than its words
		log.Close()
	}()
	go f.follow(words, opened)
	attended, cancel := m.attended(ctx)
	err = f.opening(attended, opened)
	cancel()
	_ = os.Remove(path) // the client has it open
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// opening waits until the session is open, or will not be.
func (f *forked) opening(ctx context.Context, opened <-chan error) error {
	greeting, cancel := context.WithTimeoutCause(ctx, mux.GreetTimeout, context.DeadlineExceeded)
	defer cancel()
	select {
	case err := <-opened:
		return err
	case <-f.greeted:
	case <-greeting.Done():
		return &mux.LostError{Op: "session", Err: context.Cause(greeting)}
	}
	select {
	case err := <-opened:
		return err
	case <-ctx.Done():
		return &mux.LostError{Op: "session", Sent: true, Err: context.Cause(ctx)}
	}
}

// wordsPipe makes a pipe with a name, for -E: ssh closes every descriptor above 2 that it inherits. Its reader sees no end while log is open.
func wordsPipe(dir string) (words, log *os.File, path string, err error) {
	path = filepath.Join(dir, "words-"+newID())
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, nil, "", err
	}
	// Non-blocking: opening a pipe for reading would wait for a writer.
	if words, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		return nil, nil, "", errors.Join(err, os.Remove(path))
	}
	if log, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return nil, nil, "", errors.Join(err, words.Close(), os.Remove(path))
	}
	return words, log, path, nil
}

// What ssh says of its session, from OpenSSH 8.4 on (mux.c).
var (
	masterGreeted  = lazyregexp.New(`hello_exchange: master version \d`)
	sessionOpened  = lazyregexp.New(`master session id: \d+`)
	sessionRefused = lazyregexp.New(`session request failed: (.*)`)
	masterDeclined = lazyregexp.New(`Master refused session request: (.*)`)
	noMaster       = lazyregexp.New(`Control socket (?:connect\(|")`)
	exitReceived   = lazyregexp.New(`Received exit status from master (\d+)`)
)

// follow reads the client's words to their end, which is that of the client.
func (f *forked) follow(words io.ReadCloser, opened chan<- error) {
	defer close(f.ended)
	defer f.once.Do(func() { close(f.exited) })
	defer words.Close()
	answered := false
	answer := func(err error) {
		if !answered {
			answered = true
			opened <- err
		}
	}
	greet := sync.OnceFunc(func() { close(f.greeted) })
	lines := bufio.NewReaderSize(words, 16<<10)
	for {
		line, err := readLine(lines)
		if err != nil {
			break
		}
		line = strings.TrimRight(line, "\r")
		if masterGreeted.MatchString(line) {
			greet()
		} else if m := sessionRefused.FindStringSubmatch(line); m != nil {
			answer(&mux.RefusedError{Op: "session", Reason: m[1]})
		} else if m := masterDeclined.FindStringSubmatch(line); m != nil {
			answer(&mux.RefusedError{Op: "session", Denied: true, Reason: m[1]})
		} else if noMaster.MatchString(line) {
			answer(&mux.NotRunningError{Path: "", Err: errors.New(line)})
		} else if sessionOpened.MatchString(line) {
			answer(nil)
		} else if m := exitReceived.FindStringSubmatch(line); m != nil {
			status, err := strconv.ParseUint(m[1], 10, 32)
			f.mu.Lock()
			f.exit = mux.Exit{Status: uint32(status), Known: err == nil}
			f.mu.Unlock()
		}
	}
	answer(&mux.LostError{Op: "session", Sent: true, Err: io.ErrUnexpectedEOF})
}

func (f *forked) Exited() <-chan struct{} { return f.exited }
func (f *forked) Ended() <-chan struct{}  { return f.ended }

func (f *forked) Exit() mux.Exit {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.exit
}

// Close ends the client. It may be called twice.
func (f *forked) Close() error {
	select {
	case <-f.ended:
		return nil
	default:
	}
	_ = f.cmd.Process.Kill() // it has nothing to tidy up: the master sees its connection close
	<-f.ended
	return nil
}
