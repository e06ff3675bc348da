package redact

import "strings"

// radtestArguments are radtest USER PASSWORD SERVER PORT SECRET.
func radtestArguments(sc *scanner, args []word) {
	rest := sc.plainArgs(args, false)
	for _, i := range []int{1, 4} {
		if i < len(rest) {
			sc.given(sc.inner(rest[i]), kindPassword)
		}
	}
}

// mkpasswdArgument is the password of mkpasswd, which is no value of an option.
func mkpasswdArgument(sc *scanner, args []word) {
	for i, w := range args {
		t := sc.text(w)
		if t == "" || t[0] == '-' || i > 0 && sc.text(args[i-1]) != "-s" && strings.HasPrefix(sc.text(args[i-1]), "-") {
			continue
		}
		sc.given(sc.inner(w), kindPassword)
		return
	}
}

// sambaUser is samba-tool user create NAME PASSWORD.
func sambaUser(sc *scanner, args []word) {
	if len(args) == 0 || sc.text(args[0]) != "user" {
		return
	}
	if rest := sc.plainArgs(args[1:], false); len(rest) == 3 && (sc.text(rest[0]) == "create" || sc.text(rest[0]) == "add") {
		sc.given(sc.inner(rest[2]), kindPassword)
	}
}

// ipmiUser is ipmitool user set password ID PASSWORD.
func ipmiUser(sc *scanner, args []word) {
	for i := 0; i+2 < len(args); i++ {
		if sc.text(args[i]) == "password" && isNumber(sc.text(args[i+1])) {
			sc.given(sc.inner(args[i+2]), kindPassword)
		}
	}
}

// netUse is net use [drive] share password, and net user name password.
func netUse(sc *scanner, args []word) {
	if len(args) == 0 {
		return
	}
	sub := strings.ToLower(sc.text(args[0]))
	rest := sc.plainArgs(args[1:], true)
	switch sub {
	case "use":
		for _, w := range rest {
			t := sc.text(w)
			if t == "*" || strings.HasSuffix(t, ":") && len(t) <= 5 || t[0] == '\\' {
				continue
			}
			sc.given(sc.inner(w), kindPassword)
			return
		}
	case "user":
		if len(rest) > 1 {
			sc.given(sc.inner(rest[1]), kindPassword)
		}
	}
}

// registryValue is reg add KEY /v DefaultPassword /d PASSWORD.
func registryValue(sc *scanner, args []word) {
	named := false
	for i := 0; i+1 < len(args); i++ {
		switch strings.ToLower(sc.text(args[i])) {
		case "/v":
			_, class := classify(sc.text(args[i+1]))
			named = class == strongName
		case "/d":
			if named {
				sc.given(sc.inner(args[i+1]), kindPassword)
			}
		}
	}
}

// minioAlias is mc alias set NAME URL ACCESS-KEY SECRET-KEY.
func minioAlias(sc *scanner, args []word) {
	rest := sc.plainArgs(args, false)
	if len(rest) >= 6 && sc.text(rest[0]) == "alias" {
		sc.given(sc.inner(rest[5]), kindSecret)
	} else if len(rest) >= 6 && sc.text(rest[0]) == "config" {
		sc.given(sc.inner(rest[5]), kindSecret)
	}
}

// iscsiValue is iscsiadm … -n node.session.auth.password -v PASSWORD.
func iscsiValue(sc *scanner, args []word) {
	named := false
	for i := 0; i+1 < len(args); i++ {
		switch t := sc.text(args[i]); t {
		case "-n", "--name":
			_, class := classify(sc.text(args[i+1]))
			named = class != notSecret
		case "-v", "--value":
			if named {
				sc.given(sc.inner(args[i+1]), kindPassword)
			}
		}
	}
}

// bundleConfig is bundle config HOST user:password.
func bundleConfig(sc *scanner, args []word) {
	rest := sc.plainArgs(args, false)
	if n := len(rest); n > 1 && sc.text(rest[0]) == "config" && strings.IndexByte(sc.text(rest[n-2]), '.') > 0 {
		sc.argument(sc.inner(rest[n-1]), afterColon, true)
	}
}

// lastLikeToken masks the last plain argument if it is long enough for a key: oathtool --totp -b KEY.
func lastLikeToken(sc *scanner, args []word) {
	if rest := sc.plainArgs(args, false); len(rest) > 0 {
		if x := sc.inner(rest[len(rest)-1]); len(x.text(sc.s)) >= 16 && !isPath(x.text(sc.s)) {
			sc.given(x, kindSecret)
		}
	}
}

// secretBody is gh secret set NAME --body VALUE; other commands have bodies that are no secrets.
func secretBody(sc *scanner, args []word) {
	if len(args) > 0 && (sc.text(args[0]) == "secret" || sc.text(args[0]) == "variable") {
		for i, w := range args {
			if x := sc.inner(w); sc.text(w) == "--body" && i+1 < len(args) {
				sc.given(sc.inner(args[i+1]), kindSecret)
			} else if strings.HasPrefix(x.text(sc.s), "--body=") {
				sc.given(innerOf(sc.s, x.start+len("--body="), x.end), kindSecret)
			}
		}
	}
}
