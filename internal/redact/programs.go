package redact

import (
	"strings"
	"sync"
)

// valueShape says where in an option's value the secret stands.
type valueShape uint8

const (
	whole        valueShape = iota
	afterColon              // user:password
	afterPercent            // user%password
	afterComma              // user,password
	afterEquals             // name=secret
	passSource              // pass:password, as openssl has it; env:, file: and the like name a source
	cookieShape             // name=value; name=value
	community               // an SNMP community: public is none

	separate     valueShape = 0x20 // the value is a word of its own: -k X
	attached     valueShape = 0x40 // the value stands in the same word only: -pX
	isTokenShape valueShape = 0x80 // the secret is a token
)

// program is what is known of a program that takes secrets as arguments. Options whose names say what they are, such as
// --password, need no entry: they are found by name.
type program struct {
	short      map[byte]valueShape
	long       map[string]valueShape
	positional func(sc *scanner, args []word)
	// only are subcommands one of which must be there for the options to mean this.
	only map[string]bool
	// cluster means that short options may be joined: -su user:pass. takes are the letters that end a cluster because
	// they take a value that is no secret.
	cluster bool
	takes   string
	// joined means that a value is often written right behind its short option, even if it is a word.
	joined bool
	// holds means that names of programs may occur among the arguments without being run.
	holds bool
	// wraps means that it runs the command that its arguments are.
	wraps bool
}

// runs tells whether words[i], the name of a program among p's arguments, is run.
func (p *program) runs(sc *scanner, words []word, i int) bool {
	before := sc.text(words[i-1])
	return p.wraps || before == "--" || !p.holds && !strings.HasPrefix(before, "-")
}

// row is an entry of the table: names, short options, long options, the rest.
type row struct {
	names string
	opts  string // "p" short option; "p+" attached only; "u:" user:password; "U%" user%password; "u," user,password; "=name:" long
	prog  program
}

// table lists the programs by what they are for. Sources: their manual pages.
var table = []row{
	// databases
	{"mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlbinlog mysqlpump mysqlsh mysql_upgrade mariadb " +
		"mariadb-dump mariadb-admin mariadb-import mariadb-check mariadb-show mariadb-binlog mycli mydumper myloader xtrabackup " +
		"mariabackup innobackupex", "p+", program{positional: mysqlPassword}},
	{"mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles", "p", program{}},
	{"redis-cli valkey-cli keydb-cli", "a =--pass", program{positional: keywords("auth", "requirepass", "masterauth")}},
	{"sqlplus sqlldr expdp impdp rman sqlcl", "", program{positional: oracleLogon}},
	{"sqlcmd bcp osql tsql freebcp sqsh defncopy", "P", program{}},
	{"cqlsh cypher-shell couchbase-cli cbimport cbexport cbbackupmgr hdbsql beeline influx ksql arangosh iredis", "p", program{}},
	{"vsql", "w", program{}},
	{"nzsql", "=-pw", program{}},
	{"db2", "", program{positional: keywords("using")}},
	{"etcdctl", "=--user:", program{}},
	{"rabbitmqctl", "", program{positional: lastAfter("add_user", "change_password", "authenticate_user")}},
	{"rabbitmqadmin", "p", program{}},
	{"mosquitto_pub mosquitto_sub mosquitto_rr", "P", program{}},
	{"mqtt", "=-pw", program{}},
	{"radtest", "", program{positional: radtestArguments}},
	// remote shells and copying
	{"sshpass", "p", program{joined: true}},
	{"plink pscp psftp putty pterm kitty klink", "=-pw", program{}},
	{"lftp", "u,", program{}},
	{"ncftp ncftpput ncftpget ncftpls", "p", program{}},
	{"smbclient rpcclient smbget smbcacls smbtree smbcquotas winexe pth-winexe wmic nmblookup samba-tool", "U% =--user%",
		program{positional: sambaUser}},
	{"smbmap crackmapexec netexec nxc evil-winrm hydra medusa psexec certipy bloodyad enum4linux-ng", "p", program{}},
	{"xfreerdp xfreerdp3 wlfreerdp wlfreerdp3 sdl-freerdp freerdp mstsc", "=/p", program{}},
	{"rdesktop", "p", program{}},
	{"svn", "", program{}},
	{"p4", "P", program{}},
	{"net", "U% =--user%", program{positional: netUse}},
	{"netsh", "=key", program{}},
	{"schtasks signtool", "=/p =/rp", program{}},
	// HTTP
	{"curl", "u: U: b; E: =--user: =--proxy-user: =--oauth2-bearer! =--cookie; =--cert: =--proxy-cert: =--pass =--proxy-pass " +
		"=--tlspassword", program{cluster: true, takes: "oXdHAemTwxrcKFYyzCDQPtE"}},
	{"wget wget2", "", program{}},
	{"http https xh xhs httpie", "a: =--auth:", program{}},
	{"ab", "A: P:", program{}},
	{"hurl", "u: =--user:", program{}},
	{"hey oha", "a:", program{}},
	{"jenkins-cli jenkins-cli.jar", "=-auth:", program{}},
	{"yt-dlp youtube-dl", "p", program{}},
	{"http-server", "P", program{}},
	// registries, clouds, platforms
	{"docker podman nerdctl buildah skopeo crane oras helm regctl az acr cf oc fly argocd rancher cosign apptainer singularity",
		"p", program{only: set("login", "auth", "registry")}},
	{"skopeo buildah podman", "=--src-creds: =--dest-creds: =--creds:", program{}},
	{"twine", "p", program{only: set("upload")}},
	{"poetry", "p", program{only: set("publish"), positional: settings}},
	{"doctl gitlab-runner vercel glab wandb rancher2", "t! r!", program{only: set("init", "register", "login", "auth", "deploy")}},
	{"gh glab", "b =--body", program{only: set("secret", "variable")}},
	{"vault bao", "", program{positional: vaultArguments, holds: true}},
	{"ngrok cargo snyk wandb bw", "", program{positional: lastAfter("authtoken", "add-authtoken", "login", "auth", "unlock")}},
	{"cloudflared", "", program{positional: lastAfter("install")}},
	{"aws npm yarn pnpm git composer pip pip3 pulumi doppler dotnet setx setenv pulumi conda gcloud heroku", "k", program{
		positional: settings, only: set("nuget"), holds: true}},
	{"kubectl k3s oc microk8s", "=--from-literal=", program{holds: true}},
	{"aws az", "", program{positional: storedSecret}},
	{"reg", "", program{positional: registryValue}},
	{"rasdial", "", program{positional: lastPositional}},
	{"mc mcli", "", program{positional: minioAlias}},
	{"b2", "", program{positional: lastAfter("authorize-account", "authorize")}},
	{"rclone", "", program{positional: rcloneArguments}},
	{"nuget choco", "=-apikey", program{}},
	{"ansible-vault", "", program{positional: lastAfter("encrypt_string")}},
	// keys, archives, encryption
	{"openssl", "k_ K_ =-pass= =-passin= =-passout= =-hmac =-macopt= =-psk =-srppass =-proxy_pass=", program{positional: opensslPasswd}},
	{"ssh-keygen", "N P", program{}},
	{"7z 7za 7zz 7zr 7zip p7zip", "p+", program{}},
	{"rar unrar", "p+ =-hp", program{positional: rarPassword}},
	{"zip unzip zipinfo bsdtar zipcloak", "P", program{}},
	{"ccrypt mcrypt", "K k", program{}},
	{"steghide stegseek veracrypt truecrypt caddy", "p", program{}},
	{"gpg-preset-passphrase", "P", program{}},
	{"pdftk", "", program{positional: keywords("input_pw", "owner_pw", "user_pw")}},
	{"pdftotext pdfinfo pdfimages pdftoppm", "=-upw =-opw", program{}},
	{"pkcs11-tool pkcs15-tool yubico-piv-tool ykman", "P p =--pin =--so-pin =--puk =--new-pin", program{}},
	{"gocryptfs encfs", "", program{}},
	// accounts
	{"useradd usermod adduser groupadd groupmod", "p", program{}},
	{"htpasswd mosquitto_passwd htdigest", "", program{positional: htpasswdArguments}},
	{"wpa_passphrase", "", program{positional: lastPositional}},
	{"mkpasswd", "", program{positional: mkpasswdArgument}},
	{"ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapcompare ldapmodrdn ldapexop ldappasswd", "w s+ a+ =-s =-a",
		program{joined: true}},
	{"kadmin kadmin.local ipa-client-install adcli", "w =-pw", program{}},
	{"doveadm", "p", program{positional: lastAfter("test")}},
	{"saslpasswd2 pwsafe", "", program{}},
	{"security", "w p", program{only: set("unlock-keychain", "add-generic-password", "add-internet-password", "import",
		"set-keychain-password", "create-keychain")}},
	{"dscl", "", program{positional: lastAfter("-passwd")}},
	{"swaks", "=-ap =--auth-password", program{}},
	{"sendemail", "=-xp", program{}},
	{"drush", "", program{positional: lastAfter("upwd", "user:password")}},
	// networks and machines
	{"snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmpbulkget snmptable snmptrap snmpinform snmpstatus snmpdf snmpusm",
		"A X c~", program{}},
	{"ipmitool ipmi-power", "P", program{positional: ipmiUser}},
	{"racadm ipmipower ipmiconsole bmc-info fence_ipmilan fence_ilo fence_drac5 fence_apc esxcli", "p", program{}},
	{"nmcli wpa_cli iw iwconfig connmanctl", "", program{positional: keywords("password", "wifi-sec.psk", "psk", "key", "802-11-wireless-security.psk",
		"802-1x.password", "wifi-sec.wep-key0", "wep-key0", "gsm.password", "wifi.psk", "leap-password")}},
	{"networksetup", "", program{positional: lastAfter("-setairportnetwork")}},
	{"iscsiadm", "", program{positional: iscsiValue}},
	{"virsh", "", program{positional: lastAfter("secret-set-value", "set-user-password")}},
	{"virt-customize virt-builder virt-sysprep", "=--root-password=", program{}},
	{"x11vnc", "=-passwd =-viewpasswd", program{}},
	{"teamviewer", "", program{positional: lastAfter("passwd")}},
	{"knife", "P", program{}},
	{"openconnect vpnc", "", program{}},
	{"asterisk", "", program{}},
	{"sudo doas su runuser ssh env nice ionice nohup timeout setsid xargs chroot nsenter time exec watch strace", "", program{wraps: true}},
	{"chpasswd chgpasswd newusers", "", program{}},
}

// programs is the table by name.
var programs = sync.OnceValue(func() map[string]*program {
	m := map[string]*program{}
	for _, r := range table {
		p := r.prog
		p.short, p.long = map[byte]valueShape{}, map[string]valueShape{}
		for o := range strings.FieldsSeq(r.opts) {
			p.addOption(o)
		}
		for name := range strings.FieldsSeq(r.names) {
			if m[name] != nil {
				q := p.merged(m[name])
				m[name] = &q
				continue
			}
			m[name] = &p
		}
	}
	for name := range secretReaders {
		if m[name] == nil {
			m[name] = &program{}
		}
	}
	return m
})

// addOption reads an option of the table.
func (p *program) addOption(o string) {
	name, long := strings.CutPrefix(o, "=")
	shape := whole
	switch last := name[len(name)-1]; {
	case len(name) == 1:
	case last == '+':
		shape = attached
	case last == '_':
		shape = separate
	case last == ':':
		shape = afterColon
	case last == '%':
		shape = afterPercent
	case last == ',':
		shape = afterComma
	case last == ';':
		shape = cookieShape
	case last == '~':
		shape = community
	case last == '!':
		shape = isTokenShape
	case last == '=':
		shape = afterEquals
		if strings.HasPrefix(name, "-p") || name == "-macopt=" || name == "--root-password=" {
			shape = passSource
		}
	}
	if len(name) > 1 && strings.IndexByte("+_:%,;~!=", name[len(name)-1]) >= 0 {
		name = name[:len(name)-1]
	}
	if long {
		p.long[name] = shape
		return
	}
	p.short[name[0]] = shape
}

// merged is p with what another row says of the same program.
func (p *program) merged(q *program) program {
	out := *p
	out.short, out.long = map[byte]valueShape{}, map[string]valueShape{}
	for _, from := range []*program{q, p} {
		for k, v := range from.short {
			out.short[k] = v
		}
		for k, v := range from.long {
			out.long[k] = v
		}
	}
	if out.only == nil {
		out.only = q.only
	} else if q.only != nil {
		both := map[string]bool{}
		for _, from := range []map[string]bool{p.only, q.only} {
			for k := range from {
				both[k] = true
			}
		}
		out.only = both
	}
	if p.positional != nil && q.positional != nil {
		out.positional = func(sc *scanner, args []word) {
			q.positional(sc, args)
			p.positional(sc, args)
		}
	} else if out.positional == nil {
		out.positional = q.positional
	}
	out.holds = p.holds || q.holds
	return out
}

// programLiterals are the names by which commands are found; a short one counts only with a blank after it.
func programLiterals() []string {
	var out []string
	for name := range programs() {
		if len(name) < 4 {
			name += " "
		}
		out = append(out, name)
	}
	return out
}
