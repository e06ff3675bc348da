package hostkey

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/failure"
)

// algorithms are those of HostKeyAlgorithms for a type of ssh-keyscan.
var algorithms = map[string]string{
	"ed25519":    "ssh-ed25519",
	"ecdsa":      "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521",
	"rsa":        "rsa-sha2-512,rsa-sha2-256",
	"dsa":        "ssh-dss",
	"ed25519-sk": "sk-ssh-ed25519@openssh.com",
	"ecdsa-sk":   "sk-ecdsa-sha2-nistp256@openssh.com",
}

// probe asks a host that ssh-keyscan cannot reach, because a jump host or a ProxyCommand lies on the way: one ssh for
// each type travels there, notes the key and does not sign in. Hops have to be known already.
func probe(ctx context.Context, host *dest.Resolved, o Options) ([]ssh.PublicKey, error) {
	dir, err := os.MkdirTemp(o.Dir, "scan-")
	if err != nil {
		return nil, &Error{Code: "internal", Message: "scanning: " + err.Error(), Hint: "make room in, or access to, the runtime directory", Err: err}
	}
	defer os.RemoveAll(dir)
	types := o.Types
	if len(types) == 0 {
		types = []string{"ed25519", "ecdsa", "rsa"}
	}
	var keys []ssh.PublicKey
	var first error
	for _, t := range types {
		key, err := probeOne(ctx, host, o, filepath.Join(dir, t), algorithms[t])
		if ctx.Err() != nil && len(keys) == 0 {
			return nil, deadlineError(ctx, host, o)
		}
		if key != nil {
			keys = append(keys, key)
			continue
		}
		var f *failure.Error
		if errors.As(err, &f) && f.Code == "unsupported" {
			continue // the host has no key of this type
		}
		if first = err; len(keys) == 0 {
			break // the way there fails, so the other types would too
		}
	}
	if len(keys) == 0 {
		if first == nil {
			first = &Error{Code: "not_found", Message: host.Alias + " has no host key of the types asked for", Hint: "leave key_types out"}
		}
		return nil, first
	}
	return keys, nil
}

// probeOne gives the key that ssh noted in a file named after base.
func probeOne(ctx context.Context, host *dest.Resolved, o Options, base, algorithms string) (ssh.PublicKey, error) {
	env := dest.Environ(o.Env)
	log, known := base+".log", base+".known"
	_, words, err := run(ctx, o.SSH, host.ProbeArgs(known, algorithms, dest.MasterOptions{ConnectTimeout: o.Timeout, Log: log, Shell: dest.ShellOf(env)}), env)
	if data, readErr := os.ReadFile(known); readErr == nil {
		if keys := parseScan(string(data)); len(keys) == 1 {
			return keys[0], nil
		}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &Error{Code: "unsupported", Message: "ssh is not installed", Hint: "install openssh-client", Err: err}
	}
	f := failure.FromLog(log, host, env)
	if f.Code == "internal" && strings.TrimSpace(words) != "" {
		f = failure.FromWords(failure.Words{Destination: words}, host, env)
	}
	return nil, f
}
