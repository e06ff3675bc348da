package approval

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// SignatureNamespace is the namespace of answers signed with a security key (ssh-keygen -Y sign -n): a touch for anything else can't become one.
const SignatureNamespace = "approval@relay-shell"

// maxSecurityKeys bounds the keys of one file.
const maxSecurityKeys = 64

// SecurityKey is a FIDO key whose touch approves, as OpenSSH keeps it (ssh-keygen -t ed25519-sk or ecdsa-sk).
type SecurityKey struct {
	Key  string `json:"key"`           // an authorized_keys line
	File string `json:"file"`          // of the public key, beside which ssh-keygen finds the private half unless an agent has it
	PIN  bool   `json:"pin,omitempty"` // an answer counts only if the key was given its PIN or a finger (PROTOCOL.u2f: user verification)
}

func (k SecurityKey) public() (ssh.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k.Key))
	if err != nil {
		return nil, &Error{"invalid_argument", "this is not a public key of OpenSSH: " + err.Error(), "pass the .pub file of the security key"}
	}
	if !strings.HasPrefix(key.Type(), "sk-") {
		return nil, &Error{"invalid_argument", "a key of type " + key.Type() + " needs no person: whoever reads its file can sign with it",
			"make one on a security key: ssh-keygen -t ed25519-sk -O verify-required"}
	}
	return key, nil
}

// Fingerprint is the key's SHA256 fingerprint as ssh-keygen -l shows it.
func (k SecurityKey) Fingerprint() string {
	public, err := k.public()
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(public)
}

// SecurityKeys are the keys whose touch approves.
func (v *Verifier) SecurityKeys() []SecurityKey { return slices.Clone(v.file.SecurityKeys) }

// AddSecurityKey makes the content of an approval file with one key more; old is the file there is, nil for none.
func AddSecurityKey(old *Verifier, k SecurityKey) ([]byte, error) {
	if _, err := k.public(); err != nil {
		return nil, err
	}
	f := old.content()
	f.SecurityKeys = slices.DeleteFunc(f.SecurityKeys, func(o SecurityKey) bool { return o.Fingerprint() == k.Fingerprint() })
	if len(f.SecurityKeys) == maxSecurityKeys {
		return nil, &Error{"limit_reached", fmt.Sprintf("there are %d security keys", maxSecurityKeys), "remove one with `relay-shell auth security-key --remove FINGERPRINT`"}
	}
	f.SecurityKeys = append(f.SecurityKeys, k)
	return json.MarshalIndent(f, "", "  ")
}

// RemoveSecurityKey makes the content of an approval file without a key. The last that approves can't be removed.
func RemoveSecurityKey(old *Verifier, fingerprint string) ([]byte, error) {
	f := old.content()
	rest := slices.DeleteFunc(f.SecurityKeys, func(k SecurityKey) bool { return k.Fingerprint() == fingerprint })
	if len(rest) == len(old.content().SecurityKeys) {
		return nil, &Error{"not_found", "no security key with this fingerprint approves", "`relay-shell auth security-key` lists those that do"}
	}
	if f.SecurityKeys = rest; len(rest) == 0 && len(f.Public) == 0 {
		return nil, &Error{"invalid_argument", "it is the last that can approve", "add another key or set a passphrase first, or remove the file as its owner"}
	}
	return json.MarshalIndent(f, "", "  ")
}

// TouchKey signs answers with one of the security keys. The function has the key sign a message in [SignatureNamespace], while a person
// touches it, and returns what ssh-keygen -Y sign prints.
func (v *Verifier) TouchKey(k SecurityKey, sign func(message []byte) ([]byte, error)) *Key {
	return &Key{by: "the security key " + k.Fingerprint(), sign: func(message []byte) (proof, error) {
		armored, err := sign(message)
		if err != nil {
			return proof{}, err
		}
		p := proof{SSHSignature: string(armored)}
		if !v.accepts(message, p) {
			return proof{}, &Error{"permission_denied", "the signature is not one that approves: of another key, without a touch, or without the PIN that was asked for",
				"touch one of the keys that `relay-shell auth security-key` lists"}
		}
		return p, nil
	}}
}

// touched reports whether a signature of a message was made by touching one of the security keys (PROTOCOL.sshsig, PROTOCOL.u2f).
func (v *Verifier) touched(message []byte, armored string) bool {
	key, flags, ok := openSignature(message, armored)
	if !ok {
		return false
	}
	const present, verified = 1, 4
	for _, k := range v.file.SecurityKeys {
		if public, err := k.public(); err == nil && bytes.Equal(public.Marshal(), key.Marshal()) {
			return flags&present != 0 && (!k.PIN || flags&verified != 0)
		}
	}
	return false
}

// openSignature checks a signature against the key that it names, and returns that and what the device says of its user.
func openSignature(message []byte, armored string) (key ssh.PublicKey, flags byte, ok bool) {
	block, _ := pem.Decode([]byte(armored))
	const magic = "SSHSIG"
	if block == nil || block.Type != "SSH SIGNATURE" || !bytes.HasPrefix(block.Bytes, []byte(magic)) {
		return nil, 0, false
	}
	var blob struct {
		Version                                               uint32
		PublicKey, Namespace, Reserved, HashAlgorithm, Signed string
	}
	if ssh.Unmarshal(block.Bytes[len(magic):], &blob) != nil || blob.Version != 1 || blob.Namespace != SignatureNamespace {
		return nil, 0, false
	}
	var hash []byte
	switch blob.HashAlgorithm {
	case "sha512":
		sum := sha512.Sum512(message)
		hash = sum[:]
	case "sha256":
		sum := sha256.Sum256(message)
		hash = sum[:]
	default:
		return nil, 0, false
	}
	key, err := ssh.ParsePublicKey([]byte(blob.PublicKey))
	if err != nil {
		return nil, 0, false
	}
	var signature ssh.Signature
	if ssh.Unmarshal([]byte(blob.Signed), &signature) != nil || len(signature.Rest) < 1 {
		return nil, 0, false
	}
	signed := append([]byte(magic), ssh.Marshal(struct{ Namespace, Reserved, HashAlgorithm, Hash string }{blob.Namespace, blob.Reserved, blob.HashAlgorithm, string(hash)})...)
	if key.Verify(signed, &signature) != nil {
		return nil, 0, false
	}
	return key, signature.Rest[0], true
}
