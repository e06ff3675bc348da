package localexec

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// supervised is a command that is a child of the supervisor.
type supervised struct {
	helper  *helper
	seq     uint32
	id      string
	process int
	answers chan message

	done         chan struct{}
	code, signal int
	err          error
}

func (p *supervised) died() error {
	return refuse("internal", "run it again; whether it did something before is unknown", "the supervisor of local commands (pid %d) was killed", p.helper.pid)
}

func (p *supervised) pid() int               { return p.process }
func (p *supervised) ended() <-chan struct{} { return p.done }

func (p *supervised) status() (code, signal int, err error) {
	if p.err != nil { // nobody can tell, but nothing shall go on unseen
		if survivors := p.localTree().end(); len(survivors) > 0 {
			return 0, 0, fmt.Errorf("%w; it left %s", p.err, strings.Join(survivors, ", "))
		}
	}
	return p.code, p.signal, p.err
}

// localTree is the command's tree as seen from here, for when the supervisor can't look.
func (p *supervised) localTree() *tree {
	t := newTree(p.id, p.process)
	t.limit = limitFor(p.id)
	if p.process == 0 {
		t.collected()
	}
	return t
}

func (p *supervised) end() []string {
	if err := p.helper.link.send(message{kind: msgEnd, seq: p.seq}); err != nil {
		return p.localTree().end()
	}
	m, err := p.answer(msgEnded, endMax+time.Second)
	if err != nil {
		return p.localTree().end()
	}
	return m.args
}

// answer waits for the supervisor's answer.
func (p *supervised) answer(want kind, limit time.Duration) (message, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case m := <-p.answers:
			if m.kind == want {
				return m, nil
			}
		case <-p.helper.dead:
			return message{}, p.died()
		case <-timer.C:
			return message{}, refuse("internal", "try again", "the supervisor does not answer")
		}
	}
}

func (p *supervised) release() {
	_ = p.helper.link.send(message{kind: msgForget, seq: p.seq}) // if it is gone, it has forgotten
	p.helper.remove(p)
}

func (p *supervised) detach() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, startError("detaching", err)
	}
	err = p.helper.link.send(message{kind: msgDetach, seq: p.seq, files: []*os.File{w}})
	w.Close()
	p.helper.detached.Store(true)
	if err == nil {
		var m message
		if m, err = p.answer(msgDetached, startMax); err == nil && len(m.args) > 0 {
			err = errors.New(m.args[0])
		}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}
