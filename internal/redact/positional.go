package redact

import "strings"

// Secrets that programs take by place. Each function gets the words after the program's name.

// plainArgs are the arguments that are no options. With a slash, the options of Windows are options too.
func (sc *scanner) plainArgs(args []word, slash bool) []word {
	var out []word
	for _, w := range args {
		t := sc.text(w)
		if t == "" || t[0] == '-' && len(t) > 1 || slash && t[0] == '/' {
			continue
		}
		out = append(out, w)
	}
	return out
}

// keywords masks the word after any of the given ones.
func keywords(names ...string) func(*scanner, []word) {
	known := set(names...)
	return func(sc *scanner, args []word) {
		for i := 0; i+1 < len(args); i++ {
			if !known[strings.ToLower(sc.text(args[i]))] {
				continue
			}
			x := sc.inner(args[i+1])
			if v := x.text(sc.s); len(v) > 4 && v[0] == '"' && v[len(v)-1] == '"' {
				x.start, x.end = x.start+1, x.end-1 // psk '"…"'
			}
			if i+2 < len(args) && strings.EqualFold(sc.text(args[i]), "auth") {
				sc.given(sc.inner(args[i+2]), kindPassword) // AUTH user password
				continue
			}
			sc.given(x, kindPassword)
		}
	}
}

// lastAfter masks the last plain argument after a subcommand, if there is one.
func lastAfter(subcommands ...string) func(*scanner, []word) {
	known := set(subcommands...)
	return func(sc *scanner, args []word) {
		for i, w := range args[:min(len(args), 8)] {
			if !known[sc.text(w)] {
				continue
			}
			rest := sc.plainArgs(args[i+1:], false)
			if n := len(rest); n > 0 {
				x := sc.inner(rest[n-1])
				if v := x.text(sc.s); n > 1 || (tokenLike(v, 12) || strong(v)) && strings.IndexByte(v, '@') < 0 {
					sc.given(x, kindPassword)
				}
			}
			return
		}
	}
}

// lastPositional masks the last of at least two plain arguments.
func lastPositional(sc *scanner, args []word) {
	if rest := sc.plainArgs(args, false); len(rest) > 1 {
		sc.given(sc.inner(rest[len(rest)-1]), kindPassword)
	}
}

// mysqlPassword is mysqladmin … password NEW.
func mysqlPassword(sc *scanner, args []word) {
	for i := 0; i+1 < len(args); i++ {
		if sc.text(args[i]) == "password" {
			sc.given(sc.inner(args[i+1]), kindPassword)
		}
	}
}

// oracleLogon is user/password[@connect] of Oracle's programs.
func oracleLogon(sc *scanner, args []word) {
	for _, w := range args {
		x := sc.inner(w)
		v := x.text(sc.s)
		if i := strings.Index(v, "userid="); i == 0 {
			x.start += len("userid=")
			v = x.text(sc.s)
		}
		slash := strings.IndexByte(v, '/')
		if slash <= 0 || slash > 30 || run(v, 0, func(c byte) bool { return isWordByte(c) || c == '$' || c == '#' }) != slash || v[0] == '-' || v[0] == '@' || strings.Contains(v, "://") {
			continue
		}
		end := len(v)
		if sign := strings.LastIndexByte(v, '@'); sign > slash {
			if i := strings.Index(v[slash:], "@//"); i > 0 {
				sign = slash + i
			}
			end = sign
		} else if strings.HasSuffix(v, ".sql") || strings.HasSuffix(v, ".ctl") || strings.ContainsAny(v[slash+1:], "/=") {
			continue
		}
		x.end = x.start + end
		x.start += slash + 1
		sc.given(x, kindPassword)
		return
	}
}

// vaultArguments are vault login TOKEN, operator unseal KEY, kv put PATH name=secret.
func vaultArguments(sc *scanner, args []word) {
	for i, w := range args[:min(len(args), 6)] {
		switch sc.text(w) {
		case "login", "unseal", "unwrap", "lookup", "revoke", "renew":
			for _, a := range sc.plainArgs(args[i+1:], false) {
				if t := sc.text(a); tokenLike(t, 10) && strings.IndexByte(strings.TrimRight(t, "="), '=') < 0 &&
					(tokenLike(t, 24) || strings.IndexByte(t, '/') < 0) {
					sc.given(sc.inner(a), kindToken)
				}
			}
			return
		case "put", "patch", "write":
			for _, a := range args[i+1:] {
				x := sc.inner(a)
				if n := strings.IndexByte(x.text(sc.s), '='); n > 0 && sc.s[x.start] != '-' {
					v := innerOf(sc.s, x.start+n+1, x.end)
					if t := v.text(sc.s); sc.s[v.start:v.end] != "" && t[0] != '@' && (strong(t) || tokenLike(t, 10)) {
						sc.given(v, kindSecret)
					}
				}
			}
			return
		}
	}
}

// settings are programs that set NAME VALUE: the name says whether the value is a secret.
func settings(sc *scanner, args []word) {
	for i := 0; i+1 < len(args); i++ {
		t := sc.text(args[i])
		if t == "" || t[0] == '-' {
			continue
		}
		kind, class := classify(t)
		switch {
		case strings.HasPrefix(t, "http-basic.") && i+2 < len(args):
			sc.given(sc.inner(args[i+2]), kindPassword)
			return
		case strings.HasPrefix(t, "github-oauth."), strings.HasPrefix(t, "gitlab-token."), strings.HasPrefix(t, "bearer."),
			strings.HasPrefix(t, "pypi-token."):
			sc.given(sc.inner(args[i+1]), kindToken)
			return
		}
		if class == notSecret || class == queryName || strings.ContainsAny(t, "=/") && !strings.Contains(t, ":_") {
			continue
		}
		x := sc.inner(args[i+1])
		if v := x.text(sc.s); tokenLike(v, 6) || class == strongName && len(v) >= 4 && v[0] != '-' && !isPlaceholder(v) {
			sc.given(x, kind)
			return
		}
	}
}

// storedSecret is the --value of aws ssm put-parameter --type SecureString and of az keyvault secret set.
func storedSecret(sc *scanner, args []word) {
	secure := false
	for i, w := range args {
		switch t := sc.text(w); {
		case t == "SecureString" || t == "keyvault":
			secure = true
		case (t == "--value" || t == "--secret-string") && i+1 < len(args) && (secure || t != "--value" || sc.has(args[i:], "SecureString")):
			sc.given(sc.inner(args[i+1]), kindSecret)
		}
	}
}

func (sc *scanner) has(words []word, text string) bool {
	for _, w := range words {
		if sc.text(w) == text {
			return true
		}
	}
	return false
}

// rcloneArguments are rclone obscure SECRET and config create … pass SECRET.
func rcloneArguments(sc *scanner, args []word) {
	if len(args) > 1 && sc.text(args[0]) == "obscure" {
		sc.given(sc.inner(args[1]), kindPassword)
		return
	}
	settings(sc, args)
}

// opensslPasswd is openssl passwd [options] PASSWORD.
func opensslPasswd(sc *scanner, args []word) {
	if len(args) < 2 || sc.text(args[0]) != "passwd" {
		return
	}
	for i, w := range args[1:] {
		if t := sc.text(w); t != "" && t[0] != '-' && sc.text(args[i]) != "-salt" && sc.text(args[i]) != "-in" {
			sc.given(sc.inner(w), kindPassword)
			return
		}
	}
}

// rarPassword is -hpPASSWORD of rar.
func rarPassword(sc *scanner, args []word) {
	for _, w := range args {
		x := sc.inner(w)
		if strings.HasPrefix(x.text(sc.s), "-hp") {
			sc.given(innerOf(sc.s, x.start+3, x.end), kindPassword)
		}
	}
}

// htpasswdArguments are htpasswd -b FILE USER PASSWORD and -nb USER PASSWORD.
func htpasswdArguments(sc *scanner, args []word) {
	batch := false
	for _, w := range args {
		if t := sc.text(w); len(t) > 1 && t[0] == '-' && t[1] != '-' && strings.IndexByte(t, 'b') > 0 {
			batch = true
		}
	}
	if rest := sc.plainArgs(args, false); batch && len(rest) >= 2 {
		sc.given(sc.inner(rest[len(rest)-1]), kindPassword)
	}
}

// pairAfter masks the password of name:password behind a subcommand.
func pairAfter(subcommand string) func(*scanner, []word) {
	return func(sc *scanner, args []word) {
		for i := 0; i+1 < len(args); i++ {
			if sc.text(args[i]) == subcommand {
				sc.argument(sc.inner(args[i+1]), afterColon, true)
			}
		}
	}
}

// secretsSet is fly secrets set NAME=VALUE…: whatever the names are, the values are secrets.
func secretsSet(sc *scanner, args []word) {
	if !sc.has(args[:min(len(args), 4)], "secrets") && !sc.has(args[:min(len(args), 4)], "secret") || !sc.has(args[:min(len(args), 6)], "set") {
		return
	}
	for _, w := range args {
		x := sc.inner(w)
		if n := strings.IndexByte(x.text(sc.s), '='); n > 0 && sc.s[x.start] != '-' {
			sc.given(innerOf(sc.s, x.start+n+1, x.end), kindSecret)
		}
	}
}

// ftpLogin is lftp -e "user NAME PASSWORD; …".
func ftpLogin(sc *scanner, args []word) {
	for i := 0; i+1 < len(args); i++ {
		if t := sc.text(args[i]); t != "-e" && t != "-c" {
			continue
		}
		x := sc.inner(args[i+1])
		fields := strings.Fields(x.text(sc.s))
		for j := 0; j+1 < len(fields); j++ {
			if n := strings.IndexByte(fields[j+1], ','); fields[j] == "-u" && n > 0 {
				v := strings.TrimRight(fields[j+1][n+1:], ";")
				at := x.start + strings.Index(x.text(sc.s), fields[j+1]) + n + 1
				sc.given(extent{start: at, end: at + len(v)}, kindPassword)
			}
			if fields[j] != "user" || j+2 >= len(fields) {
				continue
			}
			v := strings.TrimRight(fields[j+2], ";")
			at := x.start + strings.Index(x.text(sc.s), fields[j+1]+" ")
			at = skipBlank(sc.s, at+len(fields[j+1]))
			sc.given(extent{start: at, end: at + len(v)}, kindPassword)
		}
	}
}

// qpdfEncrypt is qpdf --encrypt USER-PASSWORD OWNER-PASSWORD BITS.
func qpdfEncrypt(sc *scanner, args []word) {
	for i := 0; i+3 < len(args); i++ {
		if sc.text(args[i]) == "--encrypt" {
			sc.given(sc.inner(args[i+1]), kindPassword)
			sc.given(sc.inner(args[i+2]), kindPassword)
		}
	}
}
