// Package config holds the settings of relay-shell. They come from three places, of which the earlier wins: environment
// variables with the prefix RELAY_SHELL_, a TOML file with the same names in lower case, and defaults.
//
//	cfg, err := config.Load(config.Source{Environ: os.Environ(), Home: home, Dir: dir, UID: os.Getuid()})
//	err = config.Prepare(cfg) // makes the private directories
//
// One table ([Settings]) drives loading, the reference in docs/configuration.md and the tests; no setting is named twice. A
// name that is not in it, or a value out of bounds, is an error: a typing error in a safety setting must not go unnoticed.
//
// What it cannot do: it does not read a .env file in the working directory (relay-shell 0.3 did). An agent or a cloned
// repository could plant one there and so loosen the policy. It does not expand variables inside values, and it does not
// watch the file: settings are read once.
package config

import (
	"maps"
	"time"
)

// Config is every setting, checked and ready for use. Durations and sizes of 0 mean what the setting's text says, mostly "off".
// Sizes are in bytes. Paths are absolute.
type Config struct {
	Transport    Transport
	HTTPHost     string
	HTTPPort     int
	Toolsets     []string // in the order given, without duplicates; "all" is spelt out
	OutputFormat OutputFormat
	LogLevel     LogLevel
	StateDir     string
	RuntimeDir   string
	LocalRoots   []string // none: no bound

	DefaultTimeout time.Duration // never over MaxTimeout
	MaxTimeout     time.Duration
	DetachAfter    time.Duration
	MaxInFlight    int
	MaxOutput      int64 // never over MaxOutputHard
	MaxOutputHard  int64
	SpoolPerCall   int64 // never over SpoolTotal
	SpoolTotal     int64
	SpoolTTL       time.Duration

	MaxSessions        int
	SessionIdleTimeout time.Duration
	SessionLifetime    time.Duration
	SessionBufferBytes int64
	Record             bool
	RecordRetention    time.Duration
	MaxJobs            int
	JobOutputBytes     int64
	JobRetention       time.Duration
	JobHistory         int
	MaxForwards        int
	BackupRetention    time.Duration
	BackupBytes        int64
	FileBytes          int64
	TransferEntries    int
	SFTPIdleTimeout    time.Duration

	PolicyMode   PolicyMode
	PolicyDeny   string
	PolicyAllow  string
	PolicyFile   string
	Confirm      Confirm // CONFIRM_TIER3 is already taken into account
	ConfirmTier3 bool
	ConfirmTTL   time.Duration
	ApprovalFile string
	RedactOutput RedactOutput
	SecretsFile  string
	SudoSecret   string

	AuditPath        string
	AuditOnFailure   FailureAction
	AuditSync        AuditSync
	AuditFormat      AuditFormat
	AuditStderr      bool
	AuditMirror      []string
	AuditChain       bool // always on; the setting is accepted and changes nothing
	AuditRotate      AuditRotate
	AuditRetention   time.Duration
	SeccompNotify    bool
	SeccompNotifyCap int

	SSHConfig            string // "" = ssh's own files; "none" = no file
	Inventory            string // "" = no inventory file
	SSHKnownHosts        KnownHosts
	SSHConnectTimeout    time.Duration
	SSHKeepAlive         time.Duration
	SSHIdleTimeout       time.Duration
	SSHAdoptMaster       bool
	SSHMaxMastersPerHost int
	MaxConns             int
	SSHEngine            SSHEngine

	Auth             Auth // AUTH_ENABLED is already taken into account
	AuthEnabled      bool
	AuthIssuer       string
	AuthStateDir     string
	AuthSingleClient bool
	AuthAccessTTL    time.Duration
	AuthRefreshTTL   time.Duration
	AuthCodeTTL      time.Duration

	file    string
	origins map[string]string
	uid     int
}

// File is the settings file that was read, "" when there was none.
func (c *Config) File() string { return c.file }

// Origins says for each setting that was given where it came from: an environment variable's name or "file:line". Settings
// that are not in it have their default.
func (c *Config) Origins() map[string]string { return maps.Clone(c.origins) }

// Transport is how clients reach the server.
type Transport string

const (
	Stdio Transport = "stdio"
	HTTP  Transport = "http"
)

// OutputFormat is the form of structured text in results.
type OutputFormat string

const (
	JSON OutputFormat = "json"
	TOON OutputFormat = "toon"
)

// LogLevel is the least level of the diagnostic log on stderr, in the words of zerolog.
type LogLevel string

// PolicyMode is what is admitted without further rules: everything, nothing of tier 2 and above, nothing above tier 0.
type PolicyMode string

const (
	Open     PolicyMode = "open"
	Guarded  PolicyMode = "guarded"
	Readonly PolicyMode = "readonly"
)

// Confirm is who confirms calls of tier 3.
type Confirm string

const (
	ConfirmOff   Confirm = "off"
	ConfirmToken Confirm = "token"
	ConfirmHuman Confirm = "human"
)

// RedactOutput is which secrets are taken out of the output shown to the model.
type RedactOutput string

const (
	RedactKeys RedactOutput = "keys"
	RedactAll  RedactOutput = "all"
	RedactOff  RedactOutput = "off"
)

// FailureAction is what happens to calls while the audit log cannot be written.
type FailureAction string

const (
	Allow FailureAction = "allow"
	Deny  FailureAction = "deny"
)

// AuditSync is which records are forced to disk before the call goes on.
type AuditSync string

const (
	SyncIntent AuditSync = "intent"
	SyncAlways AuditSync = "always"
	SyncNone   AuditSync = "none"
)

// AuditFormat is the form of the mirror beside the log; the log itself is always JSON lines.
type AuditFormat string

const (
	JSONL AuditFormat = "jsonl"
	CEF   AuditFormat = "cef"
	LEEF  AuditFormat = "leef"
)

// AuditRotate is who rotates the log.
type AuditRotate string

const (
	RotateOwn      AuditRotate = "own"
	RotateExternal AuditRotate = "external"
)

// KnownHosts is how host keys are verified. The empty value means what ssh_config says, and accept-new where it is silent.
type KnownHosts string

const (
	KnownHostsConfig    KnownHosts = ""
	KnownHostsStrict    KnownHosts = "strict"
	KnownHostsAcceptNew KnownHosts = "accept-new"
	KnownHostsIgnore    KnownHosts = "ignore"
)

// SSHEngine is how commands reach a master.
type SSHEngine string

const (
	EngineAuto      SSHEngine = "auto"
	EnginePassenger SSHEngine = "passenger"
	EngineFork      SSHEngine = "fork"
)

// Auth is how HTTP clients sign in.
type Auth string

const (
	AuthNone  Auth = "none"
	AuthToken Auth = "token"
	AuthOAuth Auth = "oauth"
)
