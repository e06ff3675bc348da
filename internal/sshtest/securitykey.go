package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// The flags with which a security key says what its user did (PROTOCOL.u2f).
const (
	Touched  = 1
	Verified = 4
)

// SecurityKey is an agent that holds one FIDO key in software.
type SecurityKey struct {
	agent.Agent        // what it doesn't have panics
	Line        string // authorized_keys line
	File        string // with the public half
	Socket      string // SSH_AUTH_SOCK
	// Flags is what the user does when asked for a signature, 0 to have none made.
	Flags atomic.Int32
	// Think, if set before the first use, is what the user does before that.
	Think func()

	private ed25519.PrivateKey
	blob    []byte
}

const (
	securityKeyType        = "sk-ssh-ed25519@openssh.com"
	securityKeyApplication = "ssh:"
)

// StartSecurityKey serves a new key, touched when asked, until the test ends.
func StartSecurityKey(t testing.TB) *SecurityKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sk") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	k := &SecurityKey{File: filepath.Join(dir, "id_ed25519_sk.pub"), Socket: filepath.Join(dir, "agent"), private: private}
	k.blob = ssh.Marshal(struct{ Kind, Point, Application string }{securityKeyType, string(public), securityKeyApplication})
	k.Flags.Store(Touched)
	key, err := ssh.ParsePublicKey(k.blob)
	if err != nil {
		t.Fatal(err)
	}
	k.Line = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if err := os.WriteFile(k.File, []byte(k.Line+" token\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", k.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = agent.ServeAgent(k, conn) // ends with the client
			}()
		}
	}()
	return k
}

// List is the one key.
func (k *SecurityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: securityKeyType, Blob: k.blob, Comment: "token"}}, nil
}

// Sign is what the device does once its user has done what Flags says.
func (k *SecurityKey) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	if k.Think != nil {
		k.Think()
	}
	flags := byte(k.Flags.Load())
	if flags == 0 {
		return nil, errors.New("nobody touched the key")
	}
	return k.signature(data, flags), nil
}

func (k *SecurityKey) signature(data []byte, flags byte) *ssh.Signature {
	application, message := sha256.Sum256([]byte(securityKeyApplication)), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{flags}, 1) // the device's counter
	signed := append(append(application[:], rest...), message[:]...)
	return &ssh.Signature{Format: securityKeyType, Blob: ed25519.Sign(k.private, signed), Rest: rest}
}

// SignUntouched makes the signature that a device would make for a key without a person (no-touch-required), which agents never ask for.
func (k *SecurityKey) SignUntouched(data []byte) *ssh.Signature { return k.signature(data, 0) }
