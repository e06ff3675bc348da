package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// key signs checkpoints and checks them.
type key struct {
	signer   note.Signer
	verifier note.Verifier
	// public is the verifier key as people pass it on: name+hash+base64.
	public string
}

// loadKey reads the signing key, and makes it at the first run. The caller holds the log's lock.
func loadKey(fsys FS, name, origin string) (*key, error) {
	if info, err := fsys.Stat(name); err == nil && info.Mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the signing key %s may be read by others (mode %04o): chmod 600 it, or remove it to have a new one made", name, info.Mode.Perm())
	}
	text, err := readFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(fsys, name, origin)
	}
	if err != nil {
		return nil, err
	}
	return parseKey(strings.TrimSpace(string(text)))
}

func parseKey(text string) (*key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, fmt.Errorf("the signing key is damaged: %w", err)
	}
	// PRIVATE+KEY+<name>+<hash>+<base64 of one byte for the algorithm and 32 of seed>; NewSigner has checked all of it.
	fields := strings.SplitN(text, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errors.New("the signing key is damaged")
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("the signing key is damaged: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("the signing key is damaged: %w", err)
	}
	return &key{signer: signer, verifier: verifier, public: public}, nil
}

// makeKey writes a new key and its public half, so that of a crash half way either nothing or a whole key is left.
func makeKey(fsys FS, name, origin string) ([]byte, error) {
	if origin == "" {
		origin = defaultOrigin()
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("making the signing key: %w", err)
	}
	if err := writeFile(fsys, name+".pub", []byte(public+"\n")); err != nil {
		return nil, err
	}
	if err := writeFile(fsys, name, []byte(private+"\n")); err != nil {
		return nil, err
	}
	return []byte(private), fsys.SyncDir(filepath.Dir(name))
}

// defaultOrigin names a log: unique, without spaces or plus signs (C2SP tlog-checkpoint).
func defaultOrigin() string {
	host, err := os.Hostname()
	if err != nil || host == "" || strings.ContainsAny(host, " +\t\n") {
		host = "localhost"
	}
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return "relay-shell/" + host + "/" + hex.EncodeToString(id[:])
}

// writeFile puts a whole file in place or none.
func writeFile(fsys FS, name string, data []byte) error {
	tmp := name + ".new"
	f, err := fsys.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(tmp, name)
	}
	return err
}

func readFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
