package audit

import (
	"context"
	"errors"
	"os"
	"time"
)

// Receiver keeps heads of the log where whoever can change the log can't change them.
type Receiver interface {
	// Receive takes a checkpoint. It returns when the receiver has it.
	Receive(ctx context.Context, c Checkpoint) error
	// Kept is what the receiver holds, for [ParseFloors]. A receiver that only others can read answers errors.ErrUnsupported.
	Kept(ctx context.Context) ([]byte, error)
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
