package redact

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// pem looks at the words "private key": in an armour's first line they begin a key. In the same line follows the body of
// one that was escaped for JSON or a shell; else it is in the next lines.
func (sc *scanner) pem(at, end int) {
	if sc.covered(at) {
		return
	}
	head := sc.s[max(0, at-64):at]
	i := strings.LastIndex(head, "BEGIN ")
	if i < 0 || strings.ContainsAny(head[i:], "\n\"'") || !strings.HasSuffix(strings.TrimRight(head[:i], " "), "--") {
		return
	}
	end = run(sc.s, end, func(c byte) bool { return isAlnum(c) || c == ' ' })
	dashes := run(sc.s, end, func(c byte) bool { return c == '-' })
	if dashes-end < 4 {
		return
	}
	rest := sc.s[dashes:]
	if strings.TrimSpace(rest) == "" {
		sc.carry.block = block{kind: armourBlock, secret: kindPrivateKey}
		return
	}
	sc.escapedBody(dashes, rest)
}

// escapedBody masks the body of a key that stands in one line.
func (sc *scanner) escapedBody(at int, rest string) {
	n := strings.Index(rest, "-----END")
	if n < 0 {
		n = run(rest, 0, isArmourByte)
	}
	body := rest[:n]
	start := 0
	for start < len(body) {
		switch {
		case body[start] == '\\' && start+1 < len(body):
			start += 2
		case isSpace(body[start]) || body[start] == '\\':
			start++
		default:
			goto trimmed
		}
	}
trimmed:
	stop := len(body)
	for stop > start {
		switch {
		case isSpace(body[stop-1]) || body[stop-1] == '\\':
			stop--
		case stop-2 >= start && body[stop-2] == '\\' && (body[stop-1] == 'n' || body[stop-1] == 'r'):
			stop -= 2
		default:
			goto done
		}
	}
done:
	if stop-start >= 16 && !fewCharacters(strings.ReplaceAll(body[start:stop], `\n`, "")) || strings.IndexByte(body[start:stop], atom) >= 0 {
		sc.add(at+start, at+stop, kindPrivateKey, rankKey)
	}
}

// isArmourByte is what the body of an armour consists of, its lines' escaped ends included.
func isArmourByte(c byte) bool {
	return isAlnum(c) || c == '+' || c == '/' || c == '=' || c == '\\' || c == ' ' || c == atom
}

// putty looks at PuTTY's "Private-Lines: n", which counts the lines of the private half.
func (sc *scanner) putty(_, end int) {
	i := skipBlank(sc.s, end)
	j := run(sc.s, i, isDigit)
	n, err := strconv.Atoi(sc.s[i:j])
	if err != nil || n <= 0 || n > 10000 {
		return
	}
	rest := sc.s[j:]
	if strings.TrimSpace(rest) == "" {
		sc.carry.block = block{kind: linesBlock, secret: kindPrivateKey, left: n}
		return
	}
	if stop := strings.Index(rest, "Private-MAC"); stop >= 0 {
		rest = rest[:stop]
	}
	sc.escapedBody(j, rest)
}

// base64PEM looks at the base64 of "-----BEGIN ": in a kubeconfig, a Kubernetes secret or an environment variable.
func (sc *scanner) base64PEM(at, _ int) {
	if sc.covered(at) || isB64(byteAt(sc.s, at-1)) {
		return
	}
	end := run(sc.s, at, isB64)
	head := sc.s[at:min(end, at+88)]
	text, err := base64.RawStdEncoding.DecodeString(head[:len(head)/4*4])
	if err != nil || !strings.Contains(string(text), "PRIVATE KEY") {
		return
	}
	sc.add(at, run(sc.s, end, func(c byte) bool { return c == '=' }), kindPrivateKey, rankKey)
}
