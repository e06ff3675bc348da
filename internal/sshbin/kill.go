package sshbin

import (
	"context"
	"time"
)

// killAgain is how long a session may take to end after its processes have been found gone, before they are looked for again:
// the first time they may not have been there yet.
const killAgain = 200 * time.Millisecond

// kill ends the processes of the call and says what is left: nothing, "pid N" each, or [Unknown].
func (k *call) kill() []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(k.engine.ctx), killTimeout)
	defer cancel()
	ctx, stop := k.seat.attended(ctx) // a frozen master carries no order to the leash
	defer stop()
	l := k.leash
	if l == nil || !l.alive() {
		// Ids are in the processes' environment, so any leash will do.
		if k.command.NoLeash || k.command.Subsystem != "" {
			return k.hangUpOnly()
		}
		var err error
		if l, err = k.seat.getLeash(ctx); err != nil || l == nil {
			return k.hangUpOnly()
		}
	}
	for looks := 1; ; looks++ {
		left, known := l.kill(ctx, k.id)
		switch {
		case !known && looks > 1 && ctx.Err() != nil:
			return nil // nothing was left; only the end of the session has not come
		case !known:
			return []string{Unknown}
		case len(left) > 0:
			survivors := make([]string, len(left))
			for i, pid := range left {
				survivors[i] = "pid " + pid
			}
			return survivors
		case k.detached && looks > 1:
			return nil // nobody here hears of its end
		}
		if !k.goesOn(ctx, killAgain) {
			return nil
		}
	}
}

// goesOn reports whether the session has not ended after d.
func (k *call) goesOn(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-k.channel.Exited():
		return false
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// killUnanswered ends what a request may have started that nobody answered.
func (k *call) killUnanswered() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(k.engine.ctx), killTimeout)
	defer cancel()
	ctx, stop := k.seat.attended(ctx) // a frozen master carries no order to the leash
	defer stop()
	if k.leash.alive() {
		k.leash.kill(ctx, k.id)
	}
}

// hangUpOnly closes the session where there is no leash. What reads its input or writes its output may end by that.
func (k *call) hangUpOnly() []string {
	_ = k.channel.Close()
	return []string{Unknown}
}
