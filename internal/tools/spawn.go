package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/localexec"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

type shellSpawnParams struct {
	Command string     `json:"command" desc:"For /bin/sh; empty: login shell."`
	Cols    int        `json:"cols" default:"120" min:"1" max:"1000" desc:"Columns."`
	Rows    int        `json:"rows" default:"40" min:"1" max:"500" desc:"Rows."`
	Cwd     string     `json:"cwd" path:"true" desc:"Working directory."`
	Env     params.Env `json:"env" desc:"Variables to set; null removes."`
	Name    string     `json:"name" max:"128" desc:"Label."`
	Record  bool       `json:"record" default:"true" desc:"Record for replay."`
}

type sshSpawnParams struct {
	Host    string `json:"host" required:"true" desc:"As in ssh_exec."`
	Command string `json:"command" desc:"Empty: login shell."`
	Cols    int    `json:"cols" default:"120" min:"1" max:"1000" desc:"Columns."`
	Rows    int    `json:"rows" default:"40" min:"1" max:"500" desc:"Rows."`
	Name    string `json:"name" max:"128" desc:"Label."`
	Record  bool   `json:"record" default:"true" desc:"Record for replay."`
	connParams
}

func (d *Deps) shellSpawnTool() *Tool {
	return define(Tool{
		name: "shell_spawn", Title: "Start a local session", Toolset: "shell",
		Description: "Start an interactive program or shell on a terminal here; it outlives this server. Then session_send and session_recv.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, Output: outputOf[sessionInfo](),
	}, d.planShellSpawn)
}

func (d *Deps) sshSpawnTool() *Tool {
	return define(Tool{
		name: "ssh_spawn", Title: "Start a session on a host", Toolset: "ssh",
		Description: "Start an interactive program or shell on a host's terminal, as shell_spawn does here.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, Output: outputOf[sessionInfo](),
	}, d.planSSHSpawn)
}

// spawned is the subject of a session's start. Of a login shell nothing is known but that it can be typed at.
func spawned(command string) policy.Subject {
	if strings.TrimSpace(command) == "" {
		tier := policy.Reversible
		return policy.Subject{Fixed: &tier}
	}
	return policy.Subject{Text: command}
}

func (d *Deps) planShellSpawn(p *shellSpawnParams) (*relay.Plan, error) {
	if err := spawnable(p.Command); err != nil {
		return nil, err
	}
	env, subjectEnv, err := overlay(p.Env, "")
	if err != nil {
		return nil, err
	}
	subject := spawned(p.Command)
	subject.Env, subject.Dir = subjectEnv, d.here(p.Cwd)
	if len(subjectEnv) > 0 {
		subject.Fixed = nil // what the variables do to a shell counts
		subject.Text, subject.Floor = orShell(p.Command), policy.Reversible
	}
	return &relay.Plan{Args: p, Subject: subject, Secrets: secretNames("", env), Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		env, values, err := d.revealEnv(ctx, run, env)
		if err != nil {
			return nil, err
		}
		var vars []localexec.Var
		for _, v := range env {
			vars = append(vars, localexec.Var(v))
		}
		o := session.Params{Known: values, Env: localexec.Environment(d.Environ, vars), Dir: d.here(p.Cwd), Cols: p.Cols, Rows: p.Rows, Name: p.Name, Command: p.Command}
		if p.Command != "" {
			o.Argv = []string{"/bin/sh", "-c", p.Command}
		} else {
			o.Program = valueOf(o.Env, "SHELL", "/bin/sh")
			o.Argv = []string{"-" + filepath.Base(o.Program)} // a login shell, login(1)
		}
		if o.Dir == "" {
			o.Dir, _ = os.Getwd()
		}
		info, err := d.startSession(ctx, run, o, p.Record)
		if err != nil {
			return nil, err
		}
		return startedSession(info), nil
	}}, nil
}

func orShell(command string) string {
	if command == "" {
		return "sh -l"
	}
	return command
}

func spawnable(command string) error {
	if command == "" {
		return nil
	}
	return checkText("command", command)
}

func valueOf(env []string, name, fallback string) string {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, name+"="); ok && value != "" {
			return value
		}
	}
	return fallback
}

func (d *Deps) planSSHSpawn(p *sshSpawnParams) (*relay.Plan, error) {
	if err := spawnable(p.Command); err != nil {
		return nil, err
	}
	host, err := dest.Parse(p.Host, p.options())
	if err != nil {
		return nil, err
	}
	subject := spawned(p.Command)
	subject.Remote = true
	return &relay.Plan{Args: p, Hosts: []dest.Destination{host}, Subject: subject, Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		r, ok := target.Resolved(run.Target())
		if !ok {
			return nil, &relay.Error{Code: "unsupported", Message: "not an SSH host", Hint: "use shell_spawn"}
		}
		command := sshbin.Command{Text: p.Command, StoreHostKey: run.StoreHostKeys}
		return d.spawnThere(ctx, r, command, func(s sshbin.Spawn) (keeper.Info, error) {
			return d.startSession(ctx, run, session.Params{
				Argv: s.Args, Env: s.Env, Riding: &s.Riding, Dir: "/", Cols: p.Cols, Rows: p.Rows, Name: p.Name, Command: p.Command, Host: &host, HostName: host.String(),
			}, p.Record)
		})
	}}, nil
}

// startSession makes the keeper.
func (d *Deps) startSession(ctx context.Context, run *relay.Run, o session.Params, record bool) (keeper.Info, error) {
	c := d.Config
	o.Buffer, o.Idle, o.Lifetime = int(c.SessionBufferBytes), c.SessionIdleTimeout, c.SessionLifetime
	if d.Mask != nil {
		o.MaskKey = d.Mask.Key()
	}
	if record && c.Record {
		o.Recordings = Recordings(c.StateDir)
		PruneRecordings(c.StateDir, c.RecordRetention)
		o.Trail = d.trailFor(run)
	}
	info, err := d.Keepers.Start(ctx, session.Kind, c.MaxSessions, o)
	if err != nil {
		return info, spawnError(err, c.MaxSessions)
	}
	return info, nil
}

// startedSession is the answer.
func startedSession(info keeper.Info) *relay.Result {
	s := sessionOf(info)
	return &relay.Result{Fields: &s, Text: s.line() + "\n", Record: map[string]any{"session_id": s.SessionID}}
}

// spawnError says which setting a session was one too many for. Terminals and processes of the machine can be used up as well.
func spawnError(err error, limit int) error {
	var e *keeper.Error
	if errors.As(err, &e) && e.Code == "limit_reached" && strings.HasSuffix(e.Message, "sessions are open") {
		return &relay.Error{Code: e.Code, Message: fmt.Sprintf("all %d sessions are in use (MAX_SESSIONS)", limit), Hint: "session_list shows them, session_kill ends one"}
	}
	return err
}
