package assess

import (
	"strings"
	"unicode"
)

func init() {
	hooks["optionVerbs"] = optionVerbsHook
	hooks["verbs"] = verbsHook
}

// Verbs of command line tools whose subcommands are too many to list: the verb says what is done to the object.
var (
	readVerbs = setOf("describe list get show ls head view status info help version wait test validate check lint diff search inspect logs log tail top history events explain print export-config lookup query scan count read doctor whoami ping tree stat env current-context get-contexts get-clusters config-view api-resources api-versions cluster-info can-i completion decode preview plan graph providers output fmt-check outdated audit-log ps port images volumes networks services nodes describe-all download-logs resolve batch-get filter select estimate simulate detect verify details overview metrics usage limits quota regions zones sizes options man docs list-all ls-remote dry-run summary report cat find dump-config display health members peers dashboard df du")
	lossVerbs = setOf("delete destroy remove rm terminate purge rb drop uninstall deregister disable-all erase wipe nuke reset prune del delete-all flush revoke-all truncate unregister undeploy teardown cleanup format clear unset-all zap shred obliterate expunge decommission forget rebuild reimage reinstall cleanse empty clean")
	// strongVerbs mean a loss whatever the program is; the others of lossVerbs can be small things.
	strongVerbs = setOf("delete deleteall destroy purge wipe erase terminate nuke zap shred obliterate expunge truncate format del decommission drop cleanse")
	// changeVerbs end the search: what stands behind them is a name.
	changeVerbs = setOf("create add set update apply start stop restart edit patch run exec install upgrade enable disable sync rollback import restore scale move mv rename attach detach put push deploy up launch clone migrate mount unmount open close assign grant login logout init register join leave promote resize snapshot activate deactivate reload pause unpause resume suspend write append insert modify change replace tag untag copy cp export trigger retry cancel approve reject revert downgrade")
)

// nouns are verbs that stand for things where a verb follows: snapshot delete, restore list.
var nouns = setOf("snapshot restore run tag image images volume volumes log logs migrate db service services node nodes network networks export test env plan limits quota status head stat regions zones sizes members peers options ports providers details health usage docs metrics events history")

type verb int

const (
	noVerb verb = iota
	reading
	changing
	losing
)

// verbOf says what a subcommand does by the words it is made of: delete, vm-destroy, apps:destroy, vmsvc/destroy,
// DeleteInstance, listprincs.
func verbOf(word string) verb {
	if strings.ContainsAny(word, "=@ \n,") || strings.Contains(word, "://") {
		return noVerb
	}
	if i := strings.LastIndexAny(word, ".:/"); i >= 0 && i+1 < len(word) {
		word = word[i+1:]
	}
	if v := verbKind(strings.ToLower(word)); v != noVerb {
		return v
	}
	for _, ask := range []string{"ok-to-", "safe-to-", "can-", "dry-run-", "pre-check"} {
		if strings.HasPrefix(word, ask) {
			return reading
		}
	}
	parts := tokens(word)
	if len(parts) == 0 {
		return noVerb
	}
	if v := verbKind(parts[0]); v != noVerb {
		return v
	}
	if len(parts) > 1 {
		for i := len(parts) - 1; i > 0; i-- {
			if v := verbKind(parts[i]); v != noVerb {
				return v
			}
		}
		return noVerb
	}
	for _, p := range [...]struct {
		prefix string
		is     verb
	}{{"delete", losing}, {"destroy", losing}, {"unregister", losing}, {"terminate", losing}, {"purge", losing}, {"wipe", losing}, {"erase", losing}, {"delprinc", losing}, {"rmpool", losing}, {"rmsnap", losing}, {"show", reading}, {"list", reading}, {"get", reading}, {"describe", reading}} {
		if strings.HasPrefix(parts[0], p.prefix) {
			return p.is
		}
	}
	return noVerb
}

func verbKind(w string) verb {
	switch {
	case lossVerbs[w]:
		return losing
	case changeVerbs[w]:
		return changing
	case readVerbs[w]:
		return reading
	}
	return noVerb
}

// strong reports whether a word names a loss whatever the program is.
func strong(word string) bool {
	if verbOf(word) != losing {
		return false
	}
	for _, t := range tokens(word) {
		if strongVerbs[strings.TrimRight(t, "0123456789")] || strings.HasPrefix(t, "delete") || strings.HasPrefix(t, "destroy") {
			return true
		}
	}
	return false
}

// tokens splits a word where its parts meet: at punctuation and where small letters become capitals.
func tokens(word string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	small := false
	for _, r := range limit(word) {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			small = false
			continue
		case unicode.IsUpper(r) && small:
			flush()
		}
		b.WriteRune(r)
		small = unicode.IsLower(r) || unicode.IsDigit(r)
	}
	flush()
	return out
}

// verbWords is how many words of a call may hold its verb.
const verbWords = 7

// verbsHook rates a tool by the verb among its first words.
func verbsHook(c *call, u *use) {
	if u.has("--dry-run", "--dryrun", "--help", "-h", "--what-if") {
		c.tier, c.rule, c.why = Observe, "dry run", "only shows what it would do"
		return
	}
	all := append(words(u.words...), u.operands...)
	if len(all) > verbWords {
		all = all[:verbWords]
	}
	snapshot := false
	for i, a := range all {
		if strings.HasPrefix(a.s, "-") {
			u.unlisted = append(u.unlisted, a.s)
			continue
		}
		w := strings.ToLower(a.s)
		if nouns[w] && i+1 < len(all) && verbOf(all[i+1].s) != noVerb {
			snapshot = snapshot || w == "snapshot"
			continue
		}
		snapshot = snapshot || strings.Contains(w, "snap")
		switch verbOf(a.s) {
		case losing:
			c.rate(Irreversible, "verb", w+" loses what is there")
			return
		case changing:
			c.rate(Stateful, "verb", w+" changes something")
			if snapshot && (strings.Contains(w, "restore") || strings.Contains(w, "rollback") || strings.Contains(w, "revert")) {
				c.rate(Irreversible, "verb", w+" puts an old state in the place of the present one")
			}
			c.lossOptions(u)
			return
		case reading:
			c.rate(Observe, "verb", w+" reads")
			if text := join(u.operands).s; strings.Contains(text, "secret") || strings.Contains(text, "token") || strings.Contains(text, "credential") {
				c.shows = true
			}
			return
		}
	}
	c.lossOptions(u)
	if len(u.operands) == 0 && len(u.words) == 0 && len(u.unlisted) == 0 {
		c.rate(Observe, "verb", "shows help")
		return
	}
	if len(u.words) == 0 {
		c.rate(Stateful, "verb", "may change something")
	}
}

// optionVerbsHook is for tools whose options are their verbs: megacli -CfgLdDel.
func optionVerbsHook(c *call, u *use) {
	worst := noVerb
	for _, a := range c.args[1:] {
		v := noVerb
		for _, t := range tokens(a.s) {
			switch {
			case strings.HasPrefix(t, "del"), strings.HasPrefix(t, "clr"), strings.HasPrefix(t, "clear"), strings.HasPrefix(t, "eras"), t == "init", t == "offline", t == "initialize", t == "format", t == "reset", t == "delete", t == "remove", t == "restore", t == "flash":
				v = losing
			case strings.HasSuffix(t, "info"), strings.HasSuffix(t, "list"), t == "dsply", strings.HasPrefix(t, "get"), t == "show", t == "status", t == "summary", t == "display", t == "ver", t == "help", t == "h", t == "showsummary":
				v = max(v, reading)
			}
		}
		worst = max(worst, v)
	}
	switch {
	case worst == losing:
		c.rate(Irreversible, "verb", "loses the configuration or data of a controller")
	case worst == reading || len(c.args) == 1:
		c.rate(Observe, "verb", "shows a controller")
	default:
		c.rate(Stateful, "verb", "may change something")
	}
}

// lossOptions rates options that the tables do not have by the verbs in their names: --delete-all, --discard-my-data.
func (c *call) lossOptions(u *use) {
	for _, name := range u.unlisted {
		for _, t := range tokens(name) {
			if strongVerbs[strings.TrimRight(t, "0123456789")] || t == "overwrite" || t == "discard" || t == "reset" && strings.Contains(name, "force") {
				c.rate(Irreversible, "verb", "the option "+name+" loses what is there")
			}
		}
	}
}

// otherVerb looks for a verb of loss where a program is told something that its rows do not have.
func (c *call) otherVerb(u *use) {
	if len(u.words) == 0 || strings.HasPrefix(u.words[len(u.words)-1], "-") {
		return
	}
	for _, a := range append(words(u.words[len(u.words)-1]), u.operands[:min(2, len(u.operands))]...) {
		if v := verbOf(a.s); v == losing && strong(a.s) {
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
	if !strings.Contains(name, "/") && strong(name) {
		c.rate(Irreversible, "verb", "not a program of the tables, and by its name it loses what is there")
	}
	verb, n := noVerb, 0
	for _, a := range c.args[1:] {
		if strings.Contains(a.s, "/dev/") && c.disk(a) {
			c.rate(Irreversible, "unknown", "a program that is not known, with the device "+a.show())
		}
		if strings.HasPrefix(a.s, "--") {
			option, _, _ := strings.Cut(a.s, "=")
			if strong(strings.TrimLeft(option, "-")) {
				c.rate(Irreversible, "verb", "not a program of the tables, and "+option+" loses what is there")
			}
			continue
		}
		if n++; strings.HasPrefix(a.s, "-") || verb != noVerb || n > verbWords {
			continue
		}
		if verb = verbOf(a.s); verb == losing && strong(a.s) {
			c.rate(Irreversible, "verb", "not a program of the tables, and "+a.show()+" loses what is there")
		}
	}
}

// dry reports whether a call asks to see what would happen.
func (c *call) dry() bool {
	for _, a := range c.args[1:] {
		switch a.s {
		case "--dry-run", "--dryrun", "--help", "--what-if", "--whatif", "--simulate", "--no-act", "--noop":
			return true
		}
	}
	return false
}

// disk reports whether a word names a device that holds data.
func (c *call) disk(a arg) bool {
	i := strings.Index(a.s, "/dev/")
	p := a.s[i:]
	if i > 0 && a.s[i-1] != '=' && a.s[i-1] != ':' {
		return false
	}
	at, _ := locate(arg{str: str{p, a.t}, glob: a.glob}, c.sc)
	return at == device && !quietDevice(p)
}
