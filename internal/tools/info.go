package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/user"
	"runtime"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/relay"
)

// serverInfo is the answer of server_info.
type serverInfo struct {
	Name        string      `json:"name"`
	Version     string      `json:"version"`
	Transport   string      `json:"transport"`
	PolicyMode  string      `json:"policy_mode"`
	PolicyRules string      `json:"policy_rules" jsonschema:"version of the rules"`
	Problems    []string    `json:"policy_problems,omitempty" jsonschema:"what is wrong with the rules file, or awaits a restart"`
	Confirm     string      `json:"confirm" jsonschema:"who confirms tier 3: off, token or human"`
	Approval    string      `json:"approval,omitempty" jsonschema:"with human: what an approval stands on"`
	Toolsets    []string    `json:"toolsets"`
	Runtime     runtimeInfo `json:"runtime"`
	Limits      limitsInfo  `json:"limits"`
	Audit       auditInfo   `json:"audit"`
	SSH         sshInfo     `json:"ssh"`
}

type runtimeInfo struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	UID    int    `json:"uid"`
	User   string `json:"user"`
	IsRoot bool   `json:"is_root"`
	PID    int    `json:"pid"`
}

type limitsInfo struct {
	DefaultTimeout float64 `json:"default_timeout_s"`
	MaxTimeout     float64 `json:"max_timeout_s"`
	MaxOutput      int64   `json:"max_output"`
	MaxOutputHard  int64   `json:"max_output_hard"`
	MaxConns       int     `json:"max_conns"`
	MaxInFlight    int     `json:"max_in_flight"`
	SpoolPerCall   int64   `json:"spool_per_call"`
	SpoolTotal     int64   `json:"spool_total"`
	SpoolTTL       float64 `json:"spool_ttl_s"`
}

type auditInfo struct {
	Path      string `json:"path"`
	Degraded  bool   `json:"degraded"`
	Reason    string `json:"reason,omitempty"`
	Lost      int64  `json:"lost" jsonschema:"records that this server could not write"`
	Space     string `json:"space" jsonschema:"ok, low or full"`
	Mirror    string `json:"mirror,omitempty" jsonschema:"why a mirror misses records"`
	Signed    int64  `json:"signed" jsonschema:"records that a signed checkpoint covers"`
	Size      int64  `json:"size" jsonschema:"records in the log"`
	Root      string `json:"root" jsonschema:"Merkle tree root over them"`
	PublicKey string `json:"public_key" jsonschema:"verifier key of the signed checkpoints"`
	OnFailure string `json:"on_failure" jsonschema:"allow or deny"`
	Sync      string `json:"sync"`
}

type sshInfo struct {
	Path           string  `json:"path"`
	Version        string  `json:"version"`
	Engine         string  `json:"engine"`
	Config         string  `json:"config"`
	KnownHosts     string  `json:"known_hosts_default"`
	InventoryHosts int     `json:"inventory_hosts"`
	ConnectTimeout float64 `json:"connect_timeout_s"`
	KeepAlive      float64 `json:"keepalive_s"`
	IdleTimeout    float64 `json:"idle_timeout_s"`
	AdoptMaster    bool    `json:"adopt_master"`
}

func (d *Deps) planInfo(*noParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		info := d.info(ctx)
		text, err := json.MarshalIndent(info, "", "  ")
		return &relay.Result{Fields: info, Text: string(text) + "\n"}, err
	}}, nil
}

func (d *Deps) info(ctx context.Context) *serverInfo {
	c := d.Config
	info := &serverInfo{
		Name: "relay-shell", Version: d.Version, Transport: string(c.Transport),
		PolicyMode: string(d.Policy.Mode()), PolicyRules: d.Policy.Version(), Problems: d.Policy.Problems(), Confirm: string(c.Confirm), Toolsets: c.Toolsets,
		Runtime: runtimeInfo{OS: runtime.GOOS, Arch: runtime.GOARCH, UID: os.Getuid(), IsRoot: os.Geteuid() == 0, PID: os.Getpid()},
		Limits: limitsInfo{
			DefaultTimeout: c.DefaultTimeout.Seconds(), MaxTimeout: c.MaxTimeout.Seconds(), MaxOutput: int64(c.MaxOutput), MaxOutputHard: int64(c.MaxOutputHard),
			MaxConns: c.MaxConns, MaxInFlight: c.MaxInFlight, SpoolPerCall: int64(c.SpoolPerCall), SpoolTotal: int64(c.SpoolTotal), SpoolTTL: c.SpoolTTL.Seconds(),
		},
		Audit: d.auditInfo(d.Audit.Health(), d.Audit.Head()),
		SSH: sshInfo{
			Path: d.SSH.Path(), Version: d.SSH.Version(ctx), Engine: string(c.SSHEngine), Config: c.SSHConfig, KnownHosts: string(c.SSHKnownHosts),
			InventoryHosts: len(d.Inventory.Hosts()), ConnectTimeout: c.SSHConnectTimeout.Seconds(), KeepAlive: c.SSHKeepAlive.Seconds(),
			IdleTimeout: c.SSHIdleTimeout.Seconds(), AdoptMaster: c.SSHAdoptMaster,
		},
	}
	if c.Confirm == config.ConfirmHuman {
		info.Approval = d.ApprovalState
	}
	if u, err := user.Current(); err == nil {
		info.Runtime.User = u.Username
	}
	return info
}

func (d *Deps) auditInfo(health audit.Health, head audit.Head) auditInfo {
	return auditInfo{
		Path: string(d.Config.AuditPath), Degraded: health.Degraded, Reason: health.Reason, Lost: health.Lost, Space: health.Space, Mirror: health.Mirror, Signed: health.Signed, Size: head.Size, Root: head.Root,
		PublicKey: d.Audit.PublicKey(), OnFailure: string(d.Config.AuditOnFailure), Sync: string(d.Config.AuditSync),
	}
}

// planCheckpoint signs the log's head, this call's intent included.
func (d *Deps) planCheckpoint(*url.URL) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		note, err := d.Audit.Checkpoint(ctx)
		return &relay.Result{Text: string(note)}, err
	}}, nil
}
