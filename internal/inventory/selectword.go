package inventory

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"relay-shell/internal/nearest"
)

// chain reads one word with its :& and :! parts.
func (s *selection) chain(word string) ([]string, error) {
	parts := splitChain(word)
	names, err := s.term(parts[0])
	if err != nil || len(parts) == 1 {
		return names, err
	}
	sub := &selection{snapshot: s.snapshot, chosen: map[string]bool{}}
	sub.add(names)
	for _, p := range parts[1:] {
		switch p[0] {
		case '&':
			err = sub.keep(p[1:])
		case '!':
			err = sub.drop(p[1:])
		default:
			if names, err = s.term(p); err == nil {
				sub.add(names)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return sub.names, nil
}

// splitChain splits at colons that &, ! or @ follows; others belong to ports, addresses and ranges.
func splitChain(word string) []string {
	var parts []string
	begin := 0
	for i := 0; i+1 < len(word); i++ {
		if i > begin && word[i] == ':' && strings.IndexByte("&!@", word[i+1]) >= 0 {
			parts = append(parts, word[begin:i])
			begin = i + 1
		}
	}
	return append(parts, word[begin:])
}

// term reads a word without operators.
func (s *selection) term(word string) ([]string, error) {
	switch {
	case word == "":
		return nil, &Error{Message: "an empty word selects nothing", hint: selectHint}
	case word[0] == '@':
		return s.group(word[1:])
	case hasRange(word):
		names, err := expandRanges(word)
		if err != nil {
			return nil, &Error{Message: fmt.Sprintf("%q %v", cut(word, 80), err), hint: selectHint}
		}
		for _, n := range names {
			if _, err := s.one(n); err != nil {
				return nil, err
			}
		}
		return names, nil
	case isGlob(word):
		return s.glob(word)
	}
	return s.one(word)
}

func (s *selection) group(name string) ([]string, error) {
	switch members, ok := s.groups[name]; {
	case ok && len(members) > 0:
		return members, nil
	case ok:
		return nil, &Error{Message: fmt.Sprintf("group @%s has no hosts", name), code: codeNotFound, hint: selectHint}
	case name == allGroup:
		return s.aliases(), nil
	case name == ungroupedGroup:
		var out []string
		for _, h := range s.hosts {
			if len(h.Groups) == 0 {
				out = append(out, h.Alias)
			}
		}
		return out, nil
	}
	near := nearest.Name(name, slices.Sorted(maps.Keys(s.groups)))
	if near != "" {
		near = " (did you mean @" + near + "?)"
	}
	return nil, unknown("no group %q%s", "@"+name, near)
}

func (s *selection) glob(pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil || strings.Contains(pattern, "@") {
		return nil, &Error{Message: fmt.Sprintf("%q is no pattern of aliases", cut(pattern, 80)), hint: selectHint}
	}
	var out []string
	for _, h := range s.hosts {
		if ok, _ := path.Match(pattern, h.Alias); ok {
			out = append(out, h.Alias)
		}
	}
	if len(out) == 0 {
		return nil, s.noMatch(pattern)
	}
	return out, nil
}

func (s *selection) noMatch(pattern string) error {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("*?[]", r) {
			return -1
		}
		return r
	}, pattern)
	return unknown("no alias matches %q%s", pattern, didYouMean(plain, s.aliases()))
}

// one accepts an alias, or whatever can be a host: ssh may know it by a pattern or by name service.
func (s *selection) one(word string) ([]string, error) {
	if _, known := s.index[word]; known {
		return []string{word}, nil
	}
	if _, isGroup := s.groups[word]; isGroup || word == allGroup || word == ungroupedGroup {
		return nil, unknown("no host %q (did you mean the group @%s?)", word, word)
	}
	user, host, port, err := splitDestination(word)
	if err == nil && user != "" {
		err = checkUser(user)
	}
	if err == nil {
		err = checkHost(host)
	}
	if err == nil && port != "" {
		if _, err = parsePort(port); err == nil && !strings.HasPrefix(word, "ssh://") {
			err = fmt.Errorf("has a port, which only ssh://host:port can carry")
		}
	}
	if err != nil {
		return nil, &Error{Message: fmt.Sprintf("host %q %v", cut(word, 80), err), hint: selectHint}
	}
	return []string{word}, nil
}

func unknown(format, word string, more ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, append([]any{cut(word, 80)}, more...)...), code: codeUnknown, hint: selectHint}
}

// isGlob tells patterns from hosts; an IPv6 address in brackets is a host.
func isGlob(word string) bool {
	if strings.ContainsAny(word, "*?") {
		return true
	}
	if !strings.Contains(word, "[") || strings.HasPrefix(word, "ssh://") {
		return false
	}
	_, host, _, err := splitDestination(word)
	return err != nil || checkHost(host) != nil || !strings.Contains(host, ":")
}

// hostOf is the host that a selected name means, without user and port.
func hostOf(name string) string {
	_, host, _, err := splitDestination(name)
	if err != nil {
		return name
	}
	return host
}
