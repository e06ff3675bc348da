package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/syslog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Receiver keeps heads of the log where whoever can change the log can't change them.
type Receiver interface {
	// Receive takes a checkpoint. It returns when the receiver has it.
	Receive(ctx context.Context, c Checkpoint) error
	Close() error
}

// WitnessOptions say where heads go.
type WitnessOptions struct {
	// Path is the live segment.
	Path string
	// To are the receivers; see [OpenReceiver].
	To []Receiver
	// Every is the time between looks at the log; 0 sends the newest checkpoint once.
	Every time.Duration
	// Failed is called with what went wrong when Every is set: a receiver that is away now gets the next head. Nil ignores it.
	Failed func(error)
	// FS is the file system, nil = the operating system's.
	FS FS
}

// Witness sends the newest checkpoint of a log to every receiver, after checking its signature and that it continues what this run has sent
// before. With Every it goes on until ctx ends and returns nil then.
func Witness(ctx context.Context, o WitnessOptions) error {
	if o.FS == nil {
		o.FS = osFS{}
	}
	lay, err := newLayout(o.Path)
	if err != nil {
		return err
	}
	w := &witness{opts: o, lay: lay}
	if o.Every <= 0 {
		return w.send(ctx)
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for {
		if err := w.send(ctx); err != nil && ctx.Err() == nil && o.Failed != nil {
			o.Failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

type witness struct {
	opts WitnessOptions
	lay  *layout
	sent Checkpoint
}

func (w *witness) send(ctx context.Context) error {
	_, verifier, err := verifierKey(w.opts.FS, w.lay, "")
	if err != nil {
		return err
	}
	c, ok, err := (&checkpoints{fsys: w.opts.FS, name: w.lay.checkpoints(), key: &key{verifier: verifier}}).last()
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the log has no checkpoint yet")
	}
	if c.Size == w.sent.Size && c.Root == w.sent.Root {
		return nil
	}
	if err := w.continues(c); err != nil {
		return err
	}
	var errs []error
	for _, r := range w.opts.To {
		errs = append(errs, r.Receive(ctx, c))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	w.sent = c
	return nil
}

// continues proves that the log was not rewritten between two heads.
func (w *witness) continues(c Checkpoint) error {
	if w.sent.Size == 0 {
		return nil
	}
	if c.Size < w.sent.Size {
		return &InconsistentError{Signed: w.sent.Size, Size: c.Size, Err: errors.New("it is shorter")}
	}
	f, err := w.opts.FS.OpenFile(w.lay.hashes(), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return consistent(w.sent, c.Size, c.Root, &hashFile{f})
}

// OpenReceiver opens a receiver by its name:
//
//	file:PATH           appends the signed notes to a file (on another machine's mount, or append-only)
//	syslog              one line to the local syslog; syslog://host:port and syslog+tcp://host:port to a server
//	git:DIR             commits the newest note in a work tree, which somebody else pulls or a hook pushes
//	ssh:HOST:PATH       appends to a file on another host, with the operator's ssh
func OpenReceiver(spec string) (Receiver, error) {
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
		return gitReceiver(rest), nil
	case kind == "ssh":
		argv, err := sshArgs(rest)
		if err != nil {
			return nil, err
		}
		return commandReceiver(argv), nil
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

func (fileReceiver) Close() error { return nil }

// syslogReceiver logs a head as one line.
type syslogReceiver struct{ w *syslog.Writer }

func (r *syslogReceiver) Receive(_ context.Context, c Checkpoint) error {
	return r.w.Notice(fmt.Sprintf("audit head origin=%s floor=%d:%s", c.Origin, c.Size, c.Root))
}

func (r *syslogReceiver) Close() error { return r.w.Close() }

// gitReceiver is a work tree that has the newest note of each log in a file of its own, and the older ones in its history.
type gitReceiver string

var notInFileName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

func (dir gitReceiver) Receive(ctx context.Context, c Checkpoint) error {
	name := notInFileName.ReplaceAllString(c.Origin, "_") + ".checkpoint"
	if err := os.WriteFile(filepath.Join(string(dir), name), c.Note, 0o600); err != nil {
		return err
	}
	if err := command(ctx, nil, "git", "-C", string(dir), "add", "--", name); err != nil {
		return err
	}
	if command(ctx, nil, "git", "-C", string(dir), "diff", "--cached", "--quiet", "--", name) == nil {
		return nil // committed before
	}
	return command(ctx, nil, "git", "-C", string(dir), "commit", "-q", "-m", fmt.Sprintf("%s: %d records", c.Origin, c.Size), "--", name)
}

func (gitReceiver) Close() error { return nil }

// commandReceiver is a command that takes a note on its standard input.
type commandReceiver []string

func (argv commandReceiver) Receive(ctx context.Context, c Checkpoint) error {
	return command(ctx, c.Note, argv[0], argv[1:]...)
}

func (commandReceiver) Close() error { return nil }

// witnessTimeout bounds one command of a receiver.
const witnessTimeout = 30 * time.Second

func command(ctx context.Context, stdin []byte, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, visible(strings.TrimSpace(out.String())))
	}
	return nil
}

// sshHost is what may stand as a destination: an alias, a name or an address, with a user perhaps. ssh_config has the rest.
var sshHost = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]*$`)

// sshArgs builds the command that appends to a file on another host.
func sshArgs(spec string) ([]string, error) {
	host, path, ok := strings.Cut(spec, ":")
	if !ok || path == "" || !sshHost.MatchString(host) {
		return nil, fmt.Errorf("witness ssh:%s: HOST:PATH is expected, with a host of ssh_config", spec)
	}
	quoted := "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	return []string{"ssh", "-o", "BatchMode=yes", "-T", "--", host, "umask 077; cat >> " + quoted}, nil
}

// floorText is a floor in running text: a result's, syslog's, or one noted down.
var floorText = regexp.MustCompile(`\b(\d{1,18}):([A-Za-z0-9+/]{43}=)`)

// ParseFloors reads every head out of what a witness has kept: signed notes (checked with v if it is not nil, and passed over when they are not
// signed with it), and size:root anywhere in a line.
func ParseFloors(data []byte, v note.Verifier) []Floor {
	var floors []Floor
	for _, n := range splitNotes(data) {
		if v != nil {
			if c, err := openNote(n, v); err == nil {
				floors = append(floors, Floor{c.Size, c.Root})
			}
			continue
		}
		if text, _, ok := bytes.Cut(n, []byte("\n\n")); ok {
			if c, err := parseCheckpoint(string(text) + "\n"); err == nil {
				floors = append(floors, Floor{c.Size, c.Root})
			}
		}
	}
	for _, m := range floorText.FindAllSubmatch(data, -1) {
		size, err := strconv.ParseInt(string(m[1]), 10, 64)
		if err != nil {
			continue
		}
		if root, err := tlog.ParseHash(string(m[2])); err == nil {
			floors = append(floors, Floor{size, root})
		}
	}
	return floors
}
