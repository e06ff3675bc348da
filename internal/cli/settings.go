package cli

import (
	"fmt"

	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// The settings, in the words of the packages they are for.

func policyOptions(c *config.Config) policy.Options {
	return policy.Options{
		Mode: policy.Mode(c.PolicyMode), Deny: c.PolicyDeny, Allow: c.PolicyAllow, RulesFile: c.PolicyFile, Confirm: policy.Confirmation(c.Confirm),
	}
}

func (s *session) sshOptions(log zerolog.Logger) sshbin.Options {
	c := s.cfg
	idle := c.SSHIdleTimeout
	if idle == 0 {
		idle = -1 // off: masters live until somebody ends them
	}
	return sshbin.Options{
		ConfigFile: c.SSHConfig, RuntimeDir: c.RuntimeDir, Env: s.world.Environ, ConnectTimeout: c.SSHConnectTimeout, KeepAlive: c.SSHKeepAlive,
		IdleTimeout: idle, KnownHosts: dest.KnownHosts(c.SSHKnownHosts), NoAdopt: !c.SSHAdoptMaster, MaxMasters: c.SSHMaxMastersPerHost,
		MaxConns: c.MaxConns, MaxInFlight: c.MaxInFlight, Engine: sshbin.Mode(c.SSHEngine), Log: log,
	}
}

// auditOptions opens the mirrors that the settings name; the log closes them.
func (s *session) auditOptions(instance string) (audit.Options, error) {
	c, o := s.cfg, s.ownAuditOptions(instance)
	for _, spec := range c.AuditMirror {
		m, err := audit.OpenMirror(spec)
		if err != nil {
			for _, opened := range o.Mirrors {
				_ = opened.Close() // nothing was sent yet
			}
			return o, fmt.Errorf("%sAUDIT_MIRROR: %s: %w", config.Prefix, spec, err)
		}
		o.Mirrors = append(o.Mirrors, m)
	}
	return o, nil
}

// ownAuditOptions are those without mirrors.
func (s *session) ownAuditOptions(instance string) audit.Options {
	c := s.cfg
	o := audit.Options{
		Path: c.AuditPath, Session: instance, Sync: audit.SyncMode(c.AuditSync), OnFailure: audit.FailureMode(c.AuditOnFailure),
		Rotate: audit.Rotation{External: c.AuditRotate != config.RotateOwn}, Retention: c.AuditRetention, Format: audit.Format(c.AuditFormat),
	}
	if o.Retention == 0 {
		o.Retention = -1 // for ever
	}
	if c.AuditStderr {
		o.Stderr = s.world.Stderr
	}
	return o
}

// trail is the audit log as keepers open it.
func (s *session) trail() audit.Trail {
	o := s.ownAuditOptions("")
	return audit.Trail{Mirrors: s.cfg.AuditMirror, Path: o.Path, Sync: o.Sync, OnFailure: o.OnFailure, Rotate: o.Rotate, Retention: o.Retention, Format: o.Format}
}
