package redact

import "strings"

// What some commands print is a secret and nothing else: cat /run/secrets/db_password, wg genkey, echo $API_TOKEN. A recording of a terminal has
// the command in one line and the secret in the next.

// printer looks at the beginning of such a command, at the start of a line or behind a prompt.
func (sc *scanner) printer(at, end int) {
	s := sc.s
	if !sc.atPrompt(at) {
		return
	}
	stop := sc.lineStop(end)
	if stop-at > 512 || strings.IndexByte(s[at:stop], atom) >= 0 || strings.ContainsAny(s[at:stop], "<>") {
		return
	}
	if prints(strings.ToLower(s[at:stop]), s[at:stop]) {
		sc.expectNext(expectPrinted, site{kind: kindSecret})
	}
}

// atPrompt tells whether a command may begin at i: at the start of a line, or behind the end of a prompt.
func (sc *scanner) atPrompt(i int) bool {
	if sc.firstInLine(i) {
		return true
	}
	head := strings.TrimSuffix(sc.s[max(0, i-256):i], "sudo ")
	if len(head) < 2 || head[len(head)-1] != ' ' {
		return false
	}
	return strings.IndexByte("$#>%", head[len(head)-2]) >= 0 || strings.HasSuffix(head, "❯ ") || strings.HasSuffix(head, "➜ ")
}

// prints tells whether the command line prints one secret. lower is the line in lower case.
func prints(lower, line string) bool {
	words := strings.Fields(lower)
	last := strings.Trim(words[len(words)-1], `"'`)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if !strings.Contains(lower, p) {
				return false
			}
		}
		return true
	}
	switch words[0] {
	case "cat", "head", "tail", "less", "more", "type":
		return len(words) > 1 && secretFile(last) && !strings.ContainsAny(lower, "|*")
	case "echo", "printenv", "printf":
		name := strings.Trim(last, `"${}'`)
		_, class := classify(strings.Trim(line[len(line)-min(len(line), len(last)+4):], ` "${}'`))
		return len(words) == 2 && name != "" && (words[0] != "echo" || strings.Contains(last, "$")) && (class == strongName || class == tokenName || class == mediumName && len(name) > 4)
	case "wg":
		return len(words) == 2 && (last == "genkey" || last == "genpsk")
	case "pwgen", "apg", "makepasswd", "mkpwd", "diceware", "xkcdpass":
		return !has("--help")
	case "openssl":
		return len(words) > 1 && words[1] == "rand" && !has("-out ")
	case "terraform", "tofu":
		if !has("output", "-raw") {
			return false
		}
		_, class := classify(last)
		return class != notSecret && class != queryName
	}
	if has("base64 -d") || has("base64 --decode") {
		return has("secret")
	}
	for _, p := range printers {
		if strings.HasPrefix(lower, p[0]) && (len(p) == 1 || has(p[1:]...)) {
			return !strings.ContainsAny(lower, "|")
		}
	}
	return false
}

// printers are how command lines begin that print a secret alone, and what else must stand in them.
var printers = [][]string{
	{"vault kv get", "-field"}, {"vault read", "-field"}, {"vault print token"}, {"vault token create", "-field"}, {"bao kv get", "-field"},
	{"pass show "}, {"gopass show -o "}, {"gopass show --password"}, {"op read "}, {"op item get", "--fields", "password"}, {"bw get password"}, {"bw get totp"}, {"rbw get "}, {"lpass show", "--password"},
	{"aws secretsmanager get-secret-value", "--output text"}, {"aws ssm get-parameter", "--with-decryption", "--output text"}, {"aws ecr get-login-password"}, {"aws rds generate-db-auth-token"},
	{"gcloud secrets versions access"}, {"gcloud auth print-"}, {"gcloud auth application-default print-"},
	{"az keyvault secret show", "-o tsv"}, {"az keyvault secret show", "--output tsv"}, {"az account get-access-token", "tsv"}, {"az acr login", "--expose-token"},
	{"gh auth token"}, {"glab auth token"}, {"heroku auth:token"}, {"flyctl auth token"}, {"fly auth token"}, {"doppler secrets get", "--plain"}, {"infisical secrets get", "--plain"}, {"chamber read", "-q"},
	{"kubectl create token"}, {"kubeadm token create"}, {"kubeadm certs certificate-key"}, {"oc whoami -t"}, {"oc whoami --show-token"}, {"headscale preauthkeys create"}, {"headscale apikeys create"}, {"k3s token create"},
	{"docker swarm join-token -q"}, {"docker swarm unlock-key -q"}, {"security find-generic-password", "-w"}, {"security find-internet-password", "-w"}, {"secret-tool lookup"}, {"keyring get"},
	{"gpg -d "}, {"gpg -qd "}, {"gpg --decrypt "}, {"gpg --quiet --decrypt "}, {"sops -d --extract"}, {"sops decrypt --extract"}, {"age -d "}, {"rclone reveal"}, {"ansible-vault view"},
	{"consul keygen"}, {"nomad operator gossip keyring generate"}, {"dotnet user-jwts create"}, {"php artisan key:generate --show"}, {"rails secret"}, {"rake secret"}, {"uuidgen -secret"},
	{"mkpasswd -m"}, {"ceph auth get-key"}, {"ceph auth print-key"}, {"argocd admin initial-password"}, {"tctl tokens add"}, {"influx auth create"},
}

func printerRules() []rule {
	seen := map[string]bool{}
	var literals []string
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			literals = append(literals, w)
		}
	}
	for _, w := range []string{"cat ", "head ", "tail ", "printenv ", "echo ", "wg gen", "pwgen", "apg ", "makepasswd", "openssl rand", "terraform output", "tofu output", "kubectl get secret", "kubectl -n"} {
		add(w)
	}
	for _, p := range printers {
		add(p[0])
	}
	return []rule{{literals: literals, find: (*scanner).printer}}
}

// printed masks a line that is one word, behind a command that prints a secret.
func (sc *scanner) printed(i int) {
	s := sc.s
	stop := sc.lineStop(i)
	v := s[i:stop]
	if len(v) < 6 || strings.ContainsAny(v, " \t") || v[0] == '<' || isPath(v) || isPlaceholder(v) || strings.HasSuffix(v, ":") || isPlainWord(v) && !isRandomCaps(v) && len(v) < 12 {
		return
	}
	sc.given(innerOf(s, i, stop), kindSecret)
}

// isRandomCaps tells whether v is nothing but capitals, as cookies of Erlang are.
func isRandomCaps(v string) bool { return len(v) >= 16 && isAllCaps(v) }
