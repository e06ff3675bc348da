package approval

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sys/unix"
)

// The cost of trying one passphrase: about a third of a second and 64 MiB, as RFC 9106 section 4 recommends where memory is
// scarce.
const (
	kdfTime    = 3
	kdfMemory  = 64 * 1024 // KiB
	kdfThreads = 4
)

// maxMemory bounds what a file can ask for, in KiB.
const maxMemory = 1024 * 1024

// Verifier recognises answers that were given with the passphrase or a security key. It holds no secret: the passphrase gives an Ed25519
// key, and the file has its public half.
type Verifier struct {
	Path     string
	Advisory bool // the server's own account can replace the file, and so can its shell
	file     verifierFile
}

type verifierFile struct {
	V       int    `json:"v"`
	KDF     string `json:"kdf"`
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory_kib"`
	Threads uint8  `json:"threads"`
	Public  []byte `json:"public_key"`

	SecurityKeys []SecurityKey `json:"security_keys,omitempty"`
}

// MinimumPassphrase is the least length of a passphrase in bytes.
const MinimumPassphrase = 8

// SetPassphrase makes the content of an approval file with a new passphrase; old is the file there is, nil for none.
func SetPassphrase(old *Verifier, passphrase []byte) ([]byte, error) {
	if len(passphrase) < MinimumPassphrase {
		return nil, &Error{"invalid_argument", fmt.Sprintf("the passphrase is shorter than %d characters", MinimumPassphrase), "choose a longer one"}
	}
	f := old.content()
	f.Salt, f.Time, f.Memory, f.Threads = make([]byte, 16), kdfTime, kdfMemory, kdfThreads
	if _, err := rand.Read(f.Salt); err != nil {
		return nil, err
	}
	f.Public = f.derive(passphrase).Public().(ed25519.PublicKey)
	return json.MarshalIndent(f, "", "  ")
}

// content is a copy of the file, an empty one of nil.
func (v *Verifier) content() verifierFile {
	if v == nil {
		return verifierFile{V: 1, KDF: "argon2id"}
	}
	f := v.file
	f.SecurityKeys = slices.Clone(f.SecurityKeys)
	return f
}

// HasPassphrase reports whether a passphrase approves; otherwise only security keys do.
func (v *Verifier) HasPassphrase() bool { return len(v.file.Public) > 0 }

func (f verifierFile) derive(passphrase []byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(argon2.IDKey(passphrase, f.Salt, f.Time, f.Memory, f.Threads, ed25519.SeedSize))
}

// LoadVerifier reads the first passphrase file that exists. None is ErrNoKey.
func LoadVerifier(paths ...string) (*Verifier, error) {
	for _, p := range paths {
		v, err := loadVerifier(p)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("approval passphrase file %s: %w", p, err)
		}
		return v, nil
	}
	return nil, ErrNoKey
}

func loadVerifier(path string) (*Verifier, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("others can write it (mode %04o); chmod go-w", info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, err
	}
	v := &Verifier{Path: path, Advisory: replaceable(path)}
	if err := json.Unmarshal(data, &v.file); err != nil {
		return nil, err
	}
	switch {
	case v.file.V != 1 || v.file.KDF != "argon2id":
		return nil, fmt.Errorf("unknown version %d or kind %q", v.file.V, v.file.KDF)
	case v.damaged():
		return nil, errors.New("it is damaged")
	}
	return v, nil
}

// damaged reports whether nothing in the file could approve, or what is there can't be what was written.
func (v *Verifier) damaged() bool {
	for _, k := range v.file.SecurityKeys {
		if _, err := k.public(); err != nil {
			return true
		}
	}
	if !v.HasPassphrase() {
		return len(v.file.SecurityKeys) == 0
	}
	f := v.file
	return len(f.Public) != ed25519.PublicKeySize || len(f.Salt) < 8 || f.Time == 0 || f.Time > 100 || f.Threads == 0 || f.Memory == 0 || f.Memory > maxMemory
}

// replaceable reports whether this process could put another file in the place of one: it owns or can write the file, or a
// directory above it.
func replaceable(path string) bool {
	if os.Geteuid() == 0 {
		return true
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return true
	}
	for p := abs; ; p = filepath.Dir(p) {
		if writable(p) {
			return true
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
}

func writable(p string) bool {
	info, err := os.Stat(p)
	if err != nil {
		return true
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == os.Geteuid() {
		return true // an owner can give itself the right
	}
	if info.IsDir() && info.Mode()&os.ModeSticky != 0 {
		return false // only owners replace what is in it, and those are checked
	}
	return unix.Access(p, unix.W_OK) == nil
}

// Unlock derives the key of a passphrase; a wrong one is ErrWrong.
func (v *Verifier) Unlock(passphrase []byte) (*Key, error) {
	private := v.file.derive(passphrase)
	if subtle.ConstantTimeCompare(private.Public().(ed25519.PublicKey), v.file.Public) != 1 {
		return nil, ErrWrong
	}
	return &Key{by: "the passphrase", sign: func(message []byte) (proof, error) {
		return proof{Signature: ed25519.Sign(private, message)}, nil
	}}, nil
}

// Key signs answers.
type Key struct {
	by   string
	sign func(message []byte) (proof, error)
}

// String says what the key is, for the record of an answer.
func (k *Key) String() string { return k.by }

// Prove has the key sign a message of its own, as it would an answer: a security key that nobody touches fails here.
func (k *Key) Prove() error {
	message := make([]byte, 32)
	if _, err := rand.Read(message); err != nil {
		return err
	}
	_, err := k.sign(append([]byte("relay-shell proof v1\n"), message...))
	return err
}

// proof shows that a person gave an answer: one of the two.
type proof struct {
	Signature    []byte `json:"signature,omitempty"`     // Ed25519, by the passphrase's key
	SSHSignature string `json:"ssh_signature,omitempty"` // by a security key
}

func (v *Verifier) accepts(message []byte, p proof) bool {
	if p.SSHSignature != "" {
		return v.touched(message, p.SSHSignature)
	}
	return v.HasPassphrase() && ed25519.Verify(v.file.Public, message, p.Signature)
}
