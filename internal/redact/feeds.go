package redact

import "strings"

// What a command reads on its standard input may be a password: echo … | sudo -S, chpasswd <<< …, a here-document.

// appetite is what a command wants on its standard input.
type appetite uint8

const (
	nothingSecret appetite = iota
	wantsSecret            // a password, a token, a key
	wantsPairs             // lines of user:password
)

// stdinOptions are options that make a program read a secret from its standard input.
var stdinOptions = set("--password-stdin", "--passphrase-fd", "--with-token", "--password-fd", "--pass-stdin", "--token-stdin",
	"--stdin-password", "--passphrase-stdin", "--pw-stdin", "--stdin-pass", "--password=-", "--token=-", "--key-file=-",
	"--password-file=-", "--password-file=/dev/stdin", "--password=stdin", "--secret-stdin", "--from-stdin-password",
	"--api-key-stdin", "--auth-token-stdin", "--set-password", "--passwd-on-stdin")

// secretReaders are programs that read a secret on their standard input, and the argument that makes them do it ("" for
// always).
var secretReaders = map[string]string{
	"passwd": "", "smbpasswd": "", "pdbedit": "", "cryptsetup": "", "kinit": "", "kadmin": "", "vncpasswd": "", "su": "",
	"htpasswd": "-i", "ecryptfs-add-passphrase": "", "saslpasswd2": "", "secret-tool": "store", "systemd-creds": "encrypt",
	"systemd-ask-password": "", "grub-mkpasswd-pbkdf2": "", "mkpasswd": "-", "wpa_passphrase": "", "gh": "secret",
	"docker": "secret", "podman": "secret", "wrangler": "secret", "vercel": "env", "fly": "secrets", "flyctl": "secrets", "gcloud": "secrets",
	"keyctl": "padd", "pass": "insert", "gopass": "insert", "realm": "join", "adcli": "join", "openconnect": "", "vault": "login",
	"ansible-vault": "encrypt_string", "sshfs": "password_stdin", "gpg": "--passphrase-fd", "gpg2": "--passphrase-fd", "luksformat": "",
	"sshpass": "-d", "cifscreds": "add", "read": "-s", "htdigest": "", "p4": "login", "snx": "", "occ": "user:", "ipa": "user-", "trino": "--password", "hcloud": "context", "gem": "push", "mount": "davfs", "bteq": "", "kubeseal": "--raw", "zfs": "load-key", "kpasswd": "", "ldappasswd": "-", "wg": "pubkey", "mosquitto_passwd": "", "openssl": "stdin",
}

// wants tells what the command of words reads.
func (sc *scanner) wants(words []word) appetite {
	for i, w := range words {
		t := sc.text(w)
		if stdinOptions[t] || strings.HasPrefix(t, "--passphrase-fd=") {
			return wantsSecret
		}
		if sc.readsInto(t) {
			return wantsSecret
		}
		name := baseName(t)
		switch name {
		case "chpasswd", "chgpasswd", "newusers":
			return wantsPairs
		case "sudo", "doas":
			for _, a := range words[i+1 : min(len(words), i+6)] {
				o := sc.text(a)
				if o == "--stdin" || len(o) > 1 && o[0] == '-' && o[1] != '-' && strings.IndexByte(o, 'S') > 0 {
					return wantsSecret
				}
			}
			continue
		}
		need, ok := secretReaders[name]
		if !ok || i > 0 && !sc.runs(words[:i]) {
			continue
		}
		if need == "" {
			return wantsSecret
		}
		for _, a := range words[i+1:] {
			if o := sc.text(a); o == need || need == "-" && (o == "-s" || o == "--stdin" || o == "-S") ||
				len(need) == 2 && len(o) > 1 && o[0] == '-' && o[1] != '-' && strings.IndexByte(o, need[1]) > 0 ||
				need == "stdin" && (o == "stdin" || o == "-stdin" || o == "fd:0") || need == "password_stdin" && strings.Contains(o, need) ||
				len(need) > 4 && (need[len(need)-1] == ':' || need[len(need)-1] == '-') && strings.HasPrefix(o, need) {
				return wantsSecret
			}
		}
	}
	return nothingSecret
}

// readsInto tells whether an argument says that the value of a secret's name is on the standard input: password=-, password=/dev/stdin.
func (sc *scanner) readsInto(t string) bool {
	name, ok := strings.CutSuffix(t, "=-")
	if !ok {
		if name, ok = strings.CutSuffix(t, "=/dev/stdin"); !ok {
			return false
		}
	}
	name = name[strings.LastIndexByte(name, '=')+1:]
	_, class := classify(name)
	return len(name) <= maxName && (class == strongName || class == mediumName || class == tokenName)
}

// runs tells whether words are a prefix that runs another command.
func (sc *scanner) runs(words []word) bool {
	first := baseName(sc.text(words[0]))
	switch first {
	case "sudo", "doas", "env", "time", "nice", "ssh", "docker", "podman", "kubectl", "nsenter", "chroot", "su", "xargs", "timeout",
		"exec", "command", "lxc", "pct", "sshpass":
		return true
	}
	return strings.Contains(first, "=")
}

// feed looks at echo and printf: if a pipe leads from them to a command that reads a secret, their arguments are one.
func (sc *scanner) feed(at, end int) {
	s := sc.s
	in := sc.quotesTo(at)
	if at < sc.fed[in.n] || isNameByte(byteAt(s, at-1)) {
		return
	}
	cmd := sc.command(at, in)
	sc.fed[in.n] = cmd.end
	group := s[:at]
	group = strings.TrimRight(group, " \t")
	open := strings.HasSuffix(group, "(") || strings.HasSuffix(group, "{") || len(sc.pendingFeeds) > 0
	stop, next := cmd.stop, cmd.end
	for stop == ')' || stop == '}' {
		next = skipWordBreak(s, next+1, in)
		stop = 0
		if next < len(s) {
			stop = commandStop(s, next, in)
		}
	}
	if stop == ';' || stop == '&' && byteAt(s, next+1) == '&' {
		if open && len(sc.pendingFeeds) < 16 {
			sc.pendingFeeds = append(sc.pendingFeeds, cmd.words)
		}
		return
	}
	if sc.namedFormat(cmd.words) {
		return
	}
	if sc.handedTo(at, in) {
		sc.fedWords(cmd.words, wantsSecret)
		return
	}
	pending := sc.pendingFeeds
	sc.pendingFeeds = nil
	if stop == '>' {
		sc.writtenTo(cmd.words, next+1, in)
	}
	if stop != '|' || byteAt(s, next+1) == '|' {
		return
	}
	consumer := sc.command(next+1, in)
	for range 4 { // yes … | head -2 | passwd
		if len(consumer.words) == 0 || !filters[baseName(sc.text(consumer.words[0]))] || consumer.stop != '|' {
			break
		}
		consumer = sc.command(consumer.end+1, in)
	}
	want := sc.wants(consumer.words)
	if want == nothingSecret {
		want = sc.encodes(consumer.words, cmd.words)
	}
	if want == nothingSecret {
		return
	}
	for _, words := range append(pending, cmd.words) {
		sc.fedWords(words, want)
	}
}

// handedTo tells whether the command at i writes what an option of another takes for a secret: the file <(…) in --password-file=<(echo …),
// or the whole command in --password-command "echo …".
func (sc *scanner) handedTo(i int, in nesting) bool {
	head := sc.s[max(0, i-64):i]
	if n := strings.LastIndexByte(head, '\n'); n >= 0 {
		head = head[n+1:]
	}
	switch t := strings.TrimRight(head, " \t"); {
	case strings.HasSuffix(t, "<(") || strings.HasSuffix(t, "=("):
		head = t[:len(t)-2]
	case in.n > 0:
		head = strings.TrimRight(head, "\\\"'")
	case strings.HasSuffix(head, "="): // PASSCOMMAND=echo …
	default:
		return false
	}
	head = strings.TrimRight(head, " \t=:")
	name := strings.TrimLeft(head[strings.LastIndexAny(head, " \t\"'(;")+1:], "-")
	name = strings.ToLower(name)
	for _, suffix := range []string{"command", "eval", "cmd", "file", "fd", "_", "-"} {
		name = strings.TrimSuffix(name, suffix)
	}
	if name == "auth-user-pass" || name == "credential.helper" {
		return true
	}
	if name == "key" || strings.HasSuffix(head, "<") && sc.wants(sc.command(max(0, i-64)+strings.LastIndexByte(sc.s[max(0, i-64):i], '\n')+1, in).words) != nothingSecret {
		return true // --key-file=<(…); sudo -S … < <(…)
	}
	_, class := classify(name)
	return class == strongName || class == mediumName || class == tokenName
}

// fedBy looks at what follows a command: a here-string or a here-document may feed it a secret.
func (sc *scanner) fedBy(cmd commandWords) {
	s := sc.s
	if cmd.stop != '<' || !strings.HasPrefix(s[cmd.end:], "<<") {
		return
	}
	want := sc.wants(cmd.words)
	if want == nothingSecret {
		return
	}
	in := sc.quotesTo(cmd.end)
	i := cmd.end + 2
	if byteAt(s, i) == '<' {
		i = skipBlank(s, i+1)
		x := innerOf(s, i, wordEnd(s, i, in))
		if want == wantsPairs {
			sc.pairsIn(x)
		} else {
			sc.given(x, kindPassword)
		}
		return
	}
	if byteAt(s, i) == '-' {
		i++
	}
	i = skipBlank(s, i)
	sc.heredoc(i, in, want == wantsPairs)
}

// heredocPipe looks at cat <<EOF | chpasswd.
func (sc *scanner) heredocPipe(at, end int) {
	s := sc.s
	i := end
	if byteAt(s, i) == '<' || byteAt(s, at-1) == '<' {
		return
	}
	if byteAt(s, i) == '-' {
		i++
	}
	in := sc.quotesTo(at)
	i = skipBlank(s, i)
	j := skipWordBreak(s, wordEnd(s, i, in), in)
	if byteAt(s, j) != '|' {
		return
	}
	if want := sc.wants(sc.command(j+1, in).words); want != nothingSecret {
		sc.heredoc(i, in, want == wantsPairs)
	}
}
