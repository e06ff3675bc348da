package assess

import (
	"path"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// procRoot is the way into the same files through another process (proc(5)).
var procRoot = lazyregexp.New(`^(/proc/[^/]+/(root|cwd))+`)

// sensitivePath reports whether a file holds keys, passwords, tokens or the environment of a process.
func sensitivePath(p string) bool {
	if rest := procRoot.ReplaceAllString(p, ""); rest != p {
		p = "/" + strings.TrimPrefix(rest, "/")
	}
	if strings.HasSuffix(p, ".pub") || strings.HasSuffix(p, "known_hosts") || exampleFiles.MatchString(p) {
		return false
	}
	name := path.Base(p)
	if name == "key" && strings.HasSuffix(path.Dir(p), ".tree") {
		return true // an audit log's signing key, wherever AUDIT_PATH lies
	}
	for _, pattern := range secretFiles {
		target := name
		if strings.Contains(pattern, "/") {
			target = p
			if strings.HasPrefix(pattern, "~/") {
				rest, ok := strings.CutPrefix(p, home)
				if !ok {
					if rest, ok = homeOf(p); ok {
						rest = "/" + rest
					}
				}
				if !ok && !strings.HasPrefix(p, "/") {
					rest, ok = "/"+p, true // relative to an unknown directory, which may be the home directory
				}
				if !ok {
					continue
				}
				target, pattern = rest, pattern[1:]
			}
		}
		if matchTail(pattern, target) {
			return true
		}
	}
	return false
}

// matchTail matches a pattern of which a "/**" at the end stands for everything below.
func matchTail(pattern, p string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/**"); ok {
		for p != "/" && p != "." && p != "" {
			if ok, _ := path.Match(dir, p); ok {
				return true
			}
			p = path.Dir(p)
		}
		return false
	}
	if strings.Contains(p, unk) || strings.ContainsAny(p, "*?[") { // a glob reads what it can match
		return pattern == p || globsOverlap(pattern, p)
	}
	ok, _ := path.Match(pattern, p)
	return ok
}

// globsOverlap reports whether two patterns can name the same file. What is fixed in front of both, or behind, has to say something: a
// bare * or a word that is not known at all is no hint of a secret.
func globsOverlap(a, b string) bool {
	i, j := strings.IndexAny(a, "*?["), strings.IndexAny(b, "*?["+unk)
	if i < 0 {
		i = len(a)
	}
	if j < 0 {
		j = len(b)
	}
	n := min(i, j)
	tail := commonTail(a[i:], b[j:])
	vague := strings.Trim(a[:n], "/.") == "" && !strings.HasPrefix(path.Base(a[:n]+"x"), ".")
	if a[:n] != b[:n] || tail < 0 || vague && tail < 4 {
		return false
	}
	if last := path.Base(b); strings.HasPrefix(last, "*.") && strings.HasSuffix(a, "*") {
		return false // *.conf is about an extension that such a file need not have
	}
	return overlap(a[n:], b[n:], maxOverlap)
}

// maxOverlap bounds the steps of overlap; beyond it two patterns count as overlapping.
const maxOverlap = 2000

// overlap compares patterns element by element. A * stays within a directory, what is not known does not.
func overlap(a, b string, budget int) bool {
	steps := budget
	var meet func(a, b string) bool
	meet = func(a, b string) bool {
		if steps--; steps < 0 {
			return true
		}
		if a == "" && b == "" {
			return true
		}
		for _, s := range [2][2]string{{a, b}, {b, a}} {
			if s[0] == "" {
				continue
			}
			if wild := s[0][:1]; wild == "*" || wild == unk {
				if meet(s[0][1:], s[1]) {
					return true
				}
				return s[1] != "" && (wild == unk || s[1][0] != '/') && meet(s[0], s[1][element(s[1]):])
			}
		}
		if a == "" || b == "" {
			return false
		}
		na, nb := element(a), element(b)
		free := a[0] == '?' || a[0] == '[' || b[0] == '?' || b[0] == '['
		return (free || a[:na] == b[:nb]) && meet(a[na:], b[nb:])
	}
	return meet(a, b)
}

// element is the length of a pattern's first element.
func element(s string) int {
	if s[0] == '[' {
		if i := strings.IndexByte(s, ']'); i > 0 {
			return i + 1
		}
	}
	return 1
}

// commonTail is how many bytes behind the last wildcards of two patterns are the same, and -1 if they cannot be.
func commonTail(a, b string) int {
	a, b = a[strings.LastIndexAny(a, "*?]"+unk)+1:], b[strings.LastIndexAny(b, "*?]"+unk)+1:]
	n := min(len(a), len(b))
	if a[len(a)-n:] != b[len(b)-n:] {
		return -1
	}
	return n
}

// secretFiles are names, and paths where the name alone says nothing.
var secretFiles = []string{
	"/etc/shadow*", "/etc/gshadow*", "/etc/master.passwd", "/etc/spwd.db", "/etc/security/opasswd", "/etc/sudoers.d/**", "/etc/ssl/private", "/etc/ssl/private/**", "/etc/pki/tls/private/**", "/etc/letsencrypt/live/*/privkey*", "/etc/letsencrypt/archive/*/privkey*",
	"/etc/letsencrypt/accounts/**", "/etc/ssh/ssh_host_*_key", "/etc/wireguard/**", "/etc/ipsec.secrets", "/etc/ipsec.d/private/**", "/etc/openvpn/*.key", "/etc/krb5.keytab", "/etc/kubernetes/*.conf", "/etc/kubernetes/pki/**", "/etc/rancher/k3s/k3s.yaml",
	"/etc/NetworkManager/system-connections/**", "/etc/wpa_supplicant/*.conf", "/etc/mysql/debian.cnf", "/etc/ppp/*-secrets", "/etc/postfix/sasl_passwd*", "/etc/exim4/passwd.client", "/etc/fstab.secrets", "/etc/samba/private/**", "/var/lib/samba/private/**",
	"/var/lib/docker/swarm/**", "/var/lib/sss/secrets/**", "/var/lib/kubelet/pki/**", "/etc/vault*/**", "/etc/grafana/grafana.ini", "/etc/pve/priv/**", "/etc/shadow.d/**",
	"/proc/*/environ", "/proc/*/mem", "/proc/*/task/*/environ", "/proc/*/task/*/mem", "/proc/kcore", "/dev/mem", "/dev/kmem", "/run/secrets/**", "/var/run/secrets/**", "/etc/machine-secret*", "/etc/credstore*/**", "/run/credentials/**",
	"~/.ssh/id_*", "~/.ssh/*_key", "~/.ssh/*.pem", "~/.ssh/*_rsa", "~/.ssh/*_ed25519", "~/.ssh/*_ecdsa", "~/.ssh/identity", "~/.ssh", "~/.ssh/*.key",
	"~/.aws", "~/.aws/credentials", "~/.aws/cli/cache/**", "~/.aws/sso/cache/**", "~/.azure/**", "~/.config/gcloud/**", "~/.kube/config", "~/.kube/cache/**", "~/.docker/config.json", "~/.gnupg/**", "~/.gnupg", "~/.password-store/**", "~/.config/gh/hosts.yml", "~/.config/op/**",
	"~/.vault-token", "~/.terraform.d/credentials.tfrc.json", "~/.cargo/credentials*", "~/.config/hub", "~/.config/rclone/rclone.conf", "~/.s3cfg", "~/.boto", "~/.mozilla/**", "~/.config/google-chrome/**", "~/.local/share/keyrings/**", "~/.config/doctl/config.yaml", "~/.config/hcloud/cli.toml",
	"~/.m2/settings.xml", "~/.gradle/gradle.properties", "~/.databricks*", "~/.snowflake/**", "~/.ansible/vault*", "~/Library/Keychains/**", "~/.config/sops/**", "~/.oci/**", "~/.config/flyctl/**",
	".*_history", ".histfile", ".lesshst", ".viminfo", "/var/lib/rancher/*/server/*token", "/var/lib/rancher/*/server/tls/**", ".netrc", "_netrc", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".git-credentials", ".npmrc", ".pypirc", ".htpasswd", ".env", ".env.*", "*.env", ".envrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk",
	"*.pem.key", "*.key", "*-key.pem", "*_key.pem", "privkey*.pem", "private*.pem", "server.pem.key", "*.ppk", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.kdb", "*.keytab", "*.asc.key", "*.gpg.key", "*.agekey", "keys.txt.age", "terraform.tfstate*", "*.tfvars",
	"credentials.json", "service-account*.json", "service_account*.json", "client_secret*.json", "secrets.y*ml", "secrets.json", "secret.y*ml", "secrets.env", "secrets.toml", "vault-password*", ".vault_pass*", ".vault-pass*", "vault_pass*", "wp-config.php", "master.key", "credentials.yml*", "database.yml", "kubeconfig*", "*.kubeconfig", "admin.conf",
	"shadow.bak", "shadow-", "shadow.*", "key.pem", "private-key*", "private_key*", "rclone.conf", ".s3cfg", ".dockercfg", ".boto", "tokens.json", "token.json", "*.ovpn", "NTDS.dit", "ntds.dit", "unattend.xml", "web.config",
}

// exampleFiles look like secrets and hold none.
var exampleFiles = lazyregexp.New(`\.(example|sample|template|dist|tmpl|default)$`)

var secretNames = lazyregexp.New(`(?i)(secret|passw(or)?d|passwd|token|api_?key|access_?key|private_?key|credential|auth_?key|_pass$|_pwd$|^pgpassword$|^mysql_pwd$)`)

// secretName reports whether a variable's name says that it holds a secret.
func secretName(name string) bool { return secretNames.MatchString(name) }

var metadata = lazyregexp.New(`(?i)169\.254\.169\.254|169\.254\.170\.2|metadata\.google\.internal|fd00:ec2::254|100\.100\.100\.200|metadata\.azure`)

// sensitiveURL reports whether an address hands out the credentials of a cloud machine.
func sensitiveURL(s string) bool { return metadata.MatchString(s) }
