package job

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"relay-shell/internal/localexec"
)

// own is a command that this process has started.
type own struct {
	mark   string
	pid    int
	result chan ownEnd
}

type ownEnd struct {
	exit localexec.Exit
	err  error
}

// startOwn starts a command and returns once it runs.
func startOwn(p Params, store *Store, ctx context.Context) (*own, error) {
	localexec.MarkSelf(p.Mark)
	o := &own{mark: p.Mark, result: make(chan ownEnd, 1)}
	started := make(chan int, 1)
	go func() { // ends with the command
		c := localexec.Command{
			Argv: p.Argv, Dir: p.Cwd, Env: p.Env, Stdout: store, Stderr: store, ID: p.Mark, StartedAs: func(pid int) { started <- pid },
		}
		if p.Stdin != "" {
			c.Stdin = strings.NewReader(p.Stdin)
		}
		exit, err := localexec.Run(ctx, c)
		o.result <- ownEnd{exit, err}
	}()
	select {
	case o.pid = <-started:
		return o, nil
	case r := <-o.result:
		if r.err != nil {
			return nil, r.err
		}
		o.result <- r
		o.pid = r.exit.Pid
		return o, nil
	}
}

func (o *own) wait(ctx context.Context, _ *Store) End {
	r := <-o.result // Run ends the tree when ctx ends
	e := End{Code: r.exit.Code, Signal: r.exit.Signal, Survivors: r.exit.Survivors}
	if r.err != nil && ctx.Err() == nil {
		e.State, e.Error = Lost, r.err.Error()
	}
	return e
}

// kept has nothing to do: the command is this process's child.
func (o *own) kept() error { return nil }

func (o *own) signal(_ context.Context, name string) (int, error) {
	return localexec.Signal(o.mark, o.pid, name)
}

// adopted is a local command whose parent is another process, which tells of its end.
type adopted struct {
	mark           string
	pid            int
	stdout, stderr *os.File // stderr is nil where it goes where stdout goes
	status         *os.File
}

// adopt takes a command with its files.
func adopt(a Adopt, files []*os.File) (command, error) {
	if a.Remote != nil {
		return adoptRemote(a, files)
	}
	want := 2
	if a.Stderr {
		want = 3
	}
	if len(files) != want {
		return nil, fmt.Errorf("a local command brings %d files, not %d", want, len(files))
	}
	c := &adopted{mark: a.Mark, pid: a.Meta.PID, stdout: files[0], status: files[len(files)-1]}
	if a.Stderr {
		c.stderr = files[1]
	}
	return c, nil
}

func (c *adopted) wait(ctx context.Context, store *Store) End {
	pump := startPump(store, c.stdout, c.stderr)
	line := make(chan string, 1)
	go func() { // ends with the command, or with its parent
		defer c.status.Close()
		text, _ := bufio.NewReader(io.LimitReader(c.status, 256)).ReadString('\n')
		line <- text
	}()
	var e End
	var text string
	select {
	case text = <-line:
	case <-ctx.Done():
		e.Survivors = localexec.End(c.mark, c.pid)
		select {
		case text = <-line:
		case <-time.After(drainMost):
		}
	}
	pump.finish(quietAfter, drainMost)
	code, signal, ok := parseStatus(text)
	if !ok && ctx.Err() == nil {
		e.State, e.Error = Lost, "the process that would have told how it ended is gone"
		e.Survivors = localexec.End(c.mark, c.pid) // nothing shall go on unseen
	}
	if ok {
		e.Code, e.Signal = &code, signal
	}
	return e
}

// kept has nothing to do: the command's parent sees that its status is followed.
func (c *adopted) kept() error { return nil }

func (c *adopted) signal(_ context.Context, name string) (int, error) {
	return localexec.Signal(c.mark, c.pid, name)
}

// parseStatus reads "exit N" and "signal NAME N".
func parseStatus(line string) (code int, signal string, ok bool) {
	words := strings.Fields(line)
	switch {
	case len(words) == 2 && words[0] == "exit":
		_, err := fmt.Sscanf(words[1], "%d", &code)
		return code, "", err == nil
	case len(words) == 3 && words[0] == "signal":
		_, err := fmt.Sscanf(words[2], "%d", &code)
		return code, words[1], err == nil
	}
	return 0, "", false
}
