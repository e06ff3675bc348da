package hostkey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/failure"
)

// keyscanArgs are the arguments of ssh-keyscan for one host.
func keyscanArgs(host *dest.Resolved, o Options) []string {
	seconds := int((o.Timeout + time.Second - 1) / time.Second)
	args := []string{"-T", strconv.Itoa(seconds), "-p", strconv.Itoa(host.Port)}
	switch host.Get("addressfamily") {
	case "inet":
		args = append(args, "-4")
	case "inet6":
		args = append(args, "-6")
	}
	if len(o.Types) > 0 {
		args = append(args, "-t", strings.Join(o.Types, ","))
	}
	return append(args, "--", host.Hostname)
}

// keyscan asks a host directly.
func keyscan(ctx context.Context, host *dest.Resolved, o Options) ([]ssh.PublicKey, error) {
	out, words, err := run(ctx, o.Keyscan, keyscanArgs(host, o), dest.Environ(o.Env))
	if keys := parseScan(out); len(keys) > 0 {
		return keys, nil
	}
	if ctx.Err() != nil {
		return nil, deadlineError(ctx, host, o)
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &Error{Code: "unsupported", Message: "ssh-keyscan is not installed", Hint: "install openssh-client", Err: err}
	}
	return nil, whyNothing(ctx, host, words, o)
}

// whyNothing finds the reason for a scan without keys: ssh-keyscan is silent about refused connections and timeouts.
func whyNothing(ctx context.Context, host *dest.Resolved, words string, o Options) error {
	for line := range strings.Lines(words) {
		line = strings.TrimSpace(line)
		if about, ok := strings.CutPrefix(line, "getaddrinfo "); ok { // about the one host, whose name it spells in ASCII (vis(3))
			reason := about[strings.LastIndexByte(about, ':')+1:]
			said := "ssh: Could not resolve hostname " + host.Hostname + ": " + strings.TrimSpace(reason)
			return failure.FromWords(failure.Words{Destination: said}, host, nil)
		}
		if strings.HasPrefix(line, "Unknown key type") {
			return &Error{Code: "unsupported", Message: "this ssh-keyscan: " + line, Hint: "leave key_types out"}
		}
	}
	dialer := net.Dialer{Timeout: o.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host.Hostname, strconv.Itoa(host.Port)))
	if err == nil {
		conn.Close()
		return &Error{Code: "unreachable", Message: host.Address() + " takes connections and shows no host key: " + lastWords(words), Hint: "what listens there may be no SSH server, or drop connections (MaxStartups): check the port, or try again later"}
	}
	var sys *net.OpError
	reason := err.Error()
	if errors.As(err, &sys) {
		reason = sys.Err.Error()
		var number syscall.Errno
		if errors.As(sys.Err, &number) {
			reason = number.Error()
		}
		if sys.Timeout() {
			reason = "Connection timed out"
		}
	}
	said := fmt.Sprintf("ssh: connect to host %s port %d: %s", host.Hostname, host.Port, reason)
	return failure.FromWords(failure.Words{Destination: said}, host, nil)
}

func lastWords(words string) string {
	var last string
	for line := range strings.Lines(words) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			last = line
		}
	}
	if last == "" {
		return "nothing was said"
	}
	return last
}

// parseScan reads what ssh-keyscan prints: one "name type base64" a line. Lines that are none are passed over, and
// a key that comes twice counts once.
func parseScan(out string) []ssh.PublicKey {
	var keys []ssh.PublicKey
	seen := map[string]bool{}
	for line := range strings.Lines(out) {
		_, key, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
		if err != nil || seen[string(public.Marshal())] {
			continue
		}
		seen[string(public.Marshal())] = true
		keys = append(keys, public)
	}
	return keys
}

// maxOutput bounds what is kept of a program's output; a host has a handful of keys.
const maxOutput = 256 << 10

// run runs a program without a terminal, in a session of its own that ends with ctx.
func run(ctx context.Context, name string, args, env []string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{to: &out}, &bounded{to: &words}
	err = cmd.Run()
	return out.String(), words.String(), err
}

// A bounded writer keeps the first maxOutput bytes and drops the rest.
type bounded struct{ to *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.to.Len(); room > 0 {
		b.to.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

var _ io.Writer = (*bounded)(nil)
