package redact

import "strings"

// nameLiterals are the pieces by which the names of secrets are found. classify decides on the whole name.
var nameLiterals = []string{
	"pass", "pwd", "psk", "secret", "token", "key", "cred", "auth", "cookie", "session", "passwort", "senha", "contrasena",
	"motdepasse", "wachtwoord", "jwt", "mnemonic", "phrase", "pw=", "pw:", "_pw", "signature", "sig=", "sid=", "code=",
	"userpwd", "bearer", "bindpw", "rootpw", "sonar.login", "_salt", "tf_token_", `"pw"`, "'pw'", "saml", "_pat", "kennwort", "parola",
	"heslo", "haslo", "clave", "passkey", "_hmac", "art-api", "seed", "pw ", "community", "pat:", "pat=",
}

// nameClass is how sure a name is to name a secret, and so how much its value must look like one.
type nameClass uint8

const (
	notSecret  nameClass = iota
	strongName           // password, client_secret: any value but a reference or a placeholder
	mediumName           // secret, pass, credentials: a value that is not a plain word
	tokenName            // token, api_key: a value with the look of a token
	queryName            // code, sig: a token, and only in the query of a URL
)

// strongWords name secrets on their own and as the last word of a name.
var strongWords = set("password", "passwords", "passwd", "passwort", "passphrase", "passcode", "psk", "pswd", "pword",
	"passwrd", "motdepasse", "contrasena", "senha", "wachtwoord", "kennwort", "parola", "heslo", "haslo", "requirepass", "masterauth", "rootpw", "bindpw", "rootbindpw", "olcrootpw", "pgpass",
	"authtok", "mnemonic", "deststorepass", "srcstorepass", "destkeypass", "srckeypass", "sshpass", "userpwd", "storepass", "keypass", "pskkey", "jwtsecret", "authpassword", "privpassword")

// mediumWords name secrets, but results, programs and objects too.
var mediumWords = set("pass", "pwd", "pw", "secret", "secrets", "credential", "credentials", "creds", "userpass")

// tokenWords name tokens.
var tokenWords = set("token", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "accesstoken", "authtoken",
	"appkey", "masterkey", "sharedkey", "accountkey", "encryptionkey", "signingkey", "jwt", "phpsessid", "jsessionid",
	"apitoken", "bearer", "licensekey", "auth", "samlresponse", "samlassertion", "seed", "proxyauth", "httpauth", "basicauth", "authident", "passkey", "clave")

// keyOwners are the words that make a secret of a following "key".
var keyOwners = set("api", "apis", "access", "secret", "private", "priv", "encryption", "encrypt", "enc", "signing", "sign",
	"master", "auth", "account", "shared", "storage", "service", "app", "application", "client", "license", "hmac", "aes",
	"jwt", "session", "webhook", "deploy", "admin", "write", "root", "consumer", "subscription", "functions", "function",
	"cookie", "crypto", "unseal", "recovery", "wrapping", "tls", "ssl", "server", "preshared", "psk", "django", "flask",
	"rails", "openai", "anthropic", "stripe", "sendgrid", "datadog", "mailgun", "mailchimp", "google", "aws", "azure",
	"github", "gitlab", "twilio", "algolia", "gemini", "groq", "mistral", "cohere", "huggingface", "pinecone", "newrelic",
	"heroku", "cloudflare", "digitalocean", "maps", "gcp", "firebase", "supabase", "rapidapi", "tailscale", "certificate",
	"hash", "logged", "nonce", "routing", "hook", "integration", "instrumentation", "ingest", "license", "activation", "product",
	"ssh", "host", "data", "user", "personal", "bot", "partner", "merchant", "payment", "vault", "db", "database", "mail",
	"smtp", "wep", "wpa", "wifi", "string", "code", "auth_key", "main", "primary", "secondary", "setup", "enrollment", "provisioning", "registration", "fastly", "gotify", "bunny", "linear", "plex", "sonarr", "radarr", "jackett", "emby", "jellyfin",
	"etherscan", "infura", "alchemy", "moralis", "honeycomb", "rollbar", "segment", "amplitude", "mixpanel", "posthog", "intercom", "mandrill", "postmark", "sparkpost", "mailjet", "brevo", "sendinblue", "vonage", "nexmo", "plivo",
	"telnyx", "pusher", "ably", "tmdb", "weather", "openweather", "openweathermap", "shodan", "virustotal", "censys", "abuseipdb", "polygon", "finnhub", "coinbase", "binance", "linode", "vultr", "hetzner", "scaleway", "porkbun", "namecheap",
	"gandi", "together", "fireworks", "replicate", "elevenlabs", "deepgram", "assemblyai", "voyage", "jina", "tavily", "serpapi", "serper", "perplexity", "deepseek", "xai", "cerebras", "nvidia", "langsmith", "langfuse", "snyk", "sonar")

// tokenOthers are the words that make something else of a following "token" or "key": cursors, parser symbols, counters.
var tokenOthers = set("next", "page", "pagination", "continuation", "max", "min", "num", "n", "total", "count", "prompt",
	"completion", "input", "output", "stop", "eos", "bos", "pad", "unk", "cls", "mask", "special", "cancellation", "cancel",
	"syntax", "lex", "lexer", "parser", "current", "last", "first", "prev", "previous", "new", "public", "pub", "idempotency", "cache", "surrogate", "partition", "sort", "etag", "object",
	"sync", "per", "used", "remaining", "reasoning", "cached", "sort", "websocket", "field", "operator", "punctuator")

// qualifiers say which or in what form, and do not change what a name names.
var qualifiers = set("value", "val", "text", "plain", "plaintext", "cleartext", "clear", "b64", "base64", "base", "string",
	"str", "data", "raw", "enc", "encrypted", "hash", "hashed", "hex", "confirm", "confirmation", "repeat", "again", "verify",
	"new", "old", "current", "prev", "previous", "prod", "production", "dev", "development", "test", "testing", "staging",
	"stage", "qa", "live", "sandbox", "main", "primary", "secondary", "backup", "default", "admin", "root", "db", "id2")

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// maxName bounds the names that are looked at.
const maxName = 128

// nameWords are the words of a name, in lower case.
type nameWords struct {
	buf  [maxName]byte
	at   [24][2]uint8
	n    int
	caps bool // all letters are capitals, as in environment variables
}

func (w *nameWords) word(i int) string {
	if i < 0 || i >= w.n {
		return ""
	}
	return string(w.buf[w.at[i][0]:w.at[i][1]])
}

// split cuts a name at punctuation and where capitals begin: db_password, dbPassword, DBPassword and DB-Password are the
// same two words.
func (w *nameWords) split(name string) {
	w.n, w.caps = 0, true
	start := -1
	flush := func(end int) {
		if start >= 0 && w.n < len(w.at) {
			w.at[w.n] = [2]uint8{uint8(start), uint8(end)}
			w.n++
		}
		start = -1
	}
	for i := 0; i < len(name) && i < maxName; i++ {
		c := name[i]
		w.buf[i] = lower(c)
		if !isAlnum(c) {
			flush(i)
			continue
		}
		if isLower(c) {
			w.caps = false
		}
		if isUpper(c) && i > 0 && (isLower(name[i-1]) || isDigit(name[i-1]) ||
			isUpper(name[i-1]) && isLower(byteAt(name, i+1))) {
			flush(i)
		}
		if start < 0 {
			start = i
		}
	}
	flush(min(len(name), maxName))
}

// classify judges a name. kind is the kind of the secret that it names.
func classify(name string) (kind string, class nameClass) {
	if n := len(name); n > 2 && name[n-2] == '.' && isLower(name[n-1]) {
		return "", notSecret // a source file
	}
	if strings.HasPrefix(name, "lib") {
		return "", notSecret // libsecret-1-0
	}
	if len(name) > 20 && jumbled(name) {
		return "", notSecret // the end of something in base64
	}
	var w nameWords
	w.split(name)
	last := w.n - 1
	for last > 0 && (qualifiers[w.word(last)] || isNumber(w.word(last)) || len(w.word(last)) == 1) {
		last--
	}
	if last < 0 {
		return "", notSecret
	}
	return w.judge(last)
}

// classCache remembers what names were judged to be: texts repeat them. Its zero value is empty, and nil remembers nothing.
type classCache [64]struct {
	name  string
	kind  string
	class nameClass
}

// of is classify.
func (c *classCache) of(name string) (kind string, class nameClass) {
	const longest = 32
	if c == nil || name == "" || len(name) > longest {
		return classify(name)
	}
	at := &c[(uint(name[0])*5+uint(name[len(name)/2])*3+uint(name[len(name)-1])+uint(len(name))*7)%uint(len(c))]
	if at.name != name {
		at.name = strings.Clone(name) // the text must not live on because of it
		at.kind, at.class = classify(name)
	}
	return at.kind, at.class
}

// judge looks at the last word that counts.
func (w *nameWords) judge(last int) (string, nameClass) {
	word := trimDigits(w.word(last))
	before := w.word(last - 1)
	switch {
	case strongWords[word]:
		return kindPassword, strongName
	case word == "secret" && last > 0, word == "secrets" && last > 0 && w.caps:
		return kindSecret, strongName
	case word == "pass" && passDirectives[before]:
		return "", notSecret
	case (word == "pass" || word == "pwd" || word == "pw") && last > 0 && before != "old" && before != "first":
		if w.caps || passOwners[before] {
			return kindPassword, strongName
		}
		return kindPassword, mediumName
	case word == "pwd" || word == "oldpwd":
		return kindPassword, mediumName
	case mediumWords[word]:
		if word == "pass" || word == "pw" || word == "userpass" {
			return kindPassword, mediumName
		}
		return kindSecret, mediumName
	case word == "key":
		return w.key(last)
	case word == "phrase" && (before == "pass" || before == "key" || before == "secret"):
		return kindPassword, strongName
	case word == "community" && last > 0:
		return kindPassword, mediumName // of SNMP
	case word == "salt" && before == "hash":
		return kindSecret, tokenName // of Drupal
	case word == "salt" && w.caps && (before == "auth" || before == "in" || before == "nonce"):
		return kindSecret, tokenName // of WordPress
	case word == "pat" && w.caps:
		return kindToken, tokenName // a personal access token, as in AZURE_DEVOPS_EXT_PAT
	case word == "ident" && before == "auth":
		return kindPassword, tokenName // of Yarn
	case word == "response" && before == "saml":
		return kindToken, tokenName
	case w.word(0) == "tf" && w.word(1) == "token" && last > 1:
		return kindToken, tokenName // TF_TOKEN_ and a host
	case word == "id" && before == "secret":
		return kindSecret, tokenName // of Vault's AppRole, of Consul's and Nomad's tokens
	case word == "cookie" && before == "erlang":
		return kindSecret, strongName
	case (word == "hmac" || word == "signing") && last > 0 && w.caps, word == "api" && before == "art":
		return kindKey, tokenName
	case word == "login" && before == "sonar":
		return kindToken, tokenName
	case tokenWords[word]:
		if tokenOthers[before] {
			return "", notSecret
		}
		return kindToken, tokenName
	case word == "session" && w.word(0) == "x", word == "id" && before == "session" && w.word(0) == "x":
		return kindToken, tokenName // X-Session-Id
	case word == "session" || word == "sessionid" || word == "sessid" || word == "sid":
		return kindToken, queryName // of a log as often as of a browser
	case word == "signature" || word == "sig":
		return kindSignature, queryName
	case word == "code" && last == 0:
		return kindToken, queryName
	}
	return compound(word)
}

// key judges a name that ends in "key".
func (w *nameWords) key(last int) (string, nameClass) {
	before := w.word(last - 1)
	switch {
	case last == 0:
		return kindKey, queryName
	case before == "private" || before == "secret" || before == "preshared" || before == "shared":
		return kindKey, mediumName
	case keyOwners[before] && !tokenOthers[before] || before == "in" && w.word(last-2) == "logged":
		return kindKey, tokenName
	case w.word(0) == "x" && last > 1 && !tokenOthers[before]:
		return kindKey, tokenName // X-Gotify-Key
	case w.caps && !tokenOthers[before]:
		return kindKey, queryName // HONEYCOMB_KEY
	}
	return "", notSecret
}

// compound judges words that were run together: dbpassword, authtoken, encryptionkey.
func compound(word string) (string, nameClass) {
	ends := func(s string) bool { return len(word) > len(s) && word[len(word)-len(s):] == s }
	switch {
	case ends("password") || ends("passwd") || ends("passphrase") || ends("passwort"):
		return kindPassword, strongName
	case ends("secret"):
		return kindSecret, strongName
	case ends("pass"):
		if otherPasses[word] {
			return "", notSecret
		}
		return kindPassword, mediumName
	case ends("pwd") && word != "oldpwd":
		return kindPassword, mediumName
	case ends("token"):
		return kindToken, tokenName
	case ends("apikey") || ends("secretkey") || ends("accesskey") || ends("privatekey") || ends("authkey"):
		return kindKey, tokenName
	}
	return "", notSecret
}

// passOwners are the words that leave no doubt what a following "pass" or "pwd" is.
var passOwners = set("db", "user", "smtp", "admin", "auth", "become", "ssh", "sudo", "su", "root", "login", "mail", "imap", "ftp", "http",
	"ldap", "bind", "my", "pg", "mysql", "postgres", "redis", "mongo", "wifi", "vnc", "winrm", "connection", "backup", "vault", "key",
	"store", "account", "service", "app", "client", "server", "web", "mq", "rabbit", "rabbitmq", "kafka", "es", "elastic", "grafana",
	"database", "default", "superuser", "host", "remote", "target", "source")

// passDirectives are what is passed on, by nginx and Apache, by renderers and filters.
var passDirectives = set("proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached", "render", "low", "high", "band", "fs", "single",
	"multi", "two", "second", "third", "sub")

// otherPasses end in "pass" and are none.
var otherPasses = set("bypass", "compass", "trespass", "encompass", "surpass", "overpass", "underpass", "lastpass", "keepass",
	"gopass", "minipass", "multipass", "askpass", "proxypass", "lowpass", "highpass", "bandpass", "subpass", "renderpass")

func isNumber(s string) bool { return s != "" && run(s, 0, isDigit) == len(s) }

func trimDigits(s string) string {
	for len(s) > 1 && isDigit(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
