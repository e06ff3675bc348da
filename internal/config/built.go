package config

import (
	"slices"
	"strings"
)

// unbuilt lists values that are known names of this program but that this version cannot serve, with the reason. Asking for
// one stops the start, so that nobody relies on what is not there. A value leaves this list when its code arrives; nothing
// else has to change. "*" stands for any value.
var unbuilt = map[string]map[string]string{
	"TRANSPORT": {"http": "the HTTP transport is to come"},
	"TOOLSETS": {
		"docker": "to come", "proxmox": "to come", "gateway": "to come", "compat": "to come",
	},
	"OUTPUT_FORMAT":  {"toon": "the TOON form is to come"},
	"SECCOMP_NOTIFY": {"true": "not built: a filter needs CAP_SYS_ADMIN or no_new_privs, which breaks sudo and setuid in every command, and what it shows a command can change under its eyes; docs/security.md"},
}

// Built returns the values of a setting with choices that this version serves, in the order of the table.
func Built(name string) []string {
	for _, s := range Settings() {
		if s.Name == name {
			return built(name, slices.DeleteFunc(slices.Clone(s.Values), func(v string) bool { return v == "all" }))
		}
	}
	return nil
}

func built(name string, values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return unbuilt[name][v] != "" })
}

// later says why a value cannot be served yet, "" when it can.
func later(s *Setting, v string) string {
	if v == "" {
		return ""
	}
	if why := unbuilt[s.Name]["*"]; why != "" {
		return why
	}
	return unbuilt[s.Name][strings.ToLower(v)]
}
