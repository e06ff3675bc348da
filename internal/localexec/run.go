package localexec

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Run runs a command to its end as a child of this process.
//
// When ctx ends first, the command's whole process tree is ended, and Run returns context.Cause(ctx) within about three
// seconds, with everything that was printed until then written and the survivors in Exit. An *[Error] says that the command
// was not run at all.
func Run(ctx context.Context, c Command) (Exit, error) {
	if c.Detach != nil {
		return Exit{}, refuse("unsupported", "run it under a supervisor", "only a supervised command can be detached")
	}
	return run(ctx, c, startDirect)
}

// spec is a command that has been checked, with its files.
type spec struct {
	id, program, dir string
	argv, env        []string
	files            []*os.File
	tty              bool
}

// process is a command that has been started.
type process interface {
	pid() int
	// ended is closed when the command itself has ended; then status says how.
	ended() <-chan struct{}
	// status is the exit status and the signal it died of, or an error that says why that is unknown.
	status() (code, signal int, err error)
	// end ends the whole tree and describes what is left of it.
	end() (survivors []string)
	// detach lets the command go.
	detach() (status *os.File, err error)
	// release says that nothing more will be asked.
	release()
}

// waitEnded is how long the end of a command is waited for once its tree has been ended.
const waitEnded = 500 * time.Millisecond

func run(ctx context.Context, c Command, start func(spec) (process, error)) (Exit, error) {
	s, err := prepare(&c)
	if err != nil {
		return Exit{}, err
	}
	if ctx.Err() != nil {
		return Exit{}, context.Cause(ctx)
	}
	script, err := s.shortenShell()
	if err != nil {
		return Exit{}, startError(s.program, err)
	}
	if script != nil {
		defer script.Close()
	}
	std, err := openStreams(c)
	if err != nil {
		return Exit{}, startError(s.program, err)
	}
	s.files = append(std.child[:], s.files...)
	p, err := start(s)
	std.closeChild()
	if err != nil {
		std.abandon()
		return Exit{}, err
	}
	if c.Started != nil {
		c.Started()
	}
	if c.StartedAs != nil {
		c.StartedAs(p.pid())
	}
	std.start()
	defer p.release()
	return follow(ctx, c, p, std, s.id)
}

// follow waits for the first of three events: the command ends, its context ends, it is to be let go.
func follow(ctx context.Context, c Command, p process, std *streams, id string) (Exit, error) {
	detach := c.Detach
	for {
		select {
		case <-p.ended():
			return finished(p, std)
		case <-ctx.Done():
			select {
			case <-p.ended(): // both at once: the command's own end counts
				return finished(p, std)
			default:
			}
			return stopped(ctx, p, std)
		case <-detach:
			detach = nil
			if h, err := letGo(ctx, p, std); err == nil {
				h.ID, h.Pid = id, p.pid()
				return Exit{Pid: p.pid(), Handover: h}, nil
			} else if !errors.Is(err, errEnded) {
				return stoppedFor(err, p, std)
			}
		}
	}
}

// finished gathers the end of a command that ended by itself.
func finished(p process, std *streams) (Exit, error) {
	std.finish()
	code, signal, err := p.status()
	e := Exit{}
	if err == nil {
		e = exitOf(code, signal)
	}
	e.Pid, e.Background = p.pid(), std.background
	return e, err
}

// stopped ends the tree of a command whose context has ended.
func stopped(ctx context.Context, p process, std *streams) (Exit, error) {
	return stoppedFor(context.Cause(ctx), p, std)
}

func stoppedFor(cause error, p process, std *streams) (Exit, error) {
	survivors := p.end()
	timer := time.NewTimer(waitEnded)
	defer timer.Stop()
	e := Exit{}
	select {
	case <-p.ended():
		if code, signal, err := p.status(); err == nil {
			e = exitOf(code, signal)
		}
	case <-timer.C: // it survives; whoever started it collects it when it can end
	}
	std.finish()
	e.Pid, e.Survivors, e.Background = p.pid(), survivors, std.background
	return e, cause
}

// errEnded says that there is nothing to let go of, or nothing yet.
var errEnded = errors.New("the command has ended")

// letGo takes the command's output away from its writers and its end away from this process.
func letGo(ctx context.Context, p process, std *streams) (*Handover, error) {
	select {
	case <-std.stdinDone: // the command must have its input, and only this process has it
	case <-p.ended():
		return nil, errEnded
	case <-ctx.Done():
		return nil, errEnded
	}
	status, err := p.detach()
	if err != nil {
		return nil, err
	}
	h := &Handover{Status: status}
	for _, d := range []*drain{std.stdout, std.stderr} {
		if d == nil {
			continue
		}
		d.interrupt(handedOver)
		<-d.done
		file := d.file
		if !d.letGo { // its end was reached; a reader of the file will see that again
			_ = file.SetReadDeadline(time.Time{})
		}
		if d == std.stdout {
			h.Stdout = file
		} else {
			h.Stderr = file
		}
	}
	return h, nil
}

// prepare checks a command before anything is opened or started.
func prepare(c *Command) (spec, error) {
	if len(c.Argv) == 0 {
		return spec{}, refuse("invalid_argument", "pass a program", "there is no program to run")
	}
	for _, arg := range c.Argv {
		if strings.ContainsRune(arg, 0) {
			return spec{}, refuse("invalid_argument", "pass such bytes by stdin or in a file", "an argument holds a NUL byte")
		}
	}
	if strings.ContainsRune(c.Dir, 0) {
		return spec{}, refuse("invalid_argument", "no file name holds one", "cwd holds a NUL byte")
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	if !checkID(c.ID) {
		return spec{}, refuse("invalid_argument", "letters, digits, '-' and '_', at most 64", "%q can't mark a process", c.ID)
	}
	if c.TTY && c.Detach != nil {
		return spec{}, refuse("unsupported", "start a session instead", "a command with a terminal can't be detached")
	}
	if err := checkEnv(c.Env); err != nil {
		return spec{}, err
	}
	if err := checkDir(c.Dir); err != nil {
		return spec{}, err
	}
	program, err := findProgram(c.Argv[0], c.Dir, c.Env)
	if err != nil {
		return spec{}, err
	}
	return spec{id: c.ID, program: program, dir: c.Dir, argv: c.Argv, env: c.environ(), tty: c.TTY}, nil
}

// environ is the command's environment with what its circumstances add.
func (c *Command) environ() []string {
	env := marked(c.Env, c.ID)
	if c.TTY && lookup(env, "TERM") == "" {
		env = append(env, "TERM=xterm-256color")
	}
	if filepath.IsAbs(c.Dir) { // as os/exec and every shell do: programs that ask PWD get the name that the caller used
		env = append(slices.DeleteFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "PWD=") }), "PWD="+c.Dir)
	}
	return env
}
