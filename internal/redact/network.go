package redact

import "strings"

// Configuration of network equipment and of daemons that follow its style: words with blanks between them.

// community looks at the community strings of SNMP agents.
func (sc *scanner) community(at, end int) {
	i := skipBlank(sc.s, end)
	j := run(sc.s, i, func(c byte) bool { return c > ' ' })
	if lower(sc.s[at]) == 'c' { // com2sec NAME SOURCE COMMUNITY
		for n := 2; n > 0 && j < len(sc.s); n-- {
			if sc.s[i] == '-' {
				n++
				i = skipBlank(sc.s, j)
				j = run(sc.s, i, func(c byte) bool { return c > ' ' })
			}
			i = skipBlank(sc.s, j)
			j = run(sc.s, i, func(c byte) bool { return c > ' ' })
		}
	}
	if v := sc.s[i:j]; !commonWords[v] {
		sc.given(extent{start: i, end: j}, kindPassword)
	}
}

// typedPassword looks at the type of a password on network equipment: secret 5 …, password 7 …, key 0 ….
func (sc *scanner) typedPassword(st site, i int) bool {
	s := sc.s
	if at := skipForm(s, i); at > i {
		stop := run(s, at, func(c byte) bool { return c > ' ' && !isQuote(c) })
		if stop-at < 4 {
			return false
		}
		sc.given(innerOf(s, at, stop), st.kind)
		return true
	}
	if i+2 >= len(s) || !isDigit(s[i]) || s[i+1] != ' ' {
		return false
	}
	j := i + 2
	stop := run(s, j, func(c byte) bool { return c > ' ' })
	if v := s[j:stop]; len(v) < 4 || !strings.ContainsAny(v, "0123456789$") && s[i] != '0' {
		return false
	}
	sc.add(j, stop, st.kind, rankFormat)
	return true
}

// skipForm is the place behind the word that says in what form the secret at i is written, if one does: ENC of Fortinet, cipher and simple of
// Huawei and H3C, REG_SZ of Windows.
func skipForm(s string, i int) int {
	for _, form := range []string{"ENC ", "cipher ", "simple ", "irreversible-cipher ", "REG_SZ ", "REG_SZ\t", "encrypted ", "sha512 ", "sha256 "} {
		if strings.HasPrefix(s[i:], form) {
			return skipBlank(s, i+len(form))
		}
	}
	return i
}

// deviceLine looks at a directive that begins a line of a device's configuration: the word after secret, key or the like is one.
func (sc *scanner) deviceLine(at, end int) {
	s := sc.s
	if !sc.firstInLine(at) {
		return
	}
	stop := sc.lineStop(end)
	secret := false
	for i, n := skipBlank(s, end), 0; i < stop && n < 16; n++ {
		j := run(s[:stop], i, func(c byte) bool { return c > ' ' })
		w := strings.ToLower(s[i:j])
		switch {
		case !secret:
			secret = deviceSecrets[w]
		case deviceForms[w] || len(w) == 1 && isDigit(w[0]):
		case deviceSecrets[w]: // key-string 7, authentication-key md5
		default:
			if x := innerOf(s, i, j); x.end-x.start >= 4 && !commonWords[w] {
				sc.given(x, kindPassword)
			}
			return
		}
		i = skipBlank(s[:stop], j)
	}
}

// deviceLines are the first words of such directives.
var deviceLines = []string{"username ", "enable ", "neighbor ", "tacacs-server ", "radius-server ", "tacacs server ", "radius server ", "ip ospf ",
	"ip rip ", "isis ", "ntp authentication-key ", "crypto isakmp ", "set system ", "set security ", "set protocols ", "set snmp ", "set user ", "standby ",
	"vrrp ", "key-string ", "pre-shared-key ", "area ", "set vpn ", "set service ", "set interfaces ", "wpa-psk ", "server-private ", "/user add ", "/ppp secret ", "set psksecret ", "set passwd ", "set password ", "set auth-pwd ", "set secret ", "set passphrase ", "set authpasswd ", "set privpasswd ", "authentication-mode "}

// deviceSecrets are the words of a directive that a secret follows.
var deviceSecrets = set("secret", "password", "key", "key-string", "md5", "message-digest", "pre-shared-key", "plain-text-password-value", "encrypted-password",
	"plaintext-password", "authentication-key", "auth-key", "ascii-text", "hexadecimal", "ascii", "wpa-psk", "passphrase", "authentication-string", "shared-secret",
	"simple-password", "pre-shared-secret", "psksecret", "passwd", "auth-pwd", "authpasswd", "privpasswd", "irreversible-cipher", "privacy-password", "authentication-password")

// deviceForms are the words that may stand between the two: in what form it is written.
var deviceForms = set("encrypted", "plaintext", "cleartext", "text", "hash", "sha", "sha256", "hmac-sha-256", "md5", "level", "enc", "cipher", "simple", "irreversible-cipher", "0", "5", "7", "8", "9", "15", "address")

// snmpUser is createUser NAME [MD5|SHA] PASSPHRASE [DES|AES] PASSPHRASE of snmpd.conf(5).
func (sc *scanner) snmpUser(at, end int) {
	s := sc.s
	if !sc.firstInLine(at) {
		return
	}
	stop := sc.lineStop(end)
	expects := false
	for i, n := skipBlank(s, end), 0; i < stop && n < 12; n++ {
		j := run(s[:stop], i, func(c byte) bool { return c > ' ' })
		w := strings.ToLower(s[i:j])
		switch {
		case n > 0 && (w == "md5" || w == "des" || strings.HasPrefix(w, "sha") || strings.HasPrefix(w, "aes")):
			expects = true
		case expects && isNumber(w) && len(w) <= 3: // aes 128
		case expects && w != "-m" && w != "-l":
			sc.given(innerOf(s, i, j), kindPassword)
			expects = false
		}
		i = skipBlank(s[:stop], j)
	}
}

// sharedKey looks at the key behind pre-shared-key and the words for its form.
func (sc *scanner) sharedKey(at, end int) {
	s := sc.s
	if at > 0 && !isBlank(s[at-1]) && s[at-1] != '\n' {
		return
	}
	stop := sc.lineStop(end)
	for i, n := skipBlank(s, end), 0; i < stop && n < 6; n++ {
		j := run(s[:stop], i, func(c byte) bool { return c > ' ' })
		if w := strings.ToLower(s[i:j]); !deviceSecrets[w] && !deviceForms[w] && w != "local" && w != "remote" {
			if x := innerOf(s, i, j); !commonWords[w] && j-i >= 4 {
				sc.given(x, kindPassword)
			}
			return
		}
		i = skipBlank(s[:stop], j)
	}
}

// chapSecret looks at client * "secret" * of pppd(8).
func (sc *scanner) chapSecret(_, end int) {
	s := sc.s
	x, ok := quoted(s, end-1)
	if rest := strings.TrimSpace(s[min(x.next, len(s)):sc.lineStop(end)]); ok && !x.open && (rest == "*" || rest == "" || isDigit(rest[0])) && sc.lineStart && x.end-x.start >= 4 {
		sc.given(x, kindPassword)
	}
}

// secondWord masks the second word behind the directive: sentinel auth-pass MASTER PASSWORD.
func (sc *scanner) secondWord(_, end int) {
	s := sc.s
	i := skipBlank(s, run(s, skipBlank(s, end), func(c byte) bool { return c > ' ' }))
	j := run(s, i, func(c byte) bool { return c > ' ' })
	sc.given(innerOf(s, i, j), kindPassword)
}

func networkRules() []rule {
	return []rule{
		{literals: []string{"snmp-server community ", "rocommunity ", "rwcommunity ", "rocommunity6 ", "rwcommunity6 ", "com2sec "},
			find: (*scanner).community},
		{literals: []string{"createuser ", "snmp-server user "}, find: (*scanner).snmpUser},
		{literals: []string{` * "`}, find: (*scanner).chapSecret},
		{literals: []string{"sentinel auth-pass "}, find: (*scanner).secondWord},
		{literals: []string{"pre-shared-key "}, find: (*scanner).sharedKey},
		{literals: []string{"wireless_wpa string ", "wireless_wep string ", "static:"}, find: func(sc *scanner, at, end int) {
			i := skipBlank(sc.s, end)
			j := run(sc.s, i, func(c byte) bool { return c > ' ' && !isQuote(c) })
			if sc.s[end-1] == ':' { // static:user:password of Postfix
				n := strings.IndexByte(sc.s[i:j], ':')
				if n < 0 || !strong(sc.s[i+n+1:j]) {
					return
				}
				i += n + 1
			}
			sc.given(innerOf(sc.s, i, j), kindPassword)
		}},
		{literals: []string{" l2tpd ", " pptpd ", " pppoe "}, find: func(sc *scanner, at, end int) {
			i := skipBlank(sc.s, end)
			j := run(sc.s, i, func(c byte) bool { return c > ' ' })
			if x := innerOf(sc.s, i, j); byteAt(sc.s, skipBlank(sc.s, j)) == '*' && !isPath(x.text(sc.s)) {
				sc.given(x, kindPassword)
			}
		}},
		{literals: deviceLines, find: (*scanner).deviceLine},
	}
}
