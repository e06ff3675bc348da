package approval

import (
	"bytes"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshtest"
)

// load writes the content of an approval file and reads it as a server does.
func loaded(t *testing.T, data []byte, err error) *Verifier {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "approval.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := LoadVerifier(path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// keygen signs as a person's ssh-keygen does.
func keygen(t *testing.T, k *sshtest.SecurityKey, namespace string) func([]byte) ([]byte, error) {
	return func(message []byte) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", k.File)
		cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK="+k.Socket)
		cmd.Stdin = bytes.NewReader(message)
		return cmd.Output()
	}
}

// armored is the SSHSIG of a signature made here.
func armored(k *sshtest.SecurityKey, namespace string, message []byte, sign func([]byte) *ssh.Signature) []byte {
	hash := sha512.Sum512(message)
	key, _, _, _, _ := ssh.ParseAuthorizedKey([]byte(k.Line))
	signature := sign(append([]byte("SSHSIG"), ssh.Marshal(struct{ A, B, C, D string }{namespace, "", "sha512", string(hash[:])})...))
	return pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: append([]byte("SSHSIG"), ssh.Marshal(struct {
		Version       uint32
		A, B, C, D, E string
	}{1, string(key.Marshal()), namespace, "", "sha512", string(ssh.Marshal(signature))})...)})
}

func TestSecurityKeyApproves(t *testing.T) {
	device, other := sshtest.StartSecurityKey(t), sshtest.StartSecurityKey(t)
	registered := SecurityKey{Key: device.Line, File: device.File}
	data, err := AddSecurityKey(nil, registered)
	v := loaded(t, data, err)
	if v.HasPassphrase() || len(v.SecurityKeys()) != 1 {
		t.Fatalf("%+v", v.file)
	}
	dir := t.TempDir()
	s, c := newStore(t, Options{Dir: dir, Verifier: v})
	w := ask(t, s, request, true)
	c.t = c.t.Add(5 * time.Second)
	seen, err := Find(dir, w.Token, c.now())
	if err != nil {
		t.Fatal(err)
	}
	yes := Answer{Approve: true, By: "operator", At: c.now()}
	refused := func(how string, sign func([]byte) ([]byte, error)) {
		t.Helper()
		if err := Sign(dir, seen, v.TouchKey(registered, sign), yes); err == nil {
			t.Errorf("%s: signed", how)
		}
		// Whoever writes the answer's file without asking us gets no further.
		if message, err := message(seen.raw, yes); err == nil {
			if text, err := sign(message); err == nil {
				forged := &Key{sign: func([]byte) (proof, error) { return proof{SSHSignature: string(text)}, nil }}
				if err := Sign(dir, seen, forged, yes); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got, _, _ := s.Redeem(request, true); got != Pending {
			t.Errorf("%s: %v", how, got)
		}
	}
	device.Flags.Store(0)
	refused("nobody touched it", keygen(t, device, SignatureNamespace))
	device.Flags.Store(sshtest.Touched)
	refused("another key", keygen(t, other, SignatureNamespace))
	refused("a touch for something else", keygen(t, device, "file"))
	refused("another message", func(m []byte) ([]byte, error) { return keygen(t, device, SignatureNamespace)(append(m, ' ')) })
	refused("made without a touch", func(m []byte) ([]byte, error) {
		return armored(device, SignatureNamespace, m, device.SignUntouched), nil
	})
	refused("no signature", func([]byte) ([]byte, error) { return []byte("yes"), nil })

	if err := Sign(dir, seen, v.TouchKey(registered, keygen(t, device, SignatureNamespace)), yes); err != nil {
		t.Fatal(err)
	}
	if got, _, a := s.Redeem(request, true); got != Approved || a.By != "operator" {
		t.Fatalf("touched: %v %+v", got, a)
	}
}

func TestSecurityKeyWithPIN(t *testing.T) {
	device := sshtest.StartSecurityKey(t)
	registered := SecurityKey{Key: device.Line, File: device.File, PIN: true}
	data, err := AddSecurityKey(nil, registered)
	key := loaded(t, data, err).TouchKey(registered, keygen(t, device, SignatureNamespace))
	var coded *Error
	if err := key.Prove(); !errors.As(err, &coded) || coded.Code != "permission_denied" {
		t.Errorf("a touch without the PIN: %v", err)
	}
	device.Flags.Store(sshtest.Touched | sshtest.Verified)
	if err := key.Prove(); err != nil {
		t.Error(err)
	}
}

func TestSecurityKeysBesideAPassphrase(t *testing.T) {
	one, two := sshtest.StartSecurityKey(t), sshtest.StartSecurityKey(t)
	v, _ := passphrase(t)
	data, err := AddSecurityKey(v, SecurityKey{Key: one.Line, File: one.File})
	v = loaded(t, data, err)
	data, err = AddSecurityKey(v, SecurityKey{Key: two.Line, File: two.File})
	v = loaded(t, data, err)
	data, err = AddSecurityKey(v, SecurityKey{Key: one.Line + " again", File: one.File, PIN: true})
	v = loaded(t, data, err)
	if got := v.SecurityKeys(); len(got) != 2 || !got[1].PIN {
		t.Errorf("%+v", got)
	}
	if _, err := v.Unlock([]byte("a long enough phrase")); err != nil {
		t.Errorf("the passphrase after keys were added: %v", err)
	}
	data, err = SetPassphrase(v, []byte("another long phrase"))
	if v = loaded(t, data, err); len(v.SecurityKeys()) != 2 {
		t.Errorf("a new passphrase took the keys away: %+v", v.file)
	}
	if _, err := RemoveSecurityKey(v, "SHA256:none"); err == nil || !strings.Contains(err.Error(), "no security key") {
		t.Errorf("removing what is not there: %v", err)
	}
	data, err = RemoveSecurityKey(v, SecurityKey{Key: one.Line}.Fingerprint())
	if v = loaded(t, data, err); len(v.SecurityKeys()) != 1 || v.SecurityKeys()[0].File != two.File {
		t.Errorf("%+v", v.SecurityKeys())
	}
	data, err = AddSecurityKey(nil, SecurityKey{Key: one.Line})
	if _, err := RemoveSecurityKey(loaded(t, data, err), SecurityKey{Key: one.Line}.Fingerprint()); err == nil {
		t.Error("the last that can approve was removed")
	}
}

func TestWhatIsNoSecurityKey(t *testing.T) {
	line, err := sshtest.WriteKey(filepath.Join(t.TempDir(), "id"), "plain")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{line, "", "sk-ssh-ed25519@openssh.com AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"} {
		if _, err := AddSecurityKey(nil, SecurityKey{Key: text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	damaged := filepath.Join(t.TempDir(), "approval.json")
	if err := os.WriteFile(damaged, []byte(`{"v":1,"kdf":"argon2id","security_keys":[{"key":"`+line+`","file":"/x"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadVerifier(damaged); err == nil {
		t.Error("a file with a key that needs no person was taken")
	}
}

func FuzzSSHSignature(f *testing.F) {
	f.Add("-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n", []byte("x"))
	f.Fuzz(func(t *testing.T, text string, message []byte) {
		if key, flags, ok := openSignature(message, text); ok && key == nil {
			t.Errorf("flags %d of no key", flags)
		}
	})
}
