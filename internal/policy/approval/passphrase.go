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

// Verifier recognises answers that were given with the passphrase. It holds no secret: the passphrase gives an Ed25519 key,
// and the file has its public half.
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
}

// MinimumPassphrase is the least length of a passphrase in bytes.
const MinimumPassphrase = 8

// NewVerifierFile makes the content of a passphrase file.
func NewVerifierFile(passphrase []byte) ([]byte, error) {
	if len(passphrase) < MinimumPassphrase {
		return nil, &Error{"invalid_argument", fmt.Sprintf("the passphrase is shorter than %d characters", MinimumPassphrase), "choose a longer one"}
	}
	f := verifierFile{V: 1, KDF: "argon2id", Salt: make([]byte, 16), Time: kdfTime, Memory: kdfMemory, Threads: kdfThreads}
	if _, err := rand.Read(f.Salt); err != nil {
		return nil, err
	}
	f.Public = f.derive(passphrase).Public().(ed25519.PublicKey)
	return json.MarshalIndent(f, "", "  ")
}

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
	case len(v.file.Public) != ed25519.PublicKeySize, len(v.file.Salt) < 8, v.file.Time == 0, v.file.Threads == 0, v.file.Memory == 0, v.file.Memory > maxMemory, v.file.Time > 100:
		return nil, errors.New("it is damaged")
	}
	return v, nil
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
	return &Key{private}, nil
}

// Key signs answers.
type Key struct{ private ed25519.PrivateKey }
