package keeper

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// listenTimeout is how long the new process may take to have its socket.
const listenTimeout = 20 * time.Second

// Start makes a keeper and waits until what it holds is open; limit bounds the living keepers of its kind over all servers. What
// the thing says when it cannot be opened is the error. A keeper whose start was given up ends.
func (k *Keepers) Start(ctx context.Context, kind string, limit int, spec any) (Info, error) {
	return k.StartAs(ctx, kind, NewID(kind), limit, spec)
}

// StartAs is Start with an id that [NewID] made, for things that are known by it elsewhere too.
func (k *Keepers) StartAs(ctx context.Context, kind, id string, limit int, spec any) (Info, error) {
	if !ValidID(kind, id) {
		return Info{}, notFound(id)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return Info{}, err
	}
	o := order{V: Version, Kind: kind, ID: id, Dir: k.opt.Dir, Build: k.opt.Build, Spec: text}
	notices, err := k.begin(ctx, limit, o)
	if err != nil {
		return Info{}, err
	}
	defer notices.f.Close()
	n, err := notices.next(ctx)
	if err == nil && n.Error == nil {
		return k.Find(ctx, kind, o.ID)
	}
	if ctx.Err() != nil {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
		defer cancel()
		_ = k.Close(after, o.ID)
		return Info{}, context.Cause(ctx)
	}
	if err == nil {
		err = n.Error
	}
	return Info{}, err
}

// begin starts the process under the lock that keeps the count, and waits until it can be counted.
func (k *Keepers) begin(ctx context.Context, limit int, o order) (*notices, error) {
	unlock, err := k.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	n, err := k.count(ctx, o.Kind)
	if err != nil {
		return nil, err
	}
	if n >= limit {
		return nil, errorf("limit_reached", "close one that is no longer needed", "%d of %d %ss are open", n, limit, o.Kind)
	}
	in, err := k.launch(o)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	first, err := in.next(bounded)
	if err == nil && first.Error != nil {
		err = first.Error
	}
	if err != nil {
		in.f.Close()
		return nil, err
	}
	return in, nil
}

// launch starts the first of the two processes. It is gone in a moment, and the keeper then has no parent here.
func (k *Keepers) launch(o order) (in *notices, err error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	orderRead, orderWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer orderRead.Close()
	noticeRead, noticeWrite, err := os.Pipe()
	if err != nil {
		orderWrite.Close()
		return nil, err
	}
	defer noticeWrite.Close()
	program := k.opt.Program
	if program == "" {
		program = executable()
	}
	cmd := &exec.Cmd{
		Path: program, Args: []string{"relay-shell", Command}, Env: ownEnviron(k.opt.Environ), Dir: "/",
		ExtraFiles: []*os.File{orderRead, noticeWrite}, SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		orderWrite.Close()
		noticeRead.Close()
		return nil, errorf("internal", "run relay-shell again: its program may have been replaced", "starting a keeper: %v", err)
	}
	go func() { // ends when the order is read, or nobody is left to read it
		_, _ = orderWrite.Write(text)
		orderWrite.Close()
		_ = cmd.Wait()
	}()
	return &notices{f: noticeRead, lines: newLines(noticeRead)}, nil
}

// notices are what a starting keeper tells.
type notices struct {
	f     *os.File
	lines *lines
}

func (n *notices) next(ctx context.Context) (notice, error) {
	stop := context.AfterFunc(ctx, func() { _ = n.f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var v notice
	err := n.lines.next(&v)
	if err != nil && ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if err != nil {
		return v, errorf("internal", "call again", "the keeper ended before it was ready")
	}
	return v, nil
}

// executable is this very program, also when its file has been replaced by an upgrade: old and new must not meet in the start.
func executable() string {
	const self = "/proc/self/exe"
	path, err := os.Executable()
	if err != nil {
		return self
	}
	named, err1 := os.Stat(path)
	running, err2 := os.Stat(self)
	if err2 == nil && (err1 != nil || !os.SameFile(named, running)) {
		return self
	}
	return path
}

// kept are the variables that the C library and Go look at.
var kept = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"}

// ownEnviron is the environment of a keeper's process.
func ownEnviron(environ []string) []string {
	env := []string{}
	for _, v := range environ {
		if name, _, ok := strings.Cut(v, "="); ok && slices.Contains(kept, name) {
			env = append(env, v)
		}
	}
	return env
}

// NewID makes an identifier for a thing of a kind.
func NewID(kind string) string {
	b := make([]byte, idLength)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	for i := range b {
		b[i] = idLetters[int(b[i])%len(idLetters)]
	}
	return kind[:1] + "-" + string(b)
}
