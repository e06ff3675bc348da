package tools

import (
	"context"
	"slices"
	"strings"

	"relay-shell/internal/params"
	"relay-shell/internal/relay"
	"relay-shell/internal/secrets"
	"relay-shell/internal/target"
)

// noSecret refuses a placeholder where its value could be seen by others: on a command line, in a file, in a record.
func noSecret(param, text string) error {
	if !secrets.Uses(text) {
		return nil
	}
	return params.Errorf(param, "put {{secret:NAME}} into stdin or env, or into the data of session_send, and let the command read it from there", "can't hold a secret: everybody on the host could read it")
}

// secretNames are the secrets that a call names in its standard input and environment, for its record.
func secretNames(stdin string, env []target.EnvVar) []string {
	names := secrets.Names(stdin)
	for _, v := range env {
		if v.Value != nil {
			names = append(names, secrets.Names(*v.Value)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// secretPlace is a call's target to the operator's file of secrets; nil is this machine.
func secretPlace(h *target.Host) secrets.Place {
	if h == nil {
		return secrets.Place{}
	}
	return secrets.Place{Host: h.Alias, Groups: h.Groups}
}

// revealed is text with its secrets. What was put in is masked from now on in everything that this server shows or records.
func (d *Deps) revealed(ctx context.Context, run *relay.Run, text string) (string, error) {
	text, _, err := d.revealing(ctx, run, text)
	return text, err
}

// revealing is revealed with the values themselves, for another process that masks them too.
func (d *Deps) revealing(ctx context.Context, run *relay.Run, text string) (_ string, values []string, err error) {
	if !secrets.Uses(text) {
		return text, nil, nil
	}
	if d.Secrets == nil {
		return "", nil, &relay.Error{Code: "unsupported", Message: "named secrets are not set up", Hint: "the operator names a file of them (SECRETS_FILE)"}
	}
	if text, values, err = d.Secrets.Resolve(ctx, text, secretPlace(run.Target().Host())); err != nil {
		return "", nil, err
	}
	if d.Mask != nil {
		d.Mask.AddKnown(values...)
	}
	return text, values, nil
}

// reveal puts the secrets of a call into its standard input and its environment, as the last thing before it starts.
func (d *Deps) reveal(ctx context.Context, run *relay.Run, stdin string, env []target.EnvVar) (string, []target.EnvVar, error) {
	stdin, err := d.revealed(ctx, run, stdin)
	if err != nil {
		return "", nil, err
	}
	env, _, err = d.revealEnv(ctx, run, env)
	return stdin, env, err
}

// revealEnv puts the secrets of a call into its environment, with the values themselves as revealing.
func (d *Deps) revealEnv(ctx context.Context, run *relay.Run, env []target.EnvVar) (_ []target.EnvVar, values []string, err error) {
	env = slices.Clone(env)
	for i, v := range env {
		if v.Value == nil {
			continue
		}
		value, used, err := d.revealing(ctx, run, *v.Value)
		if err != nil {
			return nil, nil, err
		}
		if len(used) > 0 && strings.Contains(value, "\x00") {
			return nil, nil, params.Errorf("env", "no process environment can carry NUL", "the secret in %s holds a NUL byte", v.Name)
		}
		env[i].Value = &value
		values = append(values, used...)
	}
	return env, values, nil
}
