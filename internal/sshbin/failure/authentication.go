package failure

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

var (
	permissionDenied = lazyregexp.New(`^(?:.+@.+: )?Permission denied \(([^)]*)\)\.$`)
	tooManyFailures  = lazyregexp.New(`Too many authentication failures`)
	noMoreMethods    = lazyregexp.New(`No more authentication methods to try|No supported authentication methods available`)
	partialSuccess   = lazyregexp.New(`(?m)^Authenticated (using "\S+" )?with partial success\.\s*$`)
	signingFailed    = lazyregexp.New(`^sign_and_send_pubkey: signing failed for (\S+) (.*): (.+)$`)
	agentSigning     = lazyregexp.New(`^sign_and_send_pubkey: signing failed: (.+)$|^(agent refused operation)$|^sign_and_send_pubkey: (.*agent refused.*)$`)
	userPresence     = lazyregexp.New(`(?i)confirm user presence|user presence (not |confirmation)|touch`)
	wrongPassphrase  = lazyregexp.New(`^.*incorrect passphrase supplied to decrypt private key.*$`)
	openKeyFile      = lazyregexp.New(`^Permissions \d+ for '(.+)' are too open\.$`)
	badKeyFile       = lazyregexp.New(`^Load key "(.+)": (.+)$`)
	missingKeyFile   = lazyregexp.New(`^no such identity: (.+): (.+)$`)
)

// signingWith is a debugging line that masters are told to write (LogVerbose, since 8.5).
var signingWith = lazyregexp.New(`signing using (sk-\S+)`)

// touchPending reads the log of an ssh that was still waiting for its security key to be touched. It does not say so
// where nobody can see it (sshconnect2.c, notify_start).
func touchPending(t text) *finding {
	m := signingWith.FindStringSubmatch(t.raw)
	if m == nil || signedIn.MatchString(t.raw) {
		return nil
	}
	return &finding{code: "touch_required", message: oneLine("ssh waited for a security key to sign ("+m[1]+")", t.all()), advice: adviceTouch}
}

// interactive are the methods for which somebody has to type.
var interactive = map[string]bool{"password": true, "keyboard-interactive": true}

// authentication reads a login that the server, or the key's owner, refused.
func authentication(t text) *finding {
	denied := t.find(permissionDenied)
	var f *finding
	switch {
	case denied != nil:
		f = &finding{code: "auth_failed", message: denied[0], auth: true, methods: splitMethods(denied[1])}
		f.advice = adviceAuth
		if onlyInteractive(f.methods) || partialSuccess.MatchString(t.raw) && anyInteractive(f.methods) {
			f.code, f.advice = "login_required", adviceLogin
		}
	case tooManyFailures.MatchString(t.raw):
		m := t.find(tooManyFailures)
		if m == nil {
			return nil
		}
		return &finding{code: "auth_failed", message: m[0], advice: adviceTooMany}
	case t.find(noMoreMethods) != nil:
		f = &finding{code: "auth_failed", message: t.find(noMoreMethods)[0], auth: true, advice: adviceAuth}
	case userPresence.MatchString(t.all()):
		return &finding{code: "touch_required", message: t.all(), advice: adviceTouch}
	default:
		return nil
	}
	f.readSigning(t)
	return f
}

// readSigning finds the reason why a key that the server would take did not sign.
func (f *finding) readSigning(t text) {
	if m := t.find(signingFailed); m != nil {
		f.message, f.auth = oneLine(m[0], f.message), false
		switch {
		case strings.HasSuffix(m[1], "-SK"):
			f.code, f.advice = "touch_required", adviceTouch
			if strings.Contains(m[3], "incorrect passphrase") { // libfido2's word for a missing PIN
				f.code, f.advice = "login_required", adviceLogin
			}
		case strings.Contains(m[3], "agent refused") || strings.Contains(m[2], "from agent"):
			f.advice = adviceAgentRefused
		}
		return
	}
	if m := t.find(agentSigning); m != nil {
		f.message, f.auth, f.advice = oneLine(m[0], f.message), false, adviceAgentRefused
		return
	}
	if m := t.find(wrongPassphrase); m != nil {
		f.message, f.code, f.advice = oneLine(m[0], f.message), "login_required", adviceLogin
		return
	}
	for _, pattern := range []*lazyregexp.Regexp{openKeyFile, badKeyFile, missingKeyFile} {
		if m := t.find(pattern); m != nil && f.code == "auth_failed" {
			f.message, f.advice = oneLine(m[0], f.message), adviceKeyFile
			return
		}
	}
}

func splitMethods(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func onlyInteractive(methods []string) bool {
	for _, m := range methods {
		if !interactive[m] {
			return false
		}
	}
	return len(methods) > 0
}

func anyInteractive(methods []string) bool {
	for _, m := range methods {
		if interactive[m] {
			return true
		}
	}
	return false
}
