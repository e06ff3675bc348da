package target

import (
	"context"
	"sync"

	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// ssh is a host behind the operator's OpenSSH.
type ssh struct {
	engine   *sshbin.Engine
	resolved *dest.Resolved
	host     *Host
	names    []string
	noLeash  bool
	sudo     sudoer
}

func (t *ssh) Host() *Host     { return t.host }
func (t *ssh) Names() []string { return t.names }

// StoredKeys are the host keys that connecting has added to known_hosts and that nobody was told of yet, as name, type and fingerprint.
func (t *ssh) StoredKeys() (keys []string) {
	for _, k := range t.engine.TakeStored(t.resolved) {
		keys = append(keys, k.String())
	}
	return keys
}

// Run runs the command through the engine.
func (t *ssh) Run(ctx context.Context, c Command) (Exit, error) {
	return t.sudo.answered(ctx, c, t.run)
}

// Sudo is [Sudoer.Sudo].
func (t *ssh) Sudo(ctx context.Context, c Command) (text, input, secret string, err error) {
	return t.sudo.prepared(ctx, c, t.run)
}

func (t *ssh) run(ctx context.Context, c Command) (Exit, error) {
	command := t.command(c)
	var fingerprint string
	var once sync.Once
	command.Started = func(s sshbin.Started) {
		once.Do(func() {
			fingerprint = s.Fingerprint
			if c.Started != nil {
				c.Started()
			}
		})
	}
	exit, err := t.engine.Run(ctx, t.resolved, command)
	return Exit{Code: exit.Code, Signal: exit.Signal, Survivors: exit.Survivors, Fingerprint: fingerprint, Handover: remoteHandover(exit.Handover, t.resolved.Destination)}, err
}

// command puts a command in the engine's form.
func (t *ssh) command(c Command) sshbin.Command {
	text, program := c.Text, ""
	if c.Script != nil {
		text, program = c.Script.Text(), c.Script.Interpreter
	}
	command := sshbin.Command{
		Text: text, Program: program, Subsystem: c.Subsystem, Dir: c.Dir, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, TTY: c.TTY,
		StoreHostKey: c.StoreHostKeys, NoLeash: t.noLeash, Detach: c.Detach, Spare: c.Spare,
	}
	for _, v := range c.Env {
		command.Env = append(command.Env, sshbin.EnvVar{Name: v.Name, Value: v.Value})
	}
	return command
}

// Disconnect ends own masters of the destination and lets adopted ones go.
func (t *ssh) Disconnect(ctx context.Context) (closed, released int, err error) {
	return t.engine.Disconnect(ctx, t.resolved)
}
