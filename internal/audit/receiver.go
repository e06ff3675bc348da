package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/syslog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"relay-shell/internal/lazyregexp"
)

// ReceiverOptions are what receivers that are commands need to know.
type ReceiverOptions struct {
	// Environ is the environment of ssh and git, nil = this process's.
	Environ []string
	// SSHConfig is the file for ssh -F, "" = ssh's own.
	SSHConfig string
}

// OpenReceiver opens a receiver by its name:
//
//	file:PATH           appends the signed notes to a file (on another machine's mount, or append-only)
//	syslog              one line to the local syslog; syslog://host:port and syslog+tcp://host:port to a server
//	git:DIR             commits the newest note in a work tree, and pushes where its branch has an upstream
//	ssh:HOST:PATH       appends to a file on another host, with the operator's ssh
func OpenReceiver(spec string, o ReceiverOptions) (Receiver, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	switch {
	case kind == "file" && rest != "":
		return fileReceiver(rest), nil
	case strings.HasPrefix(spec, "syslog"):
		w, err := openSyslog(spec)
		if err != nil {
			return nil, err
		}
		return &syslogReceiver{w}, nil
	case kind == "git" && rest != "":
		return &gitReceiver{rest, o.Environ}, nil
	case kind == "ssh":
		return newSSHReceiver(rest, o)
	}
	return nil, fmt.Errorf("witness %q is none of file:PATH, syslog, git:DIR, ssh:HOST:PATH", spec)
}

// fileReceiver appends notes to a file.
type fileReceiver string

func (name fileReceiver) Receive(_ context.Context, c Checkpoint) error {
	f, err := os.OpenFile(string(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(c.Note)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (name fileReceiver) Kept(context.Context) ([]byte, error) {
	f, err := os.Open(string(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return newestOf(f)
}

func (fileReceiver) Close() error { return nil }

// maxKept bounds what is read back of a receiver, in bytes: a quarter of a million heads.
const maxKept = 64 << 20

// newestOf reads at most the last maxKept bytes of a file.
func newestOf(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-maxKept)
	return io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
}

// syslogReceiver logs a head as one line.
type syslogReceiver struct{ w *syslog.Writer }

func (r *syslogReceiver) Receive(_ context.Context, c Checkpoint) error {
	return r.w.Notice(fmt.Sprintf("audit head origin=%s floor=%d:%s", c.Origin, c.Size, c.Root))
}

func (r *syslogReceiver) Kept(context.Context) ([]byte, error) {
	return nil, fmt.Errorf("what syslog has is read where it is kept: %w", errors.ErrUnsupported)
}

func (r *syslogReceiver) Close() error { return r.w.Close() }

// gitReceiver is a work tree that has the newest note of each log in a file of its own, and the older ones in its history.
type gitReceiver struct {
	dir     string
	environ []string
}

var notInFileName = lazyregexp.New(`[^A-Za-z0-9._-]+`)

func (g *gitReceiver) Receive(ctx context.Context, c Checkpoint) error {
	name := notInFileName.ReplaceAllString(c.Origin, "_") + noteSuffix
	if err := os.WriteFile(filepath.Join(g.dir, name), c.Note, 0o600); err != nil {
		return err
	}
	if _, err := g.git(ctx, nil, "add", "--", name); err != nil {
		return err
	}
	if _, err := g.git(ctx, nil, "diff", "--cached", "--quiet", "--", name); err != nil { // else committed before
		if _, err := g.git(ctx, nil, "commit", "-q", "-m", fmt.Sprintf("%s: %d records", c.Origin, c.Size), "--", name); err != nil {
			return err
		}
	}
	if _, err := g.git(ctx, nil, "rev-parse", "-q", "--verify", "@{upstream}"); err != nil {
		return nil // whoever pulls from here is the witness
	}
	_, err := g.git(ctx, nil, "push", "-q")
	return err
}

// noteSuffix ends the names of the notes in a work tree.
const noteSuffix = ".checkpoint"

// Kept is every note of the history, of all logs: each commit's version of each file.
func (g *gitReceiver) Kept(ctx context.Context) ([]byte, error) {
	raw, err := g.git(ctx, nil, "log", "--format=", "--raw", "--no-abbrev", "--no-renames", "-z", "--", "*"+noteSuffix)
	if err != nil {
		return nil, err
	}
	var blobs bytes.Buffer
	for _, field := range bytes.Split(raw, []byte{0}) {
		// :old-mode new-mode old-hash new-hash status, then the path in a field of its own (git-diff(1), raw output).
		if f := bytes.Fields(field); len(f) == 5 && f[0][0] == ':' && f[4][0] != 'D' {
			blobs.Write(append(f[3], '\n'))
		}
	}
	return g.git(ctx, blobs.Bytes(), "cat-file", "--batch")
}

func (g *gitReceiver) git(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	return command(ctx, g.environ, stdin, "git", append([]string{"-C", g.dir}, args...)...)
}

func (*gitReceiver) Close() error { return nil }

// sshReceiver is a file on another host.
type sshReceiver struct {
	login   []string // ssh up to and with the destination
	path    string   // quoted
	environ []string
}

// sshHost is what may stand as a destination: an alias, a name or an address, with a user perhaps. ssh_config has the rest.
var sshHost = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._@-]*$`)

func newSSHReceiver(spec string, o ReceiverOptions) (*sshReceiver, error) {
	host, path, ok := strings.Cut(spec, ":")
	if !ok || path == "" || !sshHost.MatchString(host) {
		return nil, fmt.Errorf("witness ssh:%s: HOST:PATH is expected, with a host of ssh_config", spec)
	}
	login := []string{"ssh"}
	if o.SSHConfig != "" {
		login = append(login, "-F", o.SSHConfig)
	}
	return &sshReceiver{
		login: append(login, "-o", "BatchMode=yes", "-T", "--", host),
		path:  "'" + strings.ReplaceAll(path, "'", `'\''`) + "'", environ: o.Environ,
	}, nil
}

func (r *sshReceiver) Receive(ctx context.Context, c Checkpoint) error {
	_, err := r.run(ctx, c.Note, "umask 077; cat >> "+r.path)
	return err
}

func (r *sshReceiver) Kept(ctx context.Context) ([]byte, error) {
	return r.run(ctx, nil, fmt.Sprintf("tail -c %d -- %s", maxKept, r.path))
}

func (r *sshReceiver) run(ctx context.Context, stdin []byte, remote string) ([]byte, error) {
	return command(ctx, r.environ, stdin, r.login[0], append(r.login[1:len(r.login):len(r.login)], remote)...)
}

func (*sshReceiver) Close() error { return nil }

// receiverTimeout bounds one command of a receiver.
const receiverTimeout = 30 * time.Second

// command runs a program and returns its standard output, of which more than maxKept and some is an error.
func command(ctx context.Context, environ []string, stdin []byte, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, receiverTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = environ
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second
	out, errs := &bounded{left: maxKept + 1<<20}, &bounded{left: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, errs
	err := cmd.Run()
	if err == nil && out.left < 0 {
		err = errors.New("it holds more than can be read back")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, visible(strings.TrimSpace(errs.String())))
	}
	return out.Bytes(), nil
}

// bounded is a buffer that takes no more than left bytes and drops the rest; left is below zero then.
type bounded struct {
	bytes.Buffer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(b.left, 0))])
	b.left = max(b.left-len(p), -1)
	return len(p), nil
}
