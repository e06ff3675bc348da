package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
)

// WriteKey makes an Ed25519 key, writes the private half to path (0600) and the public half to path.pub, and
// returns the public half as an authorized_keys line without a newline.
func WriteKey(path, comment string) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return "", err
	}
	return writeKey(path, comment, block, public)
}

// WriteLockedKey is WriteKey with a passphrase on the private half.
func WriteLockedKey(path, comment, passphrase string) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, comment, []byte(passphrase))
	if err != nil {
		return "", err
	}
	return writeKey(path, comment, block, public)
}

func writeKey(path, comment string, block *pem.Block, public ed25519.PublicKey) (string, error) {
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return "", err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " " + comment
	return line, os.WriteFile(path+".pub", []byte(line+"\n"), 0o644)
}

// WriteSecurityKey writes the file of a hardware key that no device holds (PROTOCOL.u2f, PROTOCOL.key): ssh offers it, and
// cannot sign. It returns the public half as an authorized_keys line without a newline.
func WriteSecurityKey(path string) (string, error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	const kind, application, presence = "sk-ssh-ed25519@openssh.com", "ssh:", 1
	blob := ssh.Marshal(struct{ Kind, Point, Application string }{kind, string(public), application})
	private := ssh.Marshal(struct {
		Check1, Check2           uint32
		Kind, Point, Application string
		Flags                    byte
		Handle, Reserved         string
		Comment                  string
	}{42, 42, kind, string(public), application, presence, string(public), "", "token"})
	for i := byte(1); len(private)%8 != 0; i++ {
		private = append(private, i)
	}
	file := append([]byte("openssh-key-v1\x00"), ssh.Marshal(struct {
		Cipher, KDF, Options string
		Keys                 uint32
		Public, Private      string
	}{"none", "none", "", 1, string(blob), string(private)})...)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: file}), 0o600); err != nil {
		return "", err
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
}

// searchPath is PATH with the directories where sshd lives and that an ordinary user's PATH lacks.
func searchPath() string {
	return os.Getenv("PATH") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
}

// program finds an executable in PATH and in the sbin directories. sshd wants to be started by its absolute path.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(dir + "/" + name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: the tests need openssh-server, openssh-client and dropbear-bin", name)
}

func readSigner(path string) (ssh.Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKey(data)
}
