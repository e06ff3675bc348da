package inventory

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Select gives the hosts that a list of words names, each once, in the order of the words. A word is
//
//	alias, user@host, ssh://user@host:port   one host; it need not be in the inventory
//	web*, db[0-9], web[01:10]                the aliases that match, or that the range stands for
//	@group, @all, @ungrouped                 the hosts of a group
//	@a:&@b, @a:!web3                         a and b; a but not web3
//	!word                                    not these, wherever it stands
//	&word                                    only these, wherever it stands
//
// Each argument may hold several words, separated by commas or blanks. Without any word that adds hosts, all hosts are meant; blanks and commas alone are an error.
// An *Error names a word that means nothing: a group or pattern that no host belongs to, an exclusion that excludes
// nothing.
func (i *Inventory) Select(spec ...string) ([]string, error) {
	s := &selection{snapshot: i.latest(), chosen: map[string]bool{}}
	var add, keep, drop []string
	for _, text := range spec {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
			switch word[0] {
			case '!':
				drop = append(drop, word[1:])
			case '&':
				keep = append(keep, word[1:])
			default:
				add = append(add, word)
			}
		}
	}
	if text := strings.Join(spec, " "); text != "" && len(add)+len(keep)+len(drop) == 0 { // a list that has come out empty is not all hosts
		return nil, &Error{Message: fmt.Sprintf("%q names no host", cut(text, 120)), hint: selectHint}
	}
	if len(add) == 0 {
		if len(s.hosts) == 0 {
			return nil, &Error{Message: "the inventory holds no hosts", code: codeNotFound, hint: "name hosts, or list them in ssh_config or in the file of the setting INVENTORY"}
		}
		add = []string{"@" + allGroup}
	}
	for _, word := range add {
		names, err := s.chain(word)
		if err != nil {
			return nil, err
		}
		s.add(names)
	}
	for _, word := range keep {
		if err := s.keep(word); err != nil {
			return nil, err
		}
	}
	for _, word := range drop {
		if err := s.drop(word); err != nil {
			return nil, err
		}
	}
	if len(s.names) == 0 {
		return nil, &Error{Message: fmt.Sprintf("%q selects no host", cut(strings.Join(spec, " "), 120)), code: codeNotFound, hint: selectHint}
	}
	return s.names, nil
}

const selectHint = "ssh_hosts lists aliases and groups; hosts are named by alias, @group, glob, range, !exclude or @a:&@b"

// selection is a growing list without duplicates.
type selection struct {
	*snapshot
	names  []string
	chosen map[string]bool
}

func (s *selection) add(names []string) {
	for _, n := range names {
		if !s.chosen[n] {
			s.chosen[n] = true
			s.names = append(s.names, n)
		}
	}
}

// remove drops the names for which gone says so.
func (s *selection) remove(gone func(string) bool) {
	s.names = slices.DeleteFunc(s.names, func(n string) bool {
		if gone(n) {
			delete(s.chosen, n)
			return true
		}
		return false
	})
}

func (s *selection) keep(word string) error {
	names, err := s.matching(word)
	if err != nil {
		return err
	}
	s.remove(func(n string) bool { return !names[n] && !names[hostOf(n)] })
	return nil
}

// drop excludes. user@web1 is web1 too: whoever excludes a host means the machine.
func (s *selection) drop(word string) error {
	names, err := s.matching(word)
	if err != nil {
		return err
	}
	s.remove(func(n string) bool { return names[n] || names[hostOf(n)] })
	return nil
}

// matching is the set of names that an exclusion or intersection means: of the inventory, and of those chosen so far. One
// that means nothing is an error, because a mistyped exclusion would run on the very host it was to spare.
func (s *selection) matching(word string) (map[string]bool, error) {
	set := map[string]bool{}
	switch {
	case word == "":
		return nil, &Error{Message: "an empty word selects nothing", hint: selectHint}
	case isGlob(word):
		for _, n := range slices.Concat(s.aliases(), s.names) {
			if ok, _ := path.Match(word, n); ok {
				set[n] = true
			} else if ok, _ := path.Match(word, hostOf(n)); ok {
				set[n] = true
			}
		}
		if len(set) == 0 {
			return nil, s.noMatch(word)
		}
		return set, nil
	case s.chosen[word]:
		set[word] = true
		return set, nil
	case !strings.HasPrefix(word, "@") && !hasRange(word):
		if _, known := s.index[word]; known || slices.ContainsFunc(s.names, func(n string) bool { return hostOf(n) == word }) {
			set[word] = true
			return set, nil
		}
		return nil, unknown("no host %q to exclude or keep%s", word, didYouMean(word, slices.Concat(s.names, s.aliases())))
	}
	names, err := s.term(word)
	for _, n := range names {
		set[n] = true
	}
	return set, err
}

func (s *snapshot) aliases() []string {
	out := make([]string, len(s.hosts))
	for i, h := range s.hosts {
		out[i] = h.Alias
	}
	return out
}

// Match lists the hosts for a pattern: a glob over alias and host name, a part of either in any case, or @group. The empty
// pattern matches all.
func (i *Inventory) Match(pattern string) []Host {
	s := i.latest()
	if pattern == "" {
		return slices.Clone(s.hosts)
	}
	if name, ok := strings.CutPrefix(pattern, "@"); ok {
		members, _ := (&selection{snapshot: s}).group(name)
		out := make([]Host, 0, len(members))
		for _, m := range members {
			out = append(out, s.hosts[s.index[m]])
		}
		return out
	}
	lower, isPattern := strings.ToLower(pattern), strings.ContainsAny(pattern, "*?[")
	out := []Host{}
	for _, h := range s.hosts {
		for _, name := range []string{h.Alias, h.Hostname} {
			name = strings.ToLower(name)
			ok := strings.Contains(name, lower)
			if isPattern {
				ok, _ = path.Match(lower, name)
			}
			if ok {
				out = append(out, h)
				break
			}
		}
	}
	return out
}
