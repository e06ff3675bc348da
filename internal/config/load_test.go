package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// source is an empty world in a directory of its own.
func source(t *testing.T, environ ...string) Source {
	t.Helper()
	dir := t.TempDir()
	return Source{Environ: environ, Home: dir, Dir: dir, UID: os.Getuid()}
}

func load(t *testing.T, src Source) *Config {
	t.Helper()
	cfg, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// withFile adds the default settings file.
func withFile(t *testing.T, src Source, content string) string {
	t.Helper()
	dir := filepath.Join(src.Home, ".config", "relay-shell")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func problems(t *testing.T, src Source) []string {
	t.Helper()
	_, err := Load(src)
	var bad *Error
	if !errors.As(err, &bad) {
		t.Fatalf("error is %v, want *Error", err)
	}
	var out []string
	for _, p := range bad.Problems {
		out = append(out, p.String())
	}
	return out
}

func TestDefaults(t *testing.T) {
	src := source(t)
	cfg := load(t, src)
	want := &Config{
		Transport: Stdio, HTTPHost: "127.0.0.1", HTTPPort: 8080, Toolsets: built("TOOLSETS", defaultToolsets), OutputFormat: JSON, LogLevel: "info",
		StateDir: filepath.Join(src.Home, ".local/state/relay-shell"), RuntimeDir: cfg.RuntimeDir,
		DefaultTimeout: 60 * time.Second, MaxTimeout: 900 * time.Second, DetachAfter: 50 * time.Second, MaxInFlight: 256,
		MaxOutput: 65536, MaxOutputHard: 1048576, SpoolPerCall: 64 << 20, SpoolTotal: 1 << 30, SpoolTTL: time.Hour,
		MaxSessions: 64, SessionIdleTimeout: 1800 * time.Second, SessionLifetime: 86400 * time.Second, SessionBufferBytes: 262144,
		Record: true, RecordRetention: 30 * day, MaxJobs: 64, JobOutputBytes: 16 << 20, JobRetention: 7 * day, JobHistory: 256, MaxForwards: 64, BackupRetention: 7 * day, BackupBytes: 256 << 20, FileBytes: 16 << 20, TransferEntries: 1_000_000, SFTPIdleTimeout: 5 * time.Second,
		PolicyMode: Open, Confirm: ConfirmOff, ConfirmTTL: 120 * time.Second, RedactOutput: RedactKeys,
		AuditPath: cfg.AuditPath, AuditOnFailure: Allow, AuditSync: SyncIntent, AuditFormat: JSONL, AuditChain: true, AuditRotate: RotateOwn,
		AuditRetention: 400 * day, SeccompNotifyCap: 256,
		SSHConnectTimeout: 10 * time.Second, SSHKeepAlive: 10 * time.Second, SSHIdleTimeout: 1800 * time.Second, SSHAdoptMaster: true,
		SSHMaxMastersPerHost: 4, MaxConns: 256, SSHEngine: EngineAuto,
		Auth: AuthToken, AuthIssuer: "https://localhost:8080", AuthStateDir: cfg.AuthStateDir, AuthSingleClient: true,
		AuthAccessTTL: time.Hour, AuthRefreshTTL: 2592000 * time.Second, AuthCodeTTL: 300 * time.Second,
		origins: map[string]string{}, uid: os.Getuid(),
	}
	if diff := cmp.Diff(want, cfg, cmp.AllowUnexported(Config{})); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

// TestEverySetting gives each row of the table its default in both places, and each bounded row values around its bounds.
func TestEverySetting(t *testing.T) {
	for _, s := range Settings() {
		t.Run(s.Name, func(t *testing.T) {
			if s.Doc == "" || s.Section == "" || s.Name != strings.ToUpper(s.Name) {
				t.Errorf("incomplete row %+v", s)
			}
			if !s.computed && s.Kind != Retired && s.Default != "" {
				load(t, source(t, s.Env()+"="+s.Default))
				src := source(t)
				withFile(t, src, fmt.Sprintf("%s = %q\n", s.Key(), s.Default))
				if got := load(t, src).Origins()[s.Name]; !strings.HasSuffix(got, "config.toml:1") {
					t.Errorf("origin %q", got)
				}
			}
			switch s.Kind {
			case Integer, Duration, Size:
				for _, v := range []int64{s.Min, s.Max} {
					load(t, source(t, fmt.Sprintf("%s=%d", s.Env(), v)))
				}
				for _, v := range []string{fmt.Sprint(s.Min - 1), fmt.Sprint(s.Max + 1), "", "x", "1.5.2", "99999999999999999999", "-1"} {
					got := problems(t, source(t, s.Env()+"="+v))
					if len(got) != 1 || !strings.HasPrefix(got[0], s.Env()+": ") {
						t.Errorf("%q: %q", v, got)
					}
				}
			case Boolean:
				if got := problems(t, source(t, s.Env()+"=maybe")); len(got) != 1 {
					t.Errorf("%q", got)
				}
			case Choice, Choices:
				if got := problems(t, source(t, s.Env()+"=nonsense")); len(got) != 1 || !strings.Contains(got[0], s.Values[len(s.Values)-1]) {
					t.Errorf("%q", got)
				}
			case Retired:
				load(t, source(t, s.Env()+"=anything at all"))
			}
		})
	}
}

func TestEnvironmentWins(t *testing.T) {
	src := source(t, "RELAY_SHELL_MAX_OUTPUT=2048", "RELAY_SHELL_MAX_OUTPUT=4096")
	path := withFile(t, src, "# comment\nmax_output = 8192\nmax_timeout = 30\n\ntoolsets = [\"ssh\", \"shell\", \"ssh\"]\nrecord = false\n")
	cfg := load(t, src)
	if cfg.MaxOutput != 2048 || cfg.MaxTimeout != 30*time.Second || cfg.DefaultTimeout != 30*time.Second || cfg.Record {
		t.Errorf("got %d, %v, %v, %v", cfg.MaxOutput, cfg.MaxTimeout, cfg.DefaultTimeout, cfg.Record)
	}
	if diff := cmp.Diff([]string{"ssh", "shell"}, cfg.Toolsets); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{"MAX_OUTPUT": "RELAY_SHELL_MAX_OUTPUT", "MAX_TIMEOUT": path + ":3", "TOOLSETS": path + ":5", "RECORD": path + ":6"}
	if diff := cmp.Diff(want, cfg.Origins()); diff != "" {
		t.Error(diff)
	}
	if cfg.File() != path {
		t.Errorf("file %q", cfg.File())
	}
}

// TestMirrors has every way of naming a mirror of the audit.
func TestMirrors(t *testing.T) {
	for _, good := range []string{
		"journald", "syslog", "cef+syslog", "leef+syslog://siem.example.net:514", "syslog+tcp://[2001:db8::1]:6514", "file:/var/log/copy.jsonl", "cef+file:/a b",
	} {
		if err := checkMirror(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "journal", "syslog:514", "syslog://siem", "syslog://siem:514 ", "file:relative", "file:", "xml+syslog", "file:/a\nb", "syslog://a b:1", "leef+journald"} {
		if checkMirror(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	src := source(t, "RELAY_SHELL_AUDIT_MIRROR=journald, cef+syslog")
	if got := load(t, src).AuditMirror; !slices.Equal(got, []string{"journald", "cef+syslog"}) {
		t.Errorf("%q", got)
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name, env, file string
		want            []string // each begins or is contained in its problem
	}{
		{"unknown", "RELAY_SHELL_POLICY_MOED=readonly", "", []string{"RELAY_SHELL_POLICY_MOED: unknown setting (did you mean RELAY_SHELL_POLICY_MODE?)"}},
		{"unknown value unseen", "RELAY_SHELL_API_SECRET=hunter2", "", []string{"RELAY_SHELL_API_SECRET: unknown setting"}},
		{"lower case", "relay_shell_policy_mode=readonly", "", []string{"relay_shell_policy_mode: unknown setting (did you mean RELAY_SHELL_POLICY_MODE?)"}},
		{"choice", "RELAY_SHELL_POLICY_MODE=readnoly", "", []string{`RELAY_SHELL_POLICY_MODE: "readnoly" must be open, guarded or readonly (did you mean readonly?)`}},
		{"empty choice", "RELAY_SHELL_POLICY_MODE=", "", []string{`RELAY_SHELL_POLICY_MODE: "" is empty: must be open, guarded or readonly`}},
		{"bounds", "RELAY_SHELL_MAX_OUTPUT=1", "", []string{`"1" must be 1KiB to 16MiB`}},
		{"pattern", "RELAY_SHELL_POLICY_DENY=(?<=x)y", "", []string{"is no RE2 pattern"}},
		{"transport", "RELAY_SHELL_TRANSPORT=http", "", []string{`"http" is not in this version of relay-shell yet`}},
		{"toolset", "RELAY_SHELL_TOOLSETS=shell,docker", "", []string{`"docker" is not in this version of relay-shell yet`}},
		{"toolset typo", "RELAY_SHELL_TOOLSETS=shell,dockr", "", []string{`did you mean docker?`}},
		{"no toolset", "RELAY_SHELL_TOOLSETS=,", "", []string{`name at least one`}},
		{"mirror", "RELAY_SHELL_AUDIT_MIRROR=journald,cef+journald", "", []string{`RELAY_SHELL_AUDIT_MIRROR: "journald,cef+journald" "cef+journald": is none of journald, syslog`}},
		{"boolean not served", "RELAY_SHELL_SECCOMP_NOTIFY=1", "", []string{`is not in this version`}},
		{"variable", "RELAY_SHELL_STATE_DIR=$HOME/x", "", []string{`variables are not expanded`}},
		{"other home", "RELAY_SHELL_STATE_DIR=~bob/x", "", []string{`another user's home`}},
		{"control", "RELAY_SHELL_STATE_DIR=/a\nb", "", []string{`control character`}},
		{"long runtime", "RELAY_SHELL_RUNTIME_DIR=/" + strings.Repeat("r", 64), "", []string{`65 bytes; at most 64`}},
		{"ssh config", "RELAY_SHELL_SSH_CONFIG=/nonexistent/x", "", []string{`no such file`}},
		{"roots", "RELAY_SHELL_LOCAL_ROOTS=/a,/b", "", []string{`colons`}},
		{"secret value", "RELAY_SHELL_AUTH=hunter2", "", []string{`RELAY_SHELL_AUTH: the value must be none, token or oauth`}},
		{"file unknown", "", "\npolicy_moed = 1\n", []string{`config.toml:2: unknown setting "policy_moed" (did you mean policy_mode?)`}},
		{"file upper", "", "POLICY_MODE = 'open'\n", []string{`config.toml:1: unknown setting "POLICY_MODE" (in the file it is written policy_mode)`}},
		{"file prefix", "", "relay_shell_policy_mode = 'open'\n", []string{`(in the file it is written policy_mode)`}},
		{"file config", "", "config = '/x'\n", []string{`cannot name another file`}},
		{"file table", "", "record = true\n[policy]\nmode = 'open'\n", []string{`config.toml:2: unknown setting "policy"`}},
		{"file known table", "", "[record]\nmode = 'open'\n", []string{`config.toml:1: record must be a value, not a table`}},
		{"file dotted", "", "record.x = 1\n", []string{`record must be a value, not a table`}},
		{"file array", "", "record = ['true']\n", []string{`config.toml:1: record: "true" must be one boolean, not an array`}},
		{"file array type", "", "toolsets = [1]\n", []string{`array of strings`}},
		{"file date", "", "max_output = 1979-05-27\n", []string{`date or time`}},
		{"file float", "", "max_output = 1.5\n", []string{`config.toml:1: max_output: "1.5" is not a size`}},
		{"file twice", "", "record = true\nrecord = false\n", []string{`config.toml:2: `}},
		{"file syntax", "", "record = true\n= 3\n", []string{`config.toml:2: `}},
		{"several", "RELAY_SHELL_HTTP_PORT=0", "http_port = 70000\nmax_conns = 'x'\n", []string{`config.toml:1: http_port: "70000" must be 1 to 65535`, `config.toml:2: max_conns`, `RELAY_SHELL_HTTP_PORT: "0"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := source(t)
			if tt.env != "" {
				src.Environ = []string{tt.env}
			}
			if tt.file != "" {
				withFile(t, src, tt.file)
			}
			got := problems(t, src)
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
				if strings.Contains(got[i], "hunter2") {
					t.Errorf("shows the value: %q", got[i])
				}
			}
		})
	}
}

func TestOtherVariablesAreNotOurs(t *testing.T) {
	cfg := load(t, source(t, "RELAY_AUDIT_LOG_DIR=/x", "RELAY=1", "PATH=/bin", "=oddity", "broken"))
	if len(cfg.Origins()) != 0 {
		t.Errorf("origins %v", cfg.Origins())
	}
}

func TestChoicesForOldNames(t *testing.T) {
	tests := []struct {
		environ []string
		confirm Confirm
		auth    Auth
	}{
		{nil, ConfirmOff, AuthToken},
		{[]string{"RELAY_SHELL_CONFIRM_TIER3=true", "RELAY_SHELL_AUTH_ENABLED=1"}, ConfirmToken, AuthOAuth},
		{[]string{"RELAY_SHELL_CONFIRM_TIER3=true", "RELAY_SHELL_CONFIRM=token", "RELAY_SHELL_AUTH_ENABLED=1", "RELAY_SHELL_AUTH=none"}, ConfirmToken, AuthNone},
		{[]string{"RELAY_SHELL_CONFIRM_TIER3=true", "RELAY_SHELL_CONFIRM=OFF", "RELAY_SHELL_AUTH_ENABLED=false"}, ConfirmOff, AuthToken},
	}
	for _, tt := range tests {
		cfg := load(t, source(t, tt.environ...))
		if cfg.Confirm != tt.confirm || cfg.Auth != tt.auth {
			t.Errorf("%v: confirm %q, auth %q", tt.environ, cfg.Confirm, cfg.Auth)
		}
	}
}

func TestAllToolsets(t *testing.T) {
	cfg := load(t, source(t, "RELAY_SHELL_TOOLSETS=diag all"))
	got := slices.Sorted(slices.Values(cfg.Toolsets))
	want := slices.Sorted(slices.Values(Built("TOOLSETS")))
	if diff := cmp.Diff(want, got); diff != "" || cfg.Toolsets[0] != "diag" {
		t.Errorf("%v %s", cfg.Toolsets, diff)
	}
}

func TestEmptyMeansDefault(t *testing.T) {
	cfg := load(t, source(t, "RELAY_SHELL_STATE_DIR=", "RELAY_SHELL_INVENTORY=", "RELAY_SHELL_POLICY_DENY=", "RELAY_SHELL_SSH_KNOWN_HOSTS=", "RELAY_SHELL_LOCAL_ROOTS=", "RELAY_SHELL_CONFIG=", "RELAY_SHELL_SECRETS_FILE="))
	if cfg.Inventory != "" || !filepath.IsAbs(cfg.StateDir) || cfg.SSHKnownHosts != KnownHostsConfig || cfg.LocalRoots != nil {
		t.Errorf("%+v", cfg)
	}
}

func TestCommittedReferenceIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Markdown(), string(got)); diff != "" {
		t.Errorf("UPDATE_DOCS=1 go test ./internal/config writes it anew (-want +got)\n%s", diff)
	}
}
