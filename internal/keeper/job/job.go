package job

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/sshbin"
)

// adoptTimeout is how long a keeper waits for the command that it was made for.
const adoptTimeout = time.Minute

// command is what a job holds.
type command interface {
	// wait waits for the end of the command and of its output, which goes to the store. When ctx ends it ends the command's
	// tree.
	wait(ctx context.Context, store *Store) End
	// kept is called once the job stands on the disk: from then on the command does not end with the server that began it.
	kept() error
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
	over   chan struct{} // closed when the command has ended and that is noted
	done   chan struct{} // closed when there is nothing left to do
	once   sync.Once
	taken  chan struct{} // closed when there is a command

	taking  sync.Mutex // held while a command is adopted, and while it is found that none will come
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
	j := &Job{over: make(chan struct{}), done: make(chan struct{}), taken: make(chan struct{})}
	if err := json.Unmarshal(spec, &j.params); err != nil {
		return nil, err
	}
	j.dir = filepath.Join(j.params.Dir, p.ID)
	if err := prepare(j.dir); err != nil {
		return nil, keeperError("making the directory of the job", err)
	}
	var err error
	if j.store, err = OpenStore(j.dir, j.params.Limit); err != nil {
		return nil, keeperError("opening the output of the job", err)
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

// DiskFull is the code of a job that there is no room for on the disk.
const DiskFull = "disk_full"

// keeperError is a failure of the system that the caller can do something about.
func keeperError(doing string, err error) error {
	e := &keeper.Error{Code: "internal", Message: doing + ": " + err.Error(), Hint: "the operator looks at STATE_DIR"}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code, e.Hint = DiskFull, "STATE_DIR has no room left: the operator frees some, or has fewer old jobs kept (JOB_RETENTION, JOB_HISTORY)"
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Code, e.Hint = "permission_denied", "STATE_DIR must be writable for the user of the server"
	}
	return e
}

// giveUp ends a keeper that got no command.
func (j *Job) giveUp() {
	j.taking.Lock()
	defer j.taking.Unlock()
	if j.holds() == nil {
		j.finish()
	}
}

// holds is the command, nil before there is one.
func (j *Job) holds() command {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.command
}

// await waits until the command has come.
func (j *Job) await(ctx context.Context) {
	select {
	case <-j.taken:
	case <-j.done:
	case <-ctx.Done(): // who was to bring it is gone
		j.giveUp()
	}
}

func (j *Job) finish() { j.once.Do(func() { close(j.done) }) }

// hold makes the command this job's and follows it to its end.
func (j *Job) hold(c command, meta Meta) error {
	err := writeMeta(j.dir, meta)
	if err != nil {
		return keeperError("writing down the job", err)
	}
	if err := c.kept(); err != nil {
		_ = os.RemoveAll(j.dir)
		return err
	}
	j.mu.Lock()
	j.command, j.meta = c, meta
	j.mu.Unlock()
	close(j.taken)
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
	meta := j.meta
	j.mu.Unlock()
	close(j.over)
	j.recordEnd(meta, end)
	j.finish()
}

// Handle answers a request.
func (j *Job) Handle(ctx context.Context, op string, args json.RawMessage) (any, error) {
	if op == OpAwait {
		j.await(ctx)
		return nil, nil
	}
	if op != OpKill {
		return nil, &keeper.Error{Code: "unsupported", Message: "a job has no request " + op}
	}
	var r Kill
	if err := json.Unmarshal(args, &r); err != nil {
		return nil, err
	}
	c := j.holds()
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
	case <-j.over:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.end, nil
}

// Take adopts a running command. What has come with the whole request belongs to this job; a server that dies before takes its command with
// it, since the files are then open nowhere.
func (j *Job) Take(_ context.Context, op string, args json.RawMessage, files []*os.File) (any, error) {
	j.taking.Lock()
	defer j.taking.Unlock()
	var a Adopt
	err := json.Unmarshal(args, &a)
	if err == nil && (op != OpAdopt || a.Files != len(files) || j.holds() != nil || j.finished()) {
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
	a.Meta.ID = j.params.Meta.ID
	if a.Remote == nil {
		a.Meta.Mark = a.Mark
	}
	if j.store, err = OpenStore(j.dir, j.params.Limit); err == nil { // the server has put the output so far there
		err = j.hold(c, a.Meta)
	}
	if err != nil {
		j.finish() // which closes the files
	}
	return nil, err
}

// finished says whether there is nothing left to do.
func (j *Job) finished() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
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

// Linger goes on ending a command on a host of which nobody could say whether it has ended: the way there may have been slow, or lost for a while.
func (j *Job) Linger() {
	c, is := j.holds().(*remote)
	j.mu.Lock()
	end := j.end
	j.mu.Unlock()
	if !is || end == nil || !slices.Contains(end.Survivors, sshbin.Unknown) {
		return
	}
	if survivors, known := c.insist(); known {
		told := *end
		told.Survivors = survivors
		_ = writeEnd(j.dir, told)
	}
}

// Close ends the command.
func (j *Job) Close(ctx context.Context) error {
	j.taking.Lock()
	c := j.holds()
	j.taking.Unlock()
	if c == nil {
		return os.RemoveAll(j.dir)
	}
	if _, err := j.kill(ctx); err != nil {
		return err
	}
	select {
	case <-j.done: // its end stands in the audit log
	case <-ctx.Done():
	}
	return nil
}
