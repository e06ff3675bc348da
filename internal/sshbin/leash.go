package sshbin

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed leash.sh
var leashSource string

//go:embed tree.sh
var treeSource string

const (
	// hiTimeout is how long a host may take to greet before its end of file is tried: what is no shell, such as a forced
	// command that reads its input, ends by that. A shell that is slow greets all the same.
	hiTimeout = 2 * time.Second
	// slowTimeout is how long after that, and how long a host that turned out to be slow may take in all.
	slowTimeout = 8 * time.Second
	// killTimeout is how long the leash may take to end a call's processes. Its script gives up after 1.5 s; the rest is for hosts
	// on which looking through the processes takes long.
	killTimeout = 5 * time.Second
	// leashWriteTimeout bounds a line to the leash; they are tens of bytes into a 64 KiB pipe.
	leashWriteTimeout = time.Second
)

// leash is a small shell on the host that ends a call's processes when told to, or when this program, the master or the
// network goes away. There is one for each master that carries commands.
type leash struct {
	channel channel
	in, out *os.File
	hello   hello
	gone    chan struct{} // closed when the leash's output has ended

	mu      sync.Mutex
	broken  bool
	waiting map[string]chan []string // answers to "k ID" and "p N", by "k ID" and "p N"
	pings   int
}

var (
	// errNoShell says that what the host runs is no shell: it ended without a greeting.
	errNoShell = errors.New("the host runs no shell for the leash")
	// errSlow says that the greeting came after the end of file.
	errSlow = errors.New("the host greeted the leash late")
	// errSilent says that nothing was heard in time.
	errSilent = errors.New("the host did not greet the leash in time")
)

// listen reads the leash's lines until its output ends. Everything before the greeting with our token is noise of
// start-up files.
func (l *leash) listen(token string, said chan<- hello) {
	defer close(l.gone)
	defer l.out.Close()
	lines := bufio.NewReaderSize(l.out, 4<<10)
	greeted := false
	for {
		line, err := readLine(lines)
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch {
		case !greeted && strings.HasPrefix(line, "hi "+token+" "):
			if h, ok := parseHello(line, token); ok {
				greeted = true
				said <- h
			}
		case greeted && len(words) >= 2 && (words[0] == "k" || words[0] == "p"):
			l.answer(words[0]+" "+words[1], words[2:])
		}
	}
}

// readLine reads a line without its end. Longer ones than the buffer are noise and come back empty.
func readLine(r *bufio.Reader) (string, error) {
	line, long, err := r.ReadLine()
	if !long || err != nil {
		return string(line), err
	}
	for long && err == nil {
		_, long, err = r.ReadLine()
	}
	return "", err
}

func (l *leash) answer(key string, words []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w, ok := l.waiting[key]; ok {
		delete(l.waiting, key)
		w <- words
	}
}

// tell writes a line without waiting for an answer.
func (l *leash) tell(line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return os.ErrClosed
	}
	_ = l.in.SetWriteDeadline(time.Now().Add(leashWriteTimeout)) // pipes take deadlines
	if _, err := l.in.WriteString(line + "\n"); err != nil {
		l.broken = true // half a line may have been written
		return fmt.Errorf("writing to the leash: %w", err)
	}
	return nil
}

// ask writes a line and waits for the answer to it.
func (l *leash) ask(ctx context.Context, line string) ([]string, error) {
	answer := make(chan []string, 1)
	l.mu.Lock()
	l.waiting[line] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waiting, line)
		l.mu.Unlock()
	}()
	if err := l.tell(line); err != nil {
		return nil, err
	}
	select {
	case words := <-answer:
		return words, nil
	case <-l.gone:
		return nil, io.ErrUnexpectedEOF
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// begin announces a call: if this program, the master or the network goes away from now on, its processes are ended.
func (l *leash) begin(id string) error { return l.tell("b " + id) }

// end takes begin back: whatever the call left behind may live on.
func (l *leash) end(id string) { _ = l.tell("e " + id) } // a leash that is gone has nothing to forget

// ping measures the way to the host and back.
func (l *leash) ping(ctx context.Context) (time.Duration, error) {
	l.mu.Lock()
	l.pings++
	line := "p " + strconv.Itoa(l.pings)
	l.mu.Unlock()
	start := time.Now()
	_, err := l.ask(ctx, line)
	return time.Since(start), err
}

// kill ends the call's processes and returns the process ids of those that are left. known is false when the host cannot tell.
func (l *leash) kill(ctx context.Context, id string) (left []string, known bool) {
	words, err := l.ask(ctx, "k "+id)
	if err != nil || len(words) == 1 && words[0] == "?" {
		return nil, false
	}
	return words, true
}

// alive reports whether the leash still listens.
func (l *leash) alive() bool {
	select {
	case <-l.gone:
		return false
	default:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.broken
}

// closed reports whether we have let go of the leash ourselves, or could not write to it.
func (l *leash) closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// close lets go of the leash: it ends the processes of calls that have not ended, and itself.
func (l *leash) close() {
	l.mu.Lock()
	l.broken = true
	_ = l.in.Close()
	l.mu.Unlock()
	_ = l.channel.Close()
	_ = l.out.SetReadDeadline(time.Unix(1, 0)) // a frozen master does not close its end
	<-l.gone
}
