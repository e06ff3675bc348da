package failure

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// want is what a situation of the transcripts has to be read as, whatever the version of OpenSSH.
type want struct {
	code      string
	hop       string
	words     string // in the message
	methods   string
	retryable bool
	alias     bool // ssh_config knows the destination by name
}

// Where words are left out, ssh has two ways to say it, depending on which end of a connection closes first.

// bastion and inner are the hops that every transcript may travel; the destination is web.
var places = []Place{{Host: "bastion", Hostname: "bastion.example", Alias: true}, {Host: "inner", Hostname: "inner.example", Alias: true}}

var situations = map[string]want{
	"agent-gone":                     {code: "auth_failed", words: "no such identity", methods: "publickey"},
	"agent-refuses":                  {code: "auth_failed", words: "agent refused operation", methods: "publickey"},
	"auth-failed":                    {code: "auth_failed", words: "Permission denied (publickey)", methods: "publickey"},
	"auth-failed-other-methods":      {code: "auth_failed", words: "Permission denied", methods: "publickey,password,keyboard-interactive"},
	"bad-configuration":              {code: "invalid_argument", words: "Bad configuration option: nonsense"},
	"bad-host-name":                  {code: "invalid_argument unknown_host", words: ""}, // 8.4 looks it up
	"bad-packet":                     {code: "connection_lost", words: "Connection"},
	"banner-timeout":                 {code: "connect_timeout", words: "timed out"},
	"behind-hop-auth-failed":         {code: "auth_failed", words: "Permission denied (publickey)", methods: "publickey"},
	"behind-hop-dns":                 {code: "dns", words: "Name or service not known", alias: true},
	"behind-hop-dropped":             {code: "unreachable", words: "", retryable: true},
	"behind-hop-host-key-unknown":    {code: "host_key_unknown", words: "No ED25519 host key is known"},
	"behind-hop-refused":             {code: "unreachable", words: "connect failed: Connection refused"},
	"client-of-a-dead-master":        {code: "connection_lost", words: "Control socket connect"},
	"client-without-a-socket":        {code: "connection_lost", words: "the master of the connection is gone"},
	"configuration-missing":          {code: "invalid_argument", words: "Can't open user config file"},
	"connect-timeout":                {code: "connect_timeout", words: "Connection timed out"},
	"connection-closed-by-server":    {code: "connection_lost", words: ""},
	"control-check":                  {code: "internal", words: "Master running"},
	"control-check-without-a-socket": {code: "connection_lost", words: "No such file or directory"},
	"control-path-a-little-too-long": {code: "internal", words: "too long for Unix domain socket"},
	"control-path-too-long":          {code: "internal", words: "too long"},
	"control-path-without-directory": {code: "internal", words: "cannot bind to path"},
	"dns":                            {code: "dns", words: "no-such-name.invalid: Name or service not known", alias: true},
	"dropped-before-greeting":        {code: "unreachable", words: "", retryable: true},
	"dropped-in-key-exchange":        {code: "connection_lost", words: "Connection"},
	"first-hop-refused":              {code: "unreachable", hop: "bastion", words: "Connection refused"},
	"hop-auth-failed":                {code: "auth_failed", hop: "bastion", words: "Permission denied", methods: "publickey"},
	"hop-banner-timeout":             {code: "connect_timeout", hop: "bastion", words: "timed out"},
	"hop-dns":                        {code: "dns", hop: "bastion", words: "Could not resolve hostname"},
	"hop-dropped-before-greeting":    {code: "unreachable", hop: "bastion", words: "kex_exchange_identification", retryable: true},
	"hop-forbids-forwarding":         {code: "permission_denied", hop: "bastion", words: "administratively prohibited"},
	"hop-host-key-changed":           {code: "host_key_changed", hop: "bastion", words: "has changed"},
	"hop-host-key-unknown":           {code: "host_key_unknown", hop: "bastion", words: "No ED25519 host key is known"},
	"hop-refused":                    {code: "unreachable", hop: "bastion", words: "Connection refused"},
	"host-key-changed":               {code: "host_key_changed", words: "Offending ED25519 key in /home/me/known_hosts:"},
	"host-key-revoked":               {code: "host_key_changed", words: "revoked"},
	"host-key-unknown":               {code: "host_key_unknown", words: "No ED25519 host key is known for [127.0.0.1]:2400"},
	"host-key-unknown-asked":         {code: "host_key_unknown", words: "Host key verification failed"},
	"keepalive-timeout":              {code: "connection_lost", words: "not responding"},
	"key-file-broken":                {code: "auth_failed", words: "Load key", methods: "publickey"},
	"key-file-too-open":              {code: "auth_failed", words: "too open", methods: "publickey"},
	"max-startups":                   {code: "unreachable", words: "", retryable: true},
	"network-unreachable":            {code: "unreachable", words: "Network is unreachable"},
	"no-common-host-key":             {code: "unsupported", words: "no matching host key type"},
	"no-common-key-exchange":         {code: "unsupported", words: "no matching key exchange method"},
	"no-route":                       {code: "unreachable", words: "No route to host"},
	"no-ssh-server":                  {code: "unreachable", words: "banner line contains invalid characters"},
	"one-time-code-after-key":        {code: "login_required", words: "Permission denied (keyboard-interactive)", methods: "keyboard-interactive"},
	"passphrase":                     {code: "auth_failed", words: "Permission denied (publickey)", methods: "publickey"},
	"password-only":                  {code: "login_required", words: "Permission denied (password)", methods: "password"},
	"penalty":                        {code: "unreachable", words: "", retryable: true},
	"protocol-too-old":               {code: "unreachable", words: "Protocol major versions differ"},
	"proxy-command-fails":            {code: "unreachable", words: "the tunnel is down"},
	"proxy-command-missing":          {code: "unreachable", words: "no-such-program: not found"},
	"proxy-command-silent":           {code: "unreachable", words: "", retryable: true},
	"refused":                        {code: "unreachable", words: "Connection refused"},
	"reset-before-greeting":          {code: "unreachable", words: "reset by peer", retryable: true},
	"second-hop-refused":             {code: "unreachable", hop: "inner", words: "connect failed: Connection refused"},
	"security-key-absent":            {code: "touch_required", words: "signing failed for ED25519-SK", methods: "publickey"},
	"session-refused":                {code: "limit_reached", words: "Session open refused by peer", retryable: true},
	"too-many-failures":              {code: "auth_failed", words: "Too many authentication failures"},
	"unknown-host":                   {code: "unknown_host", words: "Could not resolve hostname"},
}

// transcripts gives the situations of one archive.
func transcripts(t testing.TB, path string) map[string]*Words {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Words{}
	for _, f := range archive.Files {
		name, hop, isHop := strings.Cut(f.Name, ".hop")
		if all[name] == nil {
			all[name] = &Words{}
		}
		if !isHop {
			all[name].Destination = string(f.Data)
			continue
		}
		i, err := strconv.Atoi(hop)
		if err != nil || i != len(all[name].Hops) {
			t.Fatalf("%s: %s is out of order", path, f.Name)
		}
		all[name].Hops = append(all[name].Hops, string(f.Data))
	}
	return all
}

func archives(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/openssh-*.txtar")
	if err != nil || len(paths) < 4 {
		t.Fatalf("transcripts: %q, %v", paths, err)
	}
	return paths
}

func TestTranscripts(t *testing.T) {
	for _, path := range archives(t) {
		all := transcripts(t, path)
		for name := range situations {
			if all[name] == nil && name != "security-key-absent" { // some were built without libfido2
				t.Errorf("%s lacks %s", path, name)
			}
		}
		for name, words := range all {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name, func(t *testing.T) { check(t, name, *words) })
		}
	}
}

func check(t *testing.T, name string, words Words) {
	w, ok := situations[name]
	if !ok {
		t.Fatal("nothing is expected of this situation")
	}
	hops := places[:0:0]
	if !strings.HasPrefix(name, "proxy-") {
		hops = places[:len(words.Hops)]
	}
	e := Read(words, Place{Host: "web", Hostname: "web.example", Alias: w.alias}, hops...)
	if strings.HasPrefix(name, "client-") || name == "session-refused" {
		e = ReadClient(words.Destination, Place{Host: "web"})
	}
	if !strings.Contains(w.code, e.Code) || e.Hop != w.hop || !strings.Contains(e.Message, w.words) || e.Retryable != w.retryable || strings.Join(e.Methods, ",") != w.methods {
		t.Errorf("read as %+v\nwant %+v\nfrom %+v", e, w, words)
	}
	if e.Hint == "" || strings.Contains(e.Message, "\n") || strings.Contains(e.Message, "debug1") || strings.Contains(e.Message, "@@@") {
		t.Errorf("message %q, hint %q", e.Message, e.Hint)
	}
	if e.Code == "host_key_unknown" && e.Fingerprint == "" && strings.Contains(words.Destination+strings.Join(words.Hops, ""), "Server host key") {
		t.Error("the fingerprint is not told")
	}
	if e.Code == "host_key_changed" && e.Fingerprint == "" && strings.Contains(words.Destination, "sent by the remote host") {
		t.Error("the fingerprint is not told")
	}
}

// FuzzRead: whatever a server makes ssh say, the answer has a code, a hint, and one line of bounded length.
func FuzzRead(f *testing.F) {
	for _, path := range archives(f)[:1] {
		for _, words := range transcripts(f, path) {
			f.Add(words.Destination, strings.Join(words.Hops, ""))
		}
	}
	f.Add("channel 0: open failed: : ", "Permission denied ().")
	f.Fuzz(func(t *testing.T, destination, hop string) {
		for _, hops := range [][]Place{nil, places[:1]} {
			e := Read(Words{Destination: destination, Hops: []string{hop}}, Place{Host: "web"}, hops...)
			if e.Code == "" || e.Message == "" || e.Hint == "" || strings.Contains(e.Message, "\n") || len(e.Message) > maxMessage+8 {
				t.Errorf("%+v", e)
			}
		}
	})
}

// TestManyLines: a server that fills the log with short lines must not hold up the answer.
func TestManyLines(t *testing.T) {
	start := time.Now()
	e := Read(Words{Destination: strings.Repeat("a\n", maxLog/2) + "root@web: Permission denied (publickey).\n"}, Place{Host: "web"})
	if e.Code != "auth_failed" || time.Since(start) > 5*time.Second {
		t.Errorf("%s after %v", e.Code, time.Since(start))
	}
}
