package sshbin

import (
	"context"
	"crypto/sha1" //nolint:gosec // ssh's own choice for %C, no secret is protected by it
	"encoding/hex"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// adopt takes the operator's own live master, if there is one and it leads where the call means. nil means: connect ourselves.
func (e *Engine) adopt(ctx context.Context, p *pool) *master {
	r := p.resolved
	if e.opt.NoAdopt || r.ControlPath == "" || !mayAdopt(r, e.opt.KnownHosts) {
		return nil
	}
	check, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	pid, err := mux.Alive(check, r.ControlPath)
	if err != nil {
		return nil
	}
	m := newMaster(p, r.ControlPath, -1, pid)
	l, err := startLeash(ctx, m.open)
	named := namesIdentity(r)
	switch {
	case err == nil && (named || leadsTo(check, r, l.hello)):
		p.setShell(l.hello)
		m.leash.Store(l)
		return m
	case err == nil:
		l.close()
		e.opt.Log.Warn().Str("host", r.Alias).Str("control_path", r.ControlPath).Msg("the operator's master leads elsewhere and is left alone")
	case errors.Is(err, errNoShell) && named:
		p.noLeash(err.Error())
		return m
	case errors.Is(err, errSilent) && named:
		m.silent.Store(true)
		return m
	}
	return nil
}

// mayAdopt reports whether the call leaves key, jump and host key policy to ssh_config, which is what the operator's master
// was made with.
func mayAdopt(r *dest.Resolved, standard dest.KnownHosts) bool {
	return r.KeyPath == "" && r.Destination.Jump == "" && (r.KnownHosts == dest.AsConfigured || r.KnownHosts == standard)
}

// namesIdentity reports whether the control path itself names user, host and port, by ssh's hash %C or one by one, so that
// no master to elsewhere can be behind it.
func namesIdentity(r *dest.Resolved) bool {
	path, port := r.ControlPath, strconv.Itoa(r.Port)
	local, _ := os.Hostname()
	for _, jump := range []string{"", r.Get("proxyjump")} { // %j joined the hash in OpenSSH 9.6
		sum := sha1.Sum([]byte(local + r.Hostname + port + r.User + jump))
		if strings.Contains(path, hex.EncodeToString(sum[:])) {
			return true
		}
	}
	words := strings.FieldsFunc(path, func(c rune) bool { return strings.ContainsRune("/@:%+,=~ ", c) })
	return slices.Contains(words, r.User) && slices.Contains(words, port) && slices.Contains(words, r.Hostname)
}

// leadsTo compares what the host says of itself with where the call means to go. Addresses behind a proxy or a jump host
// cannot be looked up from here, so there the answer is no.
func leadsTo(ctx context.Context, r *dest.Resolved, h hello) bool {
	if h.User != r.User || h.ServerPort != strconv.Itoa(r.Port) || r.ProxyCommand != "" || len(r.Jump) > 0 {
		return false
	}
	server := net.ParseIP(h.Server)
	if server == nil {
		return false
	}
	if ip := net.ParseIP(r.Hostname); ip != nil {
		return ip.Equal(server)
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, r.Hostname)
	return err == nil && slices.ContainsFunc(addresses, func(a net.IPAddr) bool { return a.IP.Equal(server) })
}
