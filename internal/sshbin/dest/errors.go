package dest

import (
	"errors"
	"strconv"
	"strings"
)

// An InvalidError says which parameter of a destination is refused and why. Nothing has been started.
type InvalidError struct {
	Param  string // the parameter's name: host, user, port, key_path, known_hosts, jump
	Value  string // as given
	Reason string // continues "host "x" …"
	Hint   string
	Code   string // empty means invalid_argument
}

func (e *InvalidError) Error() string { return e.Param + " " + quote(e.Value) + " " + e.Reason }

// ErrorCode is one of the contract's codes: invalid_argument, or what is wrong with a key file.
func (e *InvalidError) ErrorCode() string {
	if e.Code == "" {
		return "invalid_argument"
	}
	return e.Code
}

// ErrorHint says what to give instead.
func (e *InvalidError) ErrorHint() string { return e.Hint }

func invalid(param, value, reason, hint string) error {
	return &InvalidError{Param: param, Value: HideUserinfo(value, param == "user"), Reason: reason, Hint: hint}
}

// jumpError makes an error about one hop an error about the parameter jump.
func jumpError(jump string, err error) error {
	var e *InvalidError
	if !errors.As(err, &e) {
		return err
	}
	return invalid("jump", HideUserinfo(jump, false), "has a bad hop: "+e.Error(), "write jump as alias or user@host:port, several separated by commas")
}

// A ConfigError is what `ssh -G` said instead of answering: a broken ssh_config, a Match exec that never ended, a
// missing ssh.
type ConfigError struct {
	Host    string
	Message string // ssh's own words
	Code    string // invalid_argument for a configuration that ssh refuses, unsupported without ssh, internal otherwise
	Hint    string
	Err     error
}

func (e *ConfigError) Error() string {
	if e.Message == "" {
		return "resolving " + quote(e.Host) + ": " + e.Err.Error()
	}
	return "resolving " + quote(e.Host) + ": " + e.Message
}

func (e *ConfigError) Unwrap() error { return e.Err }

// ErrorCode is one of the contract's codes.
func (e *ConfigError) ErrorCode() string { return e.Code }

// ErrorHint says what to do next.
func (e *ConfigError) ErrorHint() string { return e.Hint }

// HideUserinfo takes what may be a password out of a destination, or of a list of them, before it is shown or recorded: everything from a colon
// to the last @, but for ports. Of a login name alone it takes everything behind a colon.
func HideUserinfo(s string, login bool) string {
	from := 0
	if i := strings.Index(s, "://"); i >= 0 {
		from = i + len("://")
	}
	for {
		i := strings.IndexByte(s[from:], ':')
		if i < 0 {
			return s
		}
		i += from + 1
		port := i + len(s[i:]) - len(strings.TrimLeft(s[i:], "0123456789"))
		if !login && (port == len(s) || strings.IndexByte(", \t/", s[port]) >= 0) {
			from = port
			continue
		}
		at := strings.LastIndexByte(s[i:], '@')
		switch {
		case login && at < 0:
			return s[:i] + "…"
		case at < 0:
			return s
		}
		return s[:i] + "…" + s[i+at:]
	}
}

// quote shows a value so that no hidden character stays hidden.
func quote(s string) string { return strings.ReplaceAll(strconv.QuoteToASCII(s), `\u2026`, "…") }
