package pty

import (
	"context"
	"errors"
	"io"
	"time"
)

// PlayOptions say how to show a recording. The zero value shows it as it was.
type PlayOptions struct {
	// Speed is how many times faster, 1 if 0.
	Speed float64
	// IdleLimit shortens pauses, as recorded, to it; 0 leaves them.
	IdleLimit time.Duration
	// Raw shows the output as it is. Without it, what could harm the terminal is left out, see SafeWriter.
	Raw bool
	// Resize is told the sizes, the first before any output.
	Resize func(cols, rows int)
	// Sleep waits; nil is the time itself.
	Sleep func(context.Context, time.Duration) error
}

// Play shows a recording on w until its end or that of ctx, whose cause it returns. A recording that was not finished is
// shown as far as it goes; then the error is ErrTorn.
func Play(ctx context.Context, r io.Reader, w io.Writer, o PlayOptions) error {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if !o.Raw {
		w = NewSafeWriter(w)
	}
	cast, err := NewCastReader(r)
	if err != nil {
		return err
	}
	if h := cast.Header(); o.Resize != nil && checkSize(h.Term.Cols, h.Term.Rows) == nil {
		o.Resize(h.Term.Cols, h.Term.Rows)
	}
	for last := time.Duration(0); ; {
		e, err := cast.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		pause := e.At - last
		last = e.At
		if o.IdleLimit > 0 {
			pause = min(pause, o.IdleLimit)
		}
		if pause = time.Duration(float64(pause) / o.Speed); pause > 0 {
			if err := o.Sleep(ctx, pause); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := show(e, w, o); err != nil {
			return err
		}
	}
}

func show(e Event, w io.Writer, o PlayOptions) error {
	switch e.Code {
	case EventOutput:
		_, err := io.WriteString(w, e.Data)
		return err
	case EventResize:
		if cols, rows, ok := ParseSize(e.Data); ok && o.Resize != nil {
			o.Resize(cols, rows)
		}
	}
	return nil // input is not shown, and unknown events are for others
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
