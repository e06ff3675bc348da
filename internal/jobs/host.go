package jobs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/target"
)

// Host is the jobs that live on a host.
type Host struct {
	Target target.Target
	// Name is the host as the caller calls it.
	Name   string
	Limits Limits
	// StoreHostKeys allows a first host key to be stored.
	StoreHostKeys bool
}

const (
	// answerTimeout bounds a call on the host beyond what it is told to wait.
	answerTimeout = 30 * time.Second
	// maxAnswer bounds what a host may answer beside output, in bytes.
	maxAnswer = 8 << 20
)

// Start is [Place.Start].
func (h *Host) Start(ctx context.Context, s Spec) (Info, error) {
	id := keeper.NewID(job.Kind)
	meta := job.Meta{ID: id, Name: s.Name, Command: s.Command, Cwd: s.Dir, Started: time.Now().UTC(), Call: s.Call, Secrets: s.Secrets}
	about := meta
	if len(about.Command) > maxShown { // the whole stands beside it
		about.Command = about.Command[:maxShown] + "…"
	}
	line, err := json.Marshal(about)
	if err != nil {
		return Info{}, err
	}
	retention := int64(h.Limits.Retention.Seconds())
	if retention == 0 {
		retention = 1 << 40
	}
	c := target.Command{Dir: s.Dir, StoreHostKeys: h.StoreHostKeys, Stdin: strings.NewReader(s.Input + cmp.Or(s.Text, s.Command) + "\n")}
	for _, v := range s.Env {
		c.Env = append(c.Env, target.EnvVar{Name: v.Name, Value: v.Value})
	}
	if s.Announce != nil {
		s.Announce(id)
	}
	input := ""
	if s.Input != "" {
		input = firstLine
	}
	a, err := h.call(ctx, c, 0, "do_start", id, num(h.Limits.Output), num(h.Limits.Running), num(retention), num(h.Limits.History), string(line), input)
	if err != nil {
		return Info{}, err
	}
	list, err := a.infos(h.Name)
	if err != nil || len(list) != 1 {
		return Info{}, a.strange(err)
	}
	return list[0].Info, nil
}

// maxShown bounds the command in what lists show of a job, in bytes.
const maxShown = 2 << 10

func num[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// Read is [Place.Read].
func (h *Host) Read(ctx context.Context, id string, cursor int64, limit int, wait time.Duration) (Info, job.Chunk, error) {
	a, err := h.call(ctx, target.Command{}, limit, "do_read", id, num(cursor), num(limit), num(int64(wait/(100*time.Millisecond))))
	if err != nil {
		return Info{}, job.Chunk{}, err
	}
	list, err := a.infos(h.Name)
	if err != nil || len(list) != 1 || a.size < 0 {
		return Info{}, job.Chunk{}, a.strange(err)
	}
	i := list[0]
	c := job.Chunk{Data: a.data, Start: i.extra, Next: i.extra + int64(len(a.data)), First: i.First, Total: i.Total}
	if len(c.Data) > limit {
		c.Data, c.Next = c.Data[:limit], c.Start+int64(limit)
	}
	return i.Info, c, nil
}

// Kill is [Place.Kill].
func (h *Host) Kill(ctx context.Context, id, signal string) (Info, int, error) {
	if !slices.Contains(signals, signal) {
		return Info{}, 0, &Error{Code: "invalid_argument", Message: quoted(signal) + " is not a signal", Hint: strings.Join(signals, ", ")}
	}
	a, err := h.call(ctx, target.Command{}, 0, "do_kill", id, signal)
	if err != nil {
		return Info{}, 0, err
	}
	list, err := a.infos(h.Name)
	if err != nil || len(list) != 1 {
		return Info{}, 0, a.strange(err)
	}
	i := list[0]
	for _, pid := range strings.Fields(a.left) {
		if pid == "?" {
			i.Survivors = append(i.Survivors, "unknown")
		} else {
			i.Survivors = append(i.Survivors, "pid "+pid)
		}
	}
	return i.Info, int(i.extra), nil
}

// firstLine tells do_start that what the job's own standard input is to be comes before its command, as a line.
const firstLine = "first"

// signals are those that a job on a host can be sent by name.
var signals = []string{"TERM", "KILL", "INT", "HUP", "QUIT", "STOP", "CONT", "USR1", "USR2"}

// List is [Place.List].
func (h *Host) List(ctx context.Context) ([]Info, error) {
	a, err := h.call(ctx, target.Command{}, 0, "do_list")
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, i := range a.readable(h.Name) {
		list = append(list, i.Info)
	}
	slices.SortStableFunc(list, func(a, b Info) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// call runs one function of the script and reads its answer; limit is how many bytes of output it may bring.
func (h *Host) call(ctx context.Context, c target.Command, limit int, function string, args ...string) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, callTime(function, args), &Error{Code: "connect_timeout", Message: h.Name + " does not answer", Hint: "call again; ssh_check says whether it is there"})
	defer cancel()
	c.Text = script(function, args...)
	a, err := h.ask(ctx, c, limit)
	if err != nil {
		return nil, err
	}
	if a.refused != nil {
		if a.refused.Code == tooMany {
			return nil, limitReached(h.Limits.Running)
		}
		if a.refused.Code == "not_found" {
			return nil, notFound(Ref{ID: args[0], Host: h.Name}.String())
		}
		return nil, a.refused
	}
	return a, nil
}

// ask runs a call.
func (h *Host) ask(ctx context.Context, c target.Command, limit int) (*answer, error) {
	out, words := &bounded{limit: maxAnswer + limit}, &bounded{limit: 4 << 10}
	c.Stdout, c.Stderr = out, words
	exit, err := h.Target.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	return parse(out.Bytes(), exit.Code, words.String()), nil
}

// callTime is how long a call may take.
func callTime(function string, args []string) time.Duration {
	limit := answerTimeout
	if function == "do_read" {
		if tenths, err := strconv.Atoi(args[3]); err == nil {
			limit += time.Duration(tenths) * 200 * time.Millisecond // naps take longer on a busy host
		}
	}
	return limit
}

// bounded is a buffer that takes no more than its limit.
type bounded struct {
	bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, fmt.Errorf("the host says more than %d bytes", b.limit)
	}
	return b.Buffer.Write(p)
}

var _ io.Writer = (*bounded)(nil)
