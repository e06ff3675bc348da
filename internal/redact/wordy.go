package redact

import "strings"

// Passwords of several words, where no quotes hold them together.

// longestMnemonic is how many words the longest list of BIP 39 has.
const longestMnemonic = 24

// isLongPhrase tells whether v is four words or more in lower case that form no sentence and say nothing about a password.
func isLongPhrase(v string) bool {
	words := strings.Fields(v)
	if len(words) < 4 || len(words) > longestMnemonic || isProse(v) {
		return false
	}
	for i, w := range words {
		if i == len(words)-1 && i > 3 && isNumber(w) {
			break
		}
		if len(w) < 3 || len(w) > 12 || run(w, 0, isLower) != len(w) || commonWords[w] {
			return false
		}
	}
	return true
}

// envPhrase extends the value of a variable to the end of its line where that is a phrase and no command: NAME=correct horse battery staple.
func (sc *scanner) envPhrase(x extent) extent {
	end := sc.lineStop(x.end)
	if x.open || end-x.start > 12*longestMnemonic || x.next != x.end || x.end == x.start || !isBlank(byteAt(sc.s, x.end)) || !isLongPhrase(sc.s[x.start:end]) {
		return x
	}
	first := strings.Fields(sc.s[x.end:end])[0]
	if commands[first] || programs()[first] != nil {
		return x
	}
	x.end, x.next = end, end
	return x
}

// commands are what a variable is set for in front of a command line that could be a phrase.
var commands = set("make", "node", "npm", "npx", "yarn", "pnpm", "python", "ruby", "perl", "php", "java", "gradle", "mvn", "psql", "pg_dump", "createdb", "dropdb", "restic", "borg", "rclone",
	"terraform", "tofu", "ansible", "packer", "rails", "rake", "bundle", "cargo", "bash", "zsh", "run", "exec", "just", "task", "pytest", "tox", "poetry", "deno", "bun", "celery", "gunicorn", "uvicorn",
	"flask", "django", "artisan", "composer", "helm", "kubectl", "systemctl", "service", "systemd", "duplicity", "rsync", "cat", "echo", "printf", "grep", "tar", "find", "start", "serve", "build", "deploy",
	"migrate", "nohup", "setsid", "screen", "tmux", "watch", "script", "expect", "foreman", "mix", "iex", "dotnet", "swift", "clickhouse", "sqlite", "pgbench", "openssl", "virsh", "exim", "mail")

// inGroups tells whether the bare value x is the first of four groups or more of four characters, as Google and WordPress print passwords for applications.
func (sc *scanner) inGroups(x extent) bool {
	const size = 4
	if x.end-x.start != size || x.quote != 0 || byteAt(sc.s, x.end) != ' ' {
		return false
	}
	stop := sc.lineStop(x.end)
	if stop-x.start > 8*(size+2) {
		return false
	}
	groups := strings.Fields(sc.s[x.start:stop])
	if len(groups) < 4 || len(groups) > 8 || isProse(strings.Join(groups, " ")) {
		return false
	}
	for _, g := range groups {
		if len(g) != size || run(g, 0, isAlnum) != size || commonWords[strings.ToLower(g)] {
			return false
		}
	}
	return true
}

// mnemonic looks at the words of a wallet behind a name for them and a colon.
func (sc *scanner) mnemonic(_, end int) {
	s := sc.s
	i := end + closingQuote(s, end)
	if c := byteAt(s, i); c == ':' || c == '=' {
		i++
	}
	i = skipBlank(s, i)
	i += closingQuote(s, i)
	n, j := 0, i
	for n <= longestMnemonic {
		k := run(s, j, isLower)
		if k-j < 3 || k-j > 8 {
			break
		}
		n, j = n+1, k
		if byteAt(s, j) != ' ' || !isLower(byteAt(s, j+1)) {
			break
		}
		j++
	}
	for j > i && s[j-1] == ' ' {
		j--
	}
	if n >= 11 && !isProse(s[i:j]) {
		stop := run(s, j, func(c byte) bool { return isAlnum(c) || c == ' ' && n == 11 })
		sc.add(i, min(max(j, stop), sc.lineStop(i)), kindSecret, rankFormat)
	}
}

func wordyRules() []rule {
	return []rule{{literals: []string{"mnemonic", "seed phrase", "recovery phrase", "secret phrase", "backup phrase", "seed words", "wallet seed", "12 words", "24 words"}, find: (*scanner).mnemonic}}
}
