package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// What a verb of loss stands beside says how bad the loss is.

// trifles are things that come back by themselves, or that one command makes again.
var trifles = setOf("cache caches opcache transient transients alias aliases label labels tag annotation annotations plugin plugins extension extensions addon addons theme themes widget context contexts lock locks alarm alarms alert alerts warning warnings error errors counter counters stats statistics fault faults cookie cookies bookmark bookmarks favorite favorites completion completions rewrite view views prompt screen terminal console breakpoint watch silence silences downtime comment comments filter filters highlight selection clipboard assets static arp buffer buffers")

// trifling reports whether the loss that the ith word names is of a trifle: by the word itself (cache:clear), by the noun in
// front of it (plugin delete) or, where it comes first, by the noun behind it (clear cache).
func trifling(all []arg, i int) bool {
	for _, t := range tokens(all[i].s) {
		if trifles[t] {
			return true
		}
	}
	if i > 0 {
		return trifles[strings.ToLower(all[i-1].s)]
	}
	return len(all) > 1 && len(tokens(all[0].s)) == 1 && trifles[strings.ToLower(all[1].s)]
}

// lossOptions rates options that the tables do not have by the verbs in their names: --delete-all, --discard-my-data.
func (c *call) lossOptions(u *use) {
	for _, name := range u.unlisted {
		if lossOption(name) {
			c.rate(Irreversible, "verb", "the option "+name+" loses what is there")
		}
	}
}

// optionLosses are the verbs whose option is no property of what is shown or made: --format and --drop-last are.
var optionLosses = setOf("delete deleteall destroy purge wipe erase nuke zap shred obliterate expunge decommission cleanse removeall delall dropall purgeall wipeall factoryreset zeroize zeroise eradicate deprovision discard loss uninstall reinit really")

// wholes are what an option may say is dropped altogether.
var wholes = lazyregexp.New(`\b(all|db|databases?|tables?|schemas?|data|existing|target|instances?|everything|slots?|users?|index(es)?|collections?|partitions?|topics?|queues?|volumes?|keyspaces?|buckets?)\b`)

// lossOption reports whether an option says by its name that something is lost.
func lossOption(name string) bool {
	parts := tokens(name)
	for i, t := range parts {
		switch {
		case i > 0 && (parts[i-1] == "no" || parts[i-1] == "not" || parts[i-1] == "without" || parts[i-1] == "skip"), strings.Contains(name, "dry"):
			return false
		case optionLosses[strings.TrimRight(t, "0123456789")],
			(t == "drop" || t == "truncate" || t == "terminate") && wholes.MatchString(name),
			t == "overwrite" && (strings.Contains(name, "data") || strings.Contains(name, "dest") || strings.Contains(name, "disk")),
			t == "reset" && (strings.Contains(name, "force") || strings.Contains(name, "factory") || strings.Contains(name, "all")),
			t == "init" && strings.Contains(name, "token"):
			return true
		}
	}
	return false
}

// otherVerb looks for a verb of loss where a program is told something that its rows do not have.
func (c *call) otherVerb(u *use) {
	if len(u.words) == 0 || strings.HasPrefix(u.words[len(u.words)-1], "-") {
		return
	}
	all := append(words(u.words[len(u.words)-1]), u.operands[:min(2, len(u.operands))]...)
	for i, a := range all {
		if v := verbOf(a.s); v == losing && strong(a.s) && !trifling(all, i) {
			c.rate(Irreversible, "verb", a.show()+" loses what is there")
		} else if v == noVerb {
			continue
		}
		return
	}
}

// unknownVerbs rates a program that is not in the tables by its name, its words and what it is given.
func (c *call) unknownVerbs(name string) {
	if c.dry() {
		return
	}
	c.outputs()
	if !strings.Contains(name, "/") && strong(name) {
		c.rate(Irreversible, "verb", "not a program of the tables, and by its name it loses what is there")
	}
	var ops []arg
	for _, a := range c.args[1:] {
		if strings.Contains(a.s, "/dev/") && c.disk(a) {
			c.rate(Irreversible, "unknown", "a program that is not known, with the device "+a.show())
		}
		option, _, _ := strings.Cut(a.s, "=")
		switch {
		case !strings.HasPrefix(a.s, "-"):
			ops = append(ops, a)
		case lossOption(option):
			c.rate(Irreversible, "verb", "not a program of the tables, and "+option+" loses what is there")
		}
	}
	for i, a := range ops[:min(len(ops), verbWords)] {
		v := verbOf(a.s)
		if v == noVerb || asNoun(ops, i) {
			continue
		}
		if v == losing && !trifling(ops, i) && (strong(a.s) || !strings.Contains(name, "/") && (!tidying[leading(a.s)] || c.all())) {
			c.rate(Irreversible, "verb", "not a program of the tables, and "+a.show()+" loses what is there")
		}
		return
	}
}

// repairOptions rates what makes a check change what it finds: doctor --fix.
func (c *call) repairOptions() {
	for _, a := range c.args[1:] {
		switch option, _, _ := strings.Cut(a.s, "="); option {
		case "--fix", "--auto-fix", "--autofix", "--repair", "--auto-repair", "--heal", "--recover", "--remediate", "--apply":
			c.rate(Stateful, "verb", option+" changes what it finds")
		}
	}
}

// outputOption are options that most programs write a file with.
var outputOption = setOf("-o -O --output --out --outfile --out-file --output-file --save --save-to --dest --destination --download-dir --export-to")

// outputs rates the files that a call writes by options which its rows may not have. Formats hold no slash.
func (c *call) outputs() {
	for i, a := range c.args[1:] {
		option, v, ok := strings.Cut(a.s, "=")
		if !ok && i+2 < len(c.args) {
			v = c.args[i+2].s
		}
		if outputOption[option] && strings.Contains(v, "/") && !strings.ContainsAny(v, "={ ") && !strings.Contains(v, "://") {
			c.effect(writes, arg{str: str{tildePath(v), a.t}}, base(c.args[0].s)+" "+option)
		}
	}
}

// tidying are verbs of loss that mostly remove what a program made for itself, unless it is told to take everything.
var tidying = setOf("clean cleanup clear prune uninstall rebuild reinstall")

// leading is the verb of a word that is made of several.
func leading(word string) string {
	for _, t := range tokens(word) {
		if verbKind(t) == losing {
			return t
		}
	}
	return ""
}

// all reports whether a call is told to take everything, or not to ask.
func (c *call) all() bool {
	for _, a := range c.args[1:] {
		if s := strings.TrimLeft(a.s, "-"); s == "all" || strings.HasPrefix(a.s, "--all") || strings.HasPrefix(a.s, "--force") || s == "everything" {
			return true
		}
	}
	return false
}
