package sshbin

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/sshbin/mux"
)

// hello is what the leash says first.
type hello struct {
	PID    int
	System string // uname -s
	User   string
	// Client and Server are the ends of the TCP connection as the host sees them, "?" where it does not say.
	Client, ClientPort, Server, ServerPort string
	// Daemon is the server where it is one that needs care, "dropbear_VERSION", and "-" otherwise.
	Daemon string
	Shell  string
}

// leashText is the leash's command line.
func leashText(token string) string {
	script := strings.ReplaceAll(uncommented(leashSource), "TREE\n", TreeScript())
	return wrapped(strings.ReplaceAll(script, "TOKEN", token))
}

// TreeScript defines functions for a POSIX shell on a host that find and end processes by the mark that they carry, the variable
// [CallVariable]: "look ID" sets o to their process ids, "stop ID" ends them and prints "k ID" with what is left of them, or "k ID ?" where
// the system does not show its processes. L and T have to be a blank each before look.
func TreeScript() string { return uncommented(treeSource) }

func uncommented(source string) string {
	var script strings.Builder
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(line, "#") {
			script.WriteString(line)
		}
	}
	return script.String()
}

// startLeash opens the leash as a session of its own. The error is errNoShell or errSilent when the host did not say hello, and
// whatever open returned when there was no session for it.
func startLeash(ctx context.Context, open opener) (*leash, error) {
	l, err := tryLeash(ctx, open, hiTimeout)
	if errors.Is(err, errSlow) {
		return tryLeash(ctx, open, slowTimeout)
	}
	return l, err
}

func tryLeash(ctx context.Context, open opener, patience time.Duration) (*leash, error) {
	token := rand.Text()
	l, err := openLeash(ctx, open, token)
	if err != nil {
		return nil, err
	}
	said := make(chan hello, 1)
	go l.listen(token, said) // ends with the leash's output, or by close
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case l.hello = <-said:
		return l, nil
	case <-l.gone:
		err = endedUngreeted(l.channel)
	case <-timer.C:
		err = l.hearOut(ctx, said)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	l.close()
	return nil, err
}

// hearOut ends the input of a leash that has not greeted, and waits for what comes of that.
func (l *leash) hearOut(ctx context.Context, said <-chan hello) error {
	_ = l.in.Close()
	timer := time.NewTimer(slowTimeout)
	defer timer.Stop()
	select {
	case <-said:
		return errSlow
	case <-l.gone:
		select {
		case <-said:
			return errSlow
		default:
			return endedUngreeted(l.channel)
		}
	case <-timer.C:
		return errSilent
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// openLeash opens the session.
func openLeash(ctx context.Context, open opener, token string) (*leash, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer stdout.Close()
	ch, err := open(ctx, mux.Request{Command: leashText(token), Stdin: stdin, Stdout: stdout, Stderr: null})
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	return &leash{channel: ch, in: in, out: out, gone: make(chan struct{}), waiting: map[string]chan []string{}}, nil
}

// endedUngreeted tells a forced command, which ends with a status, from a connection that was lost.
func endedUngreeted(ch channel) error {
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	select {
	case <-ch.Exited():
	case <-t.C: // it has closed its output and runs on
		return errNoShell
	}
	if ch.Exit().Known {
		return errNoShell
	}
	return &mux.LostError{Op: "leash", Err: io.ErrUnexpectedEOF}
}

func parseHello(line, token string) (hello, bool) {
	words := strings.SplitN(strings.TrimPrefix(line, "hi "+token+" "), " ", 9)
	if len(words) < 9 {
		return hello{}, false
	}
	pid, err := strconv.Atoi(words[0])
	return hello{
		PID: pid, System: words[1], User: words[2], Client: words[3], ClientPort: words[4], Server: words[5], ServerPort: words[6],
		Daemon: words[7], Shell: strings.TrimSpace(words[8]),
	}, err == nil
}
