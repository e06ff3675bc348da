package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/files"
	"relay-shell/internal/inventory"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/secrets"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
	"relay-shell/internal/tools"
)

// closeTimeout is how long the end of the program waits for calls that are being ended. The contract gives 5 s in all.
const closeTimeout = 4 * time.Second

// app is the road with everything around it.
type app struct {
	cfg       *config.Config
	log       zerolog.Logger
	inventory *inventory.Inventory
	audit     *audit.Log
	policy    *policy.Engine
	ssh       *sshbin.Engine
	files     *files.Systems
	spool     *output.Spool
	relay     *relay.Relay
	tools     *tools.Set
	caller    relay.Caller

	supervisor supervisor
	approvals  *approval.Store
	mask       *redact.Redactor // for what the model sees

	approvalState string // who can approve, in a sentence
	dialog        relay.Dialog
}

// open builds everything that the settings describe. What it opened is closed again when it fails.
func (s *session) open() (a *app, err error) {
	cfg := s.cfg
	if err := config.Prepare(cfg); err != nil {
		return nil, err
	}
	a = &app{cfg: cfg, log: s.logger(), caller: caller("relay-shell-cli/" + s.world.Version), supervisor: supervisor{environ: s.world.Environ}}
	opened := a // a is nil once an error is being returned
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	if a.inventory, err = inventory.Open(inventory.Options{SSHConfig: cfg.SSHConfig, File: cfg.Inventory}); err != nil {
		return nil, err
	}
	if a.policy, err = policy.New(policyOptions(cfg)); err != nil {
		return nil, err
	}
	redactor, err := openRedactor(cfg.StateDir)
	if err != nil {
		return nil, err
	}
	a.mask = redactor.ForOutput(redact.Profile(cfg.RedactOutput))
	if a.ssh, err = sshbin.New(s.sshOptions(a.log)); err != nil {
		return nil, err
	}
	a.files = files.New(tools.FileOptions(cfg, s.world.Home))
	if a.spool, err = output.OpenSpool(filepath.Join(cfg.StateDir, "spool"), output.SpoolOptions{PerCall: int64(cfg.SpoolPerCall), Total: int64(cfg.SpoolTotal), TTL: cfg.SpoolTTL}); err != nil {
		return nil, err
	}
	trail, err := s.auditOptions(a.caller.Session)
	if err != nil {
		return nil, err
	}
	if a.audit, err = audit.Open(trail); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	named := secrets.New(secrets.Options{File: cfg.SecretsFile, LookupEnv: s.world.lookupEnv, Environ: s.world.Environ})
	if err := named.Check(); err != nil {
		return nil, fmt.Errorf("%sSECRETS_FILE: %w", config.Prefix, err)
	}
	verifier, err := s.openVerifier()
	if err != nil {
		return nil, err
	}
	a.approvalState, a.dialog = approvalState(verifier), s.dialog(verifier)
	if a.approvals, err = approval.Open(approval.Options{Dir: approvalDir(cfg), TTL: cfg.ConfirmTTL, Verifier: verifier}); err != nil {
		return nil, err
	}
	targets := target.NewResolver(a.ssh, a.inventory, s.world.Environ, a.supervisor.run)
	targets.LookUp(a.policy.NamesHosts)
	targets.AnswerSudo(sudoSecret(named, a.mask), cfg.SudoSecret)
	a.relay = relay.New(relay.Options{
		Approvals: a.approvals,
		Policy:    a.policy, Audit: a.audit, Redact: redactor, Targets: targets,
		Idle: returnMemory, DenyUnaudited: cfg.AuditOnFailure == config.Deny, ConnectTimeout: cfg.SSHConnectTimeout, MaxInFlight: cfg.MaxInFlight,
		StateDir: cfg.StateDir, Log: a.log,
	})
	a.tools = tools.New(&tools.Deps{
		Config: cfg, Version: s.world.Version, Inventory: a.inventory, SSH: a.ssh, Files: a.files, Spool: a.spool, Policy: a.policy, Audit: a.audit, Approvals: a.approvals, ApprovalState: a.approvalState, Mask: a.mask, Secrets: named,
		Trail:   s.trail(),
		Keepers: s.keepers(), SSHOptions: s.sshOptions(zerolog.Nop()), Environ: s.world.Environ,
	}, cfg.Toolsets)
	return a, nil
}

// close ends what is running, then what it ran on, within closeTimeout.
func (a *app) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if a.relay != nil {
		if err := a.relay.Close(ctx); err != nil {
			a.log.Warn().Err(err).Msg("shutdown")
		}
	}
	a.supervisor.close()
	if a.files != nil {
		_ = a.files.Close()
	}
	if a.ssh != nil {
		if err := a.ssh.Close(); err != nil {
			a.log.Warn().Err(err).Msg("ssh")
		}
	}
	if a.audit != nil {
		if err := a.audit.Close(); err != nil {
			a.log.Error().Err(err).Msg("audit")
		}
	}
}

// caller is who works at the command line: the operating system's user.
func caller(client string) relay.Caller {
	c := relay.Caller{Principal: fmt.Sprintf("uid:%d", os.Getuid()), Client: client, Session: ulid.MustNew(ulid.Now(), rand.Reader).String()}
	if u, err := user.Current(); err == nil {
		c.Principal = u.Username
	}
	return c
}

func (s *session) logger() zerolog.Logger {
	level, err := zerolog.ParseLevel(string(s.cfg.LogLevel))
	if err != nil {
		level = zerolog.InfoLevel
	}
	return zerolog.New(s.world.Stderr).Level(level).With().Timestamp().Logger()
}

// openRedactor makes the redactor with this installation's key, so that equal secrets get equal marks over time.
func openRedactor(stateDir string) (*redact.Redactor, error) {
	path := filepath.Join(stateDir, "redact.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err = newKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("redaction key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("redaction key %s has %d bytes, not %d: remove it to have a new one made", path, len(key), keySize)
	}
	return redact.New(redact.Options{Key: key}), nil
}

const keySize = 32

// newKey makes the key under a temporary name and links it into place, so that of two servers starting at once one wins and both
// use the same key.
func newKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	tmp, err := os.CreateTemp(filepath.Dir(path), ".redact-key-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(key); err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
