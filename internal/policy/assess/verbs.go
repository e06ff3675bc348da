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
	readVerbs = setOf("describe list get show ls head view status info help version wait test validate check lint diff search inspect logs log tail top history events explain print export-config lookup query scan count read doctor whoami ping analyze analyse dmesg tree stat env current-context get-contexts get-clusters config-view api-resources api-versions cluster-info can-i completion decode preview plan graph providers output fmt-check outdated audit-log ps port images volumes networks services nodes describe-all download-logs resolve batch-get filter select estimate simulate detect verify details overview metrics usage limits quota regions zones sizes options man docs list-all ls-remote dry-run summary report cat find dump-config display health members peers dashboard df du")
	lossVerbs = setOf("delete destroy remove rm terminate purge rb drop uninstall deregister disable-all erase wipe nuke reset prune del delete-all delete_all remove-all removeall delall deleteall clearall dropall purgeall rmall destroyall wipeall factory-reset factoryreset zeroize zeroise sanitize eradicate reinit reinitialize rmdel undefine unprovision deprovision deactivate-all poweroff power-off hardstop flush revoke-all truncate unregister undeploy teardown cleanup format clear unset-all zap shred obliterate expunge decommission forget rebuild reimage reinstall cleanse empty clean")
	// strongVerbs mean a loss whatever the program is; the others of lossVerbs can be small things.
	strongVerbs = setOf("delete deleteall destroy purge wipe erase terminate nuke zap shred obliterate expunge truncate format del decommission drop cleanse removeall delall dropall purgeall wipeall destroyall factoryreset zeroize zeroise sanitize eradicate deprovision poweroff")
	// changeVerbs end the search: what stands behind them is a name.
	changeVerbs = setOf("create mk add set update apply start stop restart edit patch run exec install upgrade enable disable sync rollback import restore scale move mv rename attach detach put push deploy up launch clone migrate mount unmount open close assign grant login logout init register join leave promote resize snapshot activate deactivate reload pause unpause resume suspend write append insert modify change replace tag untag copy cp export trigger retry cancel approve reject revert downgrade")
)

// nouns are verbs that stand for things where a verb follows: snapshot delete, restore list.
var nouns = setOf("snapshot snapshots restores runs tags restore run tag image images volume volumes log logs migrate db service services node nodes network networks export test env plan limits quota head regions zones sizes members peers options ports providers details health usage docs metrics events history")

// asNoun reports whether a verb stands for a thing, as another verb or noun follows it.
func asNoun(all []arg, i int) bool {
	parts := tokens(all[i].s)
	if len(parts) == 0 || !nouns[parts[len(parts)-1]] || i+1 == len(all) {
		return false
	}
	return verbOf(all[i+1].s) != noVerb || nouns[strings.ToLower(all[i+1].s)]
}

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
	word = strings.Replace(word, "power.off", "poweroff", 1)
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
		if v == reading && objects[parts[0]] {
			for _, p := range parts[1:] {
				v = max(v, verbKind(p))
			}
		}
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
	}{{"delete", losing}, {"destroy", losing}, {"eradicate", losing}, {"remove", losing}, {"unregister", losing}, {"terminate", losing}, {"purge", losing}, {"wipe", losing}, {"erase", losing}, {"delprinc", losing}, {"rmpool", losing}, {"rmsnap", losing}, {"show", reading}, {"list", reading}, {"get", reading}, {"describe", reading}} {
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

// objects are verbs that name what is worked on when another verb follows in the same word: ls-del, search-replace.
var objects = setOf("search find ls lr lsp state log head tail port config image query")

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
		if asNoun(all, i) {
			snapshot = snapshot || w == "snapshot"
			continue
		}
		snapshot = snapshot || strings.Contains(w, "snap")
		switch verbOf(a.s) {
		case losing:
			if trifling(all, i) {
				c.rate(Stateful, "verb", w+" drops what is easily made again")
				continue
			}
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
			c.lossOptions(u)
			c.repairOptions()
			c.outputs()
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
	if len(u.words) == 0 || u.other {
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
