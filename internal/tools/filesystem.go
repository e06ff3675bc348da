package tools

import (
	"path/filepath"
	"strings"

	"relay-shell/internal/config"
	"relay-shell/internal/files"
)

// FileOptions are what the settings say of files; of their bounds on this machine LOCAL_ROOTS, and what belongs to relay-shell itself. home is
// what "~/" stands for.
func FileOptions(cfg *config.Config, home string) files.Options {
	private := []string{cfg.StateDir, cfg.RuntimeDir, cfg.AuthStateDir}
	if cfg.AuditPath != "" {
		// Sealed segments, mirrors and the tree bear the same name up to its extension.
		private = append(private, strings.TrimSuffix(cfg.AuditPath, filepath.Ext(cfg.AuditPath))+"*")
	}
	// Whoever can write these decides what the agent may do.
	private = append(private, cfg.File(), cfg.PolicyFile, cfg.SecretsFile, cfg.Inventory)
	b := files.Bounds{Roots: cfg.LocalRoots, Home: home}
	for _, p := range private {
		if p != "" {
			b.Private = append(b.Private, p)
		}
	}
	return files.Options{Bounds: b, Idle: cfg.SFTPIdleTimeout}
}
