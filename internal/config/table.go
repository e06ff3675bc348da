package config

import (
	"slices"
	"time"
)

// Settings returns the table of all settings in the order of the reference. The rows are copies.
func Settings() []Setting {
	out := make([]Setting, len(table))
	for i, s := range table {
		out[i] = *s
		out[i].Values = slices.Clone(s.Values)
	}
	return out
}

// table holds every setting there is. Names and defaults of relay-shell 0.3 keep their meaning.
var table = slices.Concat(serverRows, callRows, sessionRows, policyRows, auditRows, sshRows, authRows, retiredRows)

// byName finds a row by the name without its prefix.
var byName = func() map[string]*Setting {
	m := make(map[string]*Setting, len(table))
	for _, s := range table {
		m[s.Name] = s
	}
	return m
}()

func section(name string, rows ...*Setting) []*Setting {
	for _, s := range rows {
		s.Section = name
	}
	return rows
}

var (
	toolsetNames    = []string{"shell", "ssh", "session", "job", "file", "forward", "diag", "docker", "proxmox", "gateway", "compat"}
	defaultToolsets = toolsetNames[:7]
)

var serverRows = section("Server",
	choice("TRANSPORT", Stdio, []Transport{Stdio, HTTP}, func(c *Config) *Transport { return &c.Transport },
		"How clients reach the server."),
	text("HTTP_HOST", "127.0.0.1", func(c *Config) *string { return &c.HTTPHost },
		"Address that the HTTP transport listens on."),
	integer("HTTP_PORT", 8080, 1, 65535, func(c *Config) *int { return &c.HTTPPort },
		"Port that the HTTP transport listens on."),
	toolsets("TOOLSETS", toolsetNames, defaultToolsets,
		"The groups of tools that clients see; `all` names every one of this version."),
	choice("OUTPUT_FORMAT", JSON, []OutputFormat{JSON, TOON}, func(c *Config) *OutputFormat { return &c.OutputFormat },
		"Form of lists in text results."),
	choice("LOG_LEVEL", "info", []LogLevel{"trace", "debug", "info", "warn", "error", "disabled"}, func(c *Config) *LogLevel { return &c.LogLevel },
		"Least level of the diagnostic log on stderr."),
	path("STATE_DIR", "`$XDG_STATE_HOME/relay-shell`, else `~/.local/state/relay-shell`; `/var/lib/relay-shell` for a service account that is not root", func(c *Config) *string { return &c.StateDir },
		"Private directory for what must outlive a reboot: audit log, spooled output, recordings, keys."),
	path("RUNTIME_DIR", "`$XDG_RUNTIME_DIR/relay-shell`, else `/run/user/UID/relay-shell` where that directory is ours, else `relay-shell-UID` in the temporary directory", func(c *Config) *string { return &c.RuntimeDir },
		"Private directory for sockets, at most 64 bytes long because names of unix sockets are short. Servers that share it share connections and sessions."),
	paths("LOCAL_ROOTS", func(c *Config) *[]string { return &c.LocalRoots },
		"Directories outside which file tools touch nothing on this machine; unset = no bound."),
)

var callRows = section("Calls and output",
	duration("DEFAULT_TIMEOUT", "60s", "1s", "1d", func(c *Config) *time.Duration { return &c.DefaultTimeout },
		"Timeout of a command whose call names none; lowered to MAX_TIMEOUT."),
	duration("MAX_TIMEOUT", "15m", "1s", "1d", func(c *Config) *time.Duration { return &c.MaxTimeout },
		"Longest timeout; longer ones are lowered, and the result says so."),
	duration("DETACH_AFTER", "50s", "0", "1d", func(c *Config) *time.Duration { return &c.DetachAfter },
		"A command still running after this long goes on as a background job, where the toolset `job` is on; 0 = never."),
	integer("MAX_IN_FLIGHT", 256, 1, 4096, func(c *Config) *int { return &c.MaxInFlight },
		"Calls that run at once; further ones wait."),
	size("MAX_OUTPUT", "64KiB", "1KiB", "16MiB", func(c *Config) *int64 { return &c.MaxOutput },
		"Output shown of a call that names no bound."),
	size("MAX_OUTPUT_HARD", "1MiB", "4KiB", "128MiB", func(c *Config) *int64 { return &c.MaxOutputHard },
		"Largest output that a call may ask to be shown."),
	size("SPOOL_PER_CALL", "64MiB", "0", "1TiB", func(c *Config) *int64 { return &c.SpoolPerCall },
		"Output kept on disk for one call, so that `output_read` can show what was cut; 0 = none."),
	size("SPOOL_TOTAL", "1GiB", "0", "16TiB", func(c *Config) *int64 { return &c.SpoolTotal },
		"Output kept on disk in all; the oldest goes first."),
	duration("SPOOL_TTL", "1h", "1m", "30d", func(c *Config) *time.Duration { return &c.SpoolTTL },
		"How long output is kept on disk."),
)

var sessionRows = section("Sessions, jobs, forwards, files",
	integer("MAX_SESSIONS", 64, 1, 1024, func(c *Config) *int { return &c.MaxSessions },
		"Terminal sessions that live at once."),
	duration("SESSION_IDLE_TIMEOUT", "30m", "10s", "1d", func(c *Config) *time.Duration { return &c.SessionIdleTimeout },
		"A session that nobody reads or writes for this long is ended."),
	duration("SESSION_LIFETIME", "1d", "0", "365d", func(c *Config) *time.Duration { return &c.SessionLifetime },
		"A session older than this is ended; 0 = never."),
	size("SESSION_BUFFER_BYTES", "256KiB", "4KiB", "16MiB", func(c *Config) *int64 { return &c.SessionBufferBytes },
		"Output of a session kept for reading; dropped bytes are counted."),
	boolean("RECORD", true, func(c *Config) *bool { return &c.Record },
		"Record sessions for `replay`. Input that is not echoed is never recorded."),
	duration("RECORD_RETENTION", "30d", "0", "3650d", func(c *Config) *time.Duration { return &c.RecordRetention },
		"How long recordings are kept; 0 = for ever."),
	integer("MAX_JOBS", 64, 1, 1024, func(c *Config) *int { return &c.MaxJobs },
		"Background jobs that run at once: on this machine over all servers, and on each host."),
	size("JOB_OUTPUT_BYTES", "16MiB", "64KiB", "1TiB", func(c *Config) *int64 { return &c.JobOutputBytes },
		"Output kept for a job, newest first; dropped bytes are counted."),
	duration("JOB_RETENTION", "7d", "0", "3650d", func(c *Config) *time.Duration { return &c.JobRetention },
		"How long an ended job and its output are kept; 0 = for ever."),
	integer("JOB_HISTORY", 256, 1, 4096, func(c *Config) *int { return &c.JobHistory },
		"Ended jobs kept here, and on each host; the oldest go first."),
	integer("MAX_FORWARDS", 64, 1, 1024, func(c *Config) *int { return &c.MaxForwards },
		"Port forwards that are open at once."),
	duration("BACKUP_RETENTION", "7d", "0", "3650d", func(c *Config) *time.Duration { return &c.BackupRetention },
		"How long the former content of changed files is kept; 0 = for ever."),
	size("BACKUP_BYTES", "256MiB", "0", "1TiB", func(c *Config) *int64 { return &c.BackupBytes },
		"What backups of changed files may take on one target, the oldest go first; 0 = no bound."),
	size("FILE_BYTES", "16MiB", "64KiB", "1GiB", func(c *Config) *int64 { return &c.FileBytes },
		"Largest file that `file_edit` changes, that `file_write` keeps a backup of, and that `file_search` looks into below a directory."),
	integer("TRANSFER_ENTRIES", 1_000_000, 1, 100_000_000, func(c *Config) *int { return &c.TransferEntries },
		"Files, directories and links of one tree that is copied; a larger one is refused before anything is written."),
	duration("SFTP_IDLE_TIMEOUT", "5s", "1s", "1h", func(c *Config) *time.Duration { return &c.SFTPIdleTimeout },
		"How long the SFTP session of a host waits for more work. As long as it lives it takes one of the host's sessions and holds up its connection."),
)

var policyRows = section("Policy and secrets",
	choice("POLICY_MODE", Open, []PolicyMode{Open, Guarded, Readonly}, func(c *Config) *PolicyMode { return &c.PolicyMode },
		"`open` admits every tier, `guarded` refuses tier 2 and 3 unless allowed, `readonly` admits tier 0 alone. The inventory can make a host or group stricter."),
	pattern("POLICY_DENY", func(c *Config) *string { return &c.PolicyDeny },
		"Refuses calls in every mode, searched in the tool name, the command, each parsed part of it and every name of the host."),
	pattern("POLICY_ALLOW", func(c *Config) *string { return &c.PolicyAllow },
		"Admits in guarded mode; must match the whole command."),
	path("POLICY_FILE", "none", func(c *Config) *string { return &c.PolicyFile },
		"File of policy rules."),
	choice("CONFIRM", ConfirmOff, []Confirm{ConfirmOff, ConfirmToken, ConfirmHuman}, func(c *Config) *Confirm { return &c.Confirm },
		"Who confirms calls of tier 3: nobody, the client in two steps, or a person. Wins over CONFIRM_TIER3."),
	boolean("CONFIRM_TIER3", false, func(c *Config) *bool { return &c.ConfirmTier3 },
		"As in relay-shell 0.3: true means CONFIRM=token."),
	duration("CONFIRM_TTL", "2m", "5s", "1h", func(c *Config) *time.Duration { return &c.ConfirmTTL },
		"How long a confirmation stays valid, from the question to the confirmed call."),
	path("APPROVAL_FILE", "`/etc/relay-shell/approval.json`, else `STATE_DIR/approval.json`", func(c *Config) *string { return &c.ApprovalFile },
		"The public halves of what approves, as `relay-shell auth` writes them. What counts is a file that the server's account can't replace."),
	choice("REDACT_OUTPUT", RedactKeys, []RedactOutput{RedactKeys, RedactAll, RedactOff}, func(c *Config) *RedactOutput { return &c.RedactOutput },
		"Secrets taken out of the output that the model sees: private keys, everything that looks like a secret, or nothing."),
	path("SECRETS_FILE", "none", func(c *Config) *string { return &c.SecretsFile },
		"File of secrets by name, for commands that need them without showing them."),
	secretName("SUDO_SECRET", func(c *Config) *string { return &c.SudoSecret },
		"Name of the secret that answers sudo on this machine, for commands that begin with `sudo`; on hosts the inventory's `sudo_secret` does."),
)

var sshRows = section("SSH",
	path("SSH_CONFIG", "`~/.ssh/config` and `/etc/ssh/ssh_config`, as ssh reads them", func(c *Config) *string { return &c.SSHConfig },
		"Configuration file given to ssh with -F, instead of both; `none` = no file."),
	path("INVENTORY", "none", func(c *Config) *string { return &c.Inventory },
		"Inventory file: JSON of relay-shell, or an Ansible inventory in INI or YAML. Read again when it changes."),
	choice("SSH_KNOWN_HOSTS", KnownHostsConfig, []KnownHosts{KnownHostsConfig, KnownHostsStrict, KnownHostsAcceptNew, KnownHostsIgnore}, func(c *Config) *KnownHosts { return &c.SSHKnownHosts },
		"How host keys are verified; unset = what ssh_config says, and accept-new where it is silent. A changed key is refused unless `ignore`."),
	duration("SSH_CONNECT_TIMEOUT", "10s", "1s", "2m", func(c *Config) *time.Duration { return &c.SSHConnectTimeout },
		"Longest time to connect to a host."),
	duration("SSH_KEEPALIVE", "10s", "0", "10m", func(c *Config) *time.Duration { return &c.SSHKeepAlive },
		"Time between keepalives; three missed ones end the connection. 0 = none."),
	duration("SSH_IDLE_TIMEOUT", "30m", "0", "1d", func(c *Config) *time.Duration { return &c.SSHIdleTimeout },
		"An own connection unused for this long is closed; 0 = never."),
	boolean("SSH_ADOPT_MASTER", true, func(c *Config) *bool { return &c.SSHAdoptMaster },
		"Ride on the operator's own live ControlMaster where there is one. It is never ended."),
	integer("SSH_MAX_MASTERS_PER_HOST", 4, 1, 64, func(c *Config) *int { return &c.SSHMaxMastersPerHost },
		"Connections to one host, opened when its MaxSessions is reached; up to eight times as many where sessions must not share one (dropbear 2022.82 to 2024)."),
	integer("MAX_CONNS", 256, 1, 4096, func(c *Config) *int { return &c.MaxConns },
		"Idle connections kept warm; the longest idle is closed first."),
	choice("SSH_ENGINE", EngineAuto, []SSHEngine{EngineAuto, EnginePassenger, EngineFork}, func(c *Config) *SSHEngine { return &c.SSHEngine },
		"How commands reach a connection: spoken to its socket, through a forked ssh, or the first with the second as fallback."),
)
