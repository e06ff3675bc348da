package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"relay-shell/internal/target"
)

// host runs the command on one host.
func (r *run) host(ctx context.Context, u Unit) Result {
	res := Result{Host: u.Host, Outcome: Failed, Err: u.Err}
	began := time.Now()
	if u.Target != nil && u.Err == nil {
		printed := r.keeper.open(u.Host)
		exit, err := r.bounded(ctx, u.Target, printed)
		res.Output = printed.close()
		res.end(exit, err)
	}
	res.Duration = time.Since(began)
	if line := res.remark(); line != "" {
		r.keeper.note(u.Host, line)
	}
	return res
}

// remark is what the spooled output says about a host that did not end well.
func (r *Result) remark() string {
	switch {
	case r.Outcome == Failed && r.Err != nil:
		return fmt.Sprintf("[ERROR %v]", r.Err)
	case r.Outcome != OK:
		return fmt.Sprintf("[%s]", r.Outcome)
	case r.ExitCode == nil:
		return "[exit unknown]"
	case *r.ExitCode != 0:
		return fmt.Sprintf("[exit %d]", *r.ExitCode)
	}
	return ""
}

// end puts how the command ended into the result.
func (r *Result) end(exit target.Exit, err error) {
	r.ExitCode, r.Signal, r.Survivors, r.Err = exit.Code, exit.Signal, exit.Survivors, err
	var timeout *TimeoutError
	switch {
	case err == nil:
		r.Outcome = OK
		return
	case errors.As(err, &timeout):
		r.Outcome = Timeout
	case errors.As(err, new(*cancelled)):
		r.Outcome = Cancelled
	default:
		r.Outcome = Failed
	}
	r.ExitCode, r.Signal = nil, ""
}

// cancelled wraps the cause with which the whole run was ended, so that it is not taken for the host's own failure.
type cancelled struct{ cause error }

func (e *cancelled) Error() string     { return e.cause.Error() }
func (e *cancelled) Unwrap() error     { return e.cause }
func (e *cancelled) ErrorCode() string { return "cancelled" }
func (e *cancelled) ErrorHint() string {
	return "what was started there has been ended; call again if it is still wanted"
}

// bounded runs the command within the host's timeout, and comes back even if the target does not.
func (r *run) bounded(parent context.Context, t target.Target, printed *printed) (target.Exit, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	c := r.opts.Command
	c.Stdout, c.Stderr = printed, printed
	var once sync.Once
	var clock *time.Timer
	c.Started = func() {
		once.Do(func() {
			if d := r.opts.Timeout; d > 0 {
				clock = time.AfterFunc(d, func() { cancel(&TimeoutError{d}) })
			}
		})
	}
	defer func() {
		once.Do(func() {}) // from here on nothing starts the clock
		if clock != nil {
			clock.Stop()
		}
	}()
	type ending struct {
		exit target.Exit
		err  error
	}
	done := make(chan ending, 1)
	go func() { // ends with the target, which the context ends
		e := ending{err: errors.New("the target panicked")}
		defer func() {
			if p := recover(); p != nil {
				e.err = fmt.Errorf("running the command panicked: %v", p)
			}
			done <- e
		}()
		e.exit, e.err = t.Run(ctx, c)
	}()
	var e ending
	select {
	case e = <-done:
	case <-ctx.Done():
		grace := time.NewTimer(r.opts.Grace)
		defer grace.Stop()
		select {
		case e = <-done:
		case <-grace.C:
			e = ending{exit: target.Exit{Survivors: []string{"unknown"}}, err: errors.Join(context.Cause(ctx), errLeft)}
		}
	}
	switch {
	case e.err == nil:
	case parent.Err() != nil:
		e.err = &cancelled{e.err}
	case ctx.Err() != nil && !errors.Is(e.err, context.Cause(ctx)):
		e.err = errors.Join(context.Cause(ctx), e.err)
	}
	return e.exit, e.err
}
