package job

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"relay-shell/internal/keeper"
)

// adoptTimeout is how long a keeper waits for the command that it was made for.
const adoptTimeout = time.Minute

// command is what a job holds.
type command interface {
	// wait waits for the end of the command and of its output, which goes to the store. When ctx ends it ends the command's
	// tree.
	wait(ctx context.Context, store *Store) End
	// signal sends a signal to the whole tree and says to how many processes; -1 is unknown.
	signal(ctx context.Context, name string) (int, error)
}

// Job is a job at work. It is a [keeper.Thing].
type Job struct {
	params Params
	dir    string
	store  *Store
	ctx    context.Context // ends when the command shall
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when there is nothing left to do
	once   sync.Once

	mu      sync.Mutex
	meta    Meta
	command command // nil before a command has been adopted
	end     *End
}

// The causes of an end that is not the command's own.
var (
	errTimeout = errors.New("its time was up")
	errKilled  = errors.New("it was ended")
)

// Open is the [keeper.Kind] of jobs.
func Open(_ context.Context, p keeper.Place, spec json.RawMessage) (keeper.Thing, error) {
	j := &Job{done: make(chan struct{})}
	if err := json.Unmarshal(spec, &j.params); err != nil {
		return nil, err
	}
	j.dir = filepath.Join(j.params.Dir, p.ID)
	if err := prepare(j.dir); err != nil {
		return nil, keeperError("making the directory of the job", err)
	}
	var err error
	if j.store, err = OpenStore(j.dir, j.params.Limit); err != nil {
		return nil, err
	}
	j.ctx, j.cancel = context.WithCancelCause(context.Background())
	j.params.Meta.ID = p.ID
	if len(j.params.Argv) == 0 {
		time.AfterFunc(adoptTimeout, j.giveUp)
		return j, nil
	}
	started, err := startOwn(j.params, j.store, j.ctx)
	if err == nil {
		meta := j.params.Meta
		meta.PID, meta.Mark = started.pid, j.params.Mark
		err = j.hold(started, meta)
	}
	if err != nil {
		j.cancel(errKilled)
		_ = os.RemoveAll(j.dir)
		return nil, err
	}
	return j, nil
}

// keeperError is a failure of the system that the caller can do something about.
func keeperError(doing string, err error) error {
	return &keeper.Error{Code: "internal", Message: doing + ": " + err.Error(), Hint: "look at STATE_DIR: its disk, its permissions"}
}

// giveUp ends a keeper that got no command.
func (j *Job) giveUp() {
	j.mu.Lock()
	waiting := j.command == nil
	j.mu.Unlock()
	if waiting {
		j.finish()
	}
}

func (j *Job) finish() { j.once.Do(func() { close(j.done) }) }

// hold makes the command this job's and follows it to its end.
func (j *Job) hold(c command, meta Meta) error {
	if err := writeMeta(j.dir, meta); err != nil {
		return keeperError("writing down the job", err)
	}
	j.mu.Lock()
	j.command, j.meta = c, meta
	j.mu.Unlock()
	if !meta.Deadline.IsZero() {
		t := time.AfterFunc(time.Until(meta.Deadline), func() { j.cancel(errTimeout) })
		context.AfterFunc(j.ctx, func() { t.Stop() })
	}
	go j.follow(c)
	return nil
}

// follow waits for the end and notes it. It ends with the command.
func (j *Job) follow(c command) {
	end := c.wait(j.ctx, j.store)
	switch {
	case end.State != "":
	case j.ctx.Err() == nil:
		end.State = Ended
	case errors.Is(context.Cause(j.ctx), errTimeout):
		end.State = TimedOut
	default:
		end.State = Killed
	}
	_ = j.store.Close()
	end.At, end.Total = time.Now().UTC(), j.store.Total()
	_ = writeEnd(j.dir, end) // the room is there; a disk that fails otherwise leaves the job lost
	j.mu.Lock()
	j.end = &end
	j.mu.Unlock()
	j.finish()
}

// Handle answers a request.
func (j *Job) Handle(ctx context.Context, op string, args json.RawMessage) (any, error) {
	if op != OpKill {
		return nil, &keeper.Error{Code: "unsupported", Message: "a job has no request " + op}
	}
	var r Kill
	if err := json.Unmarshal(args, &r); err != nil {
		return nil, err
	}
	j.mu.Lock()
	c := j.command
	j.mu.Unlock()
	if c == nil {
		return nil, &keeper.Error{Code: "not_found", Message: "the job has no command yet", Hint: "try again in a moment"}
	}
	switch r.Signal {
	case "TERM":
	case "KILL":
		j.cancel(errKilled) // first, so that its end counts as this
		if _, err := c.signal(ctx, r.Signal); err != nil {
			return nil, err
		}
	default:
		n, err := c.signal(ctx, r.Signal)
		return Killing{Sent: n}, err
	}
	end, err := j.kill(ctx)
	return Killing{End: end}, err
}

// kill ends the command and waits for that.
func (j *Job) kill(ctx context.Context) (*End, error) {
	j.cancel(errKilled)
	select {
	case <-j.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.end, nil
}

// Take adopts a running command.
func (j *Job) Take(_ context.Context, op string, args json.RawMessage, files []*os.File) (any, error) {
	var a Adopt
	err := json.Unmarshal(args, &a)
	j.mu.Lock()
	taken := j.command != nil
	j.mu.Unlock()
	if err == nil && (op != OpAdopt || a.Files != len(files) || taken) {
		err = errors.New("this is no command that the job could take")
	}
	var c command
	if err == nil {
		c, err = adopt(a, files)
	}
	if err != nil {
		for _, f := range files {
			f.Close()
		}
		return nil, err
	}
	if j.store, err = OpenStore(j.dir, j.params.Limit); err != nil { // the server has put the output so far there
		return nil, err
	}
	a.Meta.ID = j.params.Meta.ID
	if a.Remote == nil {
		a.Meta.Mark = a.Mark
	}
	return nil, j.hold(c, a.Meta)
}

// Detail tells what it is.
func (j *Job) Detail() any {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.command == nil {
		return Meta{}
	}
	return j.meta
}

// Done is closed when the command has ended.
func (j *Job) Done() <-chan struct{} { return j.done }

// Close ends the command.
func (j *Job) Close(ctx context.Context) error {
	j.mu.Lock()
	c := j.command
	j.mu.Unlock()
	if c == nil {
		return os.RemoveAll(j.dir)
	}
	_, err := j.kill(ctx)
	return err
}
