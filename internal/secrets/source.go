package secrets

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// read gets a value from where it is. One newline at its end is not a part of it.
func (s *Store) read(ctx context.Context, e entry) (string, *Error) {
	switch {
	case e.literal != nil:
		return *e.literal, nil
	case e.env != "":
		value, ok := s.opts.LookupEnv(e.env)
		if !ok {
			return "", &Error{code: notFound, message: "the environment variable " + e.env + " is not set",
				hint: "the operator has to set it for this server"}
		}
		return value, nil
	case e.file != "":
		text, err := readPrivate(e.file)
		if err != nil {
			var typed *Error
			if errors.As(err, &typed) {
				return "", typed
			}
			return "", &Error{code: internal, message: err.Error()}
		}
		return trimLine(text), nil
	case e.pass != "":
		out, err := s.run(ctx, []string{"pass", "show", "--", e.pass})
		if err != nil {
			return "", err
		}
		first, _, _ := strings.Cut(out, "\n") // pass(1): the password is the first line
		return strings.TrimSuffix(first, "\r"), nil
	default:
		out, err := s.run(ctx, e.command)
		return trimLine(out), err
	}
}

func trimLine(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r") }

// run runs a command that prints a value. It gets no terminal and no standard input, so that it fails rather than waits for
// somebody to type.
func (s *Store) run(ctx context.Context, argv []string) (string, *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, errors.New("it took longer than "+s.opts.Timeout.String()))
	defer cancel()
	var stdout, stderr limited
	stdout.left, stderr.left = maxValue+2, 4096
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = s.opts.Environ
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a child that was left behind may hold the pipes
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		return string(stdout.kept), nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	failed := &Error{code: internal, message: "running " + argv[0], cause: err, hint: "the operator has to see to it that the command works for this server"}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		failed.code = notFound
	}
	if said := lastLine(string(stderr.kept)); said != "" {
		failed.cause = errors.New(err.Error() + ": " + said)
	}
	return "", failed
}

// limited keeps the first bytes that are written to it.
type limited struct {
	kept []byte // not a bytes.Buffer within, whose ReadFrom would go round Write
	left int
}

// Write takes all of p and keeps what there is room for, so that the command is not stopped by a full pipe.
func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.kept = append(l.kept, p[:n]...)
	return len(p), nil
}

// lastLine is what a command said last, short enough for an error.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if len(last) > 200 {
		last = last[:200]
	}
	return strings.ToValidUTF8(last, "")
}
