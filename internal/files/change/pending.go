package change

import (
	"context"
	_ "embed"
	"path"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

// Pending is the change of a file that may still revert, nil if there is none.
func (p *Place) Pending(ctx context.Context, real string) (*Backup, error) {
	dir := p.keeping(real)
	ids, roles, err := p.kept(ctx, dir)
	if err != nil {
		if files.Code(err) == "permission_denied" { // then none of ours was made
			return nil, nil
		}
		return nil, err
	}
	for _, id := range slices.Backward(ids) {
		if _, is := roles[id]["pending"]; !is {
			continue
		}
		decided, err := p.settled(ctx, keptChange{id: id, dir: dir})
		if err != nil {
			return nil, err
		}
		if !decided {
			m, err := p.readMeta(ctx, real, id)
			if err != nil {
				return nil, err
			}
			b := &Backup{ID: id, Time: m.Time, Reverts: m.Reverts}
			b.Lapsed, err = p.lapsed(ctx, m)
			return b, err
		}
	}
	return nil, nil
}

//go:embed alive.sh
var aliveScript string

// overdue is how long after its time a change is looked at as one that nothing will revert any more.
const overdue = 30 * time.Second

// lapsed says that the process which would have put the old file back has gone without doing so: with the target's power, or by a kill.
func (p *Place) lapsed(ctx context.Context, m *meta) (bool, error) {
	if p.Shell == nil || p.since(m.Reverts) < overdue {
		return false, nil
	}
	r, err := p.Shell(ctx, "P="+target.Quote(p.pendingDir(m.Path, m.ID))+"\n"+aliveScript)
	return err == nil && strings.TrimSpace(r.Output) == "gone", err
}

// lapse settles a change that has lapsed: it stays as it was made.
func (p *Place) lapse(ctx context.Context, real, id string) error {
	taken, err := p.decide(ctx, real, id)
	if err != nil || !taken {
		return err
	}
	if _, err := p.State.Lstat(ctx, path.Join(p.keeping(real), id+".old")); err == nil {
		_ = p.FS.Remove(ctx, former(real, id)) // else it is all that is left of the old file
	}
	return writeNew(ctx, p.State, path.Join(p.pendingDir(real, id), "outcome"), []byte("lapsed\n"))
}

// settled says whether a change that might have reverted has been decided on, one way or the other.
func (p *Place) settled(ctx context.Context, c keptChange) (bool, error) {
	_, err := p.State.Lstat(ctx, path.Join(c.dir, c.id+".pending", "decided"))
	if files.Code(err) == "not_found" {
		return false, nil
	}
	return err == nil, err
}

// decide takes the decision away from the process on the target. taken is false if it has been made already.
func (p *Place) decide(ctx context.Context, real, id string) (taken bool, err error) {
	err = p.State.Mkdir(ctx, path.Join(p.pendingDir(real, id), "decided"), 0o700)
	if files.Code(err) == "already_exists" {
		return false, nil
	}
	return err == nil, err
}

// disarm ends what a change that failed has started.
func (p *Place) disarm(ctx context.Context, real, id string) {
	if taken, _ := p.decide(ctx, real, id); taken {
		_ = p.FS.Remove(ctx, former(real, id))
	}
}

// removePending removes what a settled change has left; the process has gone by then.
func (p *Place) removePending(ctx context.Context, dir string) error {
	for _, name := range []string{"outcome", "pid", "pid.new"} {
		if err := p.State.Remove(ctx, path.Join(dir, name)); err != nil && files.Code(err) != "not_found" {
			return err
		}
	}
	_ = p.State.Rmdir(ctx, path.Join(dir, "decided"))
	if err := p.State.Rmdir(ctx, dir); err != nil && files.Code(err) != "not_found" {
		return err
	}
	return nil
}

// outcome reads what the process on the target has done. Just after the decision it may still be at it.
func (p *Place) outcome(ctx context.Context, real, id string) (Outcome, error) {
	name := path.Join(p.pendingDir(real, id), "outcome")
	for range 20 {
		b, _, err := readAll(ctx, p.State, name, 100)
		switch text := strings.TrimSpace(string(b)); {
		case err == nil && text == "failed":
			return "", &Error{Code: "internal", Message: "the target could not put the old file back", Hint: "the old file is beside the new one as " + files.Escape(path.Base(former(real, id)))}
		case err == nil && text == "lapsed":
			return Kept, nil
		case err == nil && text != "":
			return Outcome(text), nil
		case err != nil && files.Code(err) != "not_found":
			return "", err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	return Kept, nil // a decision without a revert is a confirmation
}
