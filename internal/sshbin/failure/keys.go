package failure

import (
	"bytes"
	"encoding/binary"
	"encoding/pem"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"relay-shell/internal/sshbin/dest"
)

// agentPath is the socket of the agent that ssh would ask for r, "" for none (ssh_config(5), IdentityAgent).
func agentPath(r *dest.Resolved, env []string) string {
	path := r.Get("identityagent")
	switch {
	case path == "" || path == "SSH_AUTH_SOCK":
		return lookup(env, "SSH_AUTH_SOCK")
	case strings.EqualFold(path, "none"):
		return ""
	case strings.HasPrefix(path, "$"):
		return lookup(env, strings.Trim(path[1:], "{}"))
	}
	return expand(path, r)
}

func lookup(env []string, name string) string {
	for _, v := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

type agentState struct {
	gone string
	keys [][]byte // public keys in wire format
}

// agentDeadline is enough for an agent that lives; one that waits for its owner must not hold up an error.
const agentDeadline = time.Second

func askAgent(path string) agentState {
	if path == "" {
		return agentState{}
	}
	conn, err := net.DialTimeout("unix", path, agentDeadline)
	if err != nil {
		return agentState{gone: err.Error()}
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(agentDeadline)); err != nil {
		return agentState{gone: err.Error()}
	}
	list, err := agent.NewClient(conn).List()
	if err != nil {
		return agentState{gone: err.Error()}
	}
	var state agentState
	for _, key := range list {
		state.keys = append(state.keys, key.Blob)
	}
	return state
}

// lockedKeys lists the configured identities that have a passphrase and are in none of the agent's hands.
func lockedKeys(r *dest.Resolved, held [][]byte) []string {
	var locked []string
	for _, file := range r.All("identityfile") {
		path := expand(file, r)
		public, isLocked := inspectKey(path)
		isHeld := slices.ContainsFunc(held, func(k []byte) bool { return bytes.Equal(k, public) })
		if isLocked && !isHeld && !slices.Contains(locked, path) {
			locked = append(locked, path)
		}
	}
	return locked
}

// expand replaces ~ and the tokens that ssh_config(5) allows in IdentityFile and IdentityAgent.
func expand(path string, r *dest.Resolved) string {
	me, err := user.Current()
	if err != nil {
		return path
	}
	if path == "~" || strings.HasPrefix(path, "~/") {
		path = me.HomeDir + path[1:]
	}
	host, _ := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	return strings.NewReplacer("%%", "%", "%d", me.HomeDir, "%h", r.Hostname, "%i", me.Uid, "%L", short, "%l", host, "%n", r.Alias,
		"%p", strconv.Itoa(r.Port), "%r", r.User, "%u", me.Username).Replace(path)
}

const maxKeyFile = 1 << 20

// inspectKey reads the head of a private key file: its public half, where the file or the one beside it tells, and
// whether a passphrase is needed. Nothing secret is decoded. Formats: PROTOCOL.key of OpenSSH, RFC 1421, PKCS #8.
func inspectKey(path string) (public []byte, locked bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, false
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, false
	}
	switch block.Type {
	case "OPENSSH PRIVATE KEY":
		return opensshHead(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return publicBeside(path), true
	}
	return publicBeside(path), strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
}

// opensshHead reads cipher and public key from the part of the format that is never encrypted.
func opensshHead(b []byte) (public []byte, locked bool) {
	rest, ok := bytes.CutPrefix(b, []byte("openssh-key-v1\x00"))
	if !ok {
		return nil, false
	}
	var fields [4][]byte // cipher, KDF, its options; then a count; then the first public key
	for i := range fields {
		if i == 3 {
			if len(rest) < 4 {
				return nil, false
			}
			rest = rest[4:]
		}
		if len(rest) < 4 {
			return nil, false
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-4) {
			return nil, false
		}
		fields[i], rest = rest[4:4+n], rest[4+n:]
	}
	return fields[3], string(fields[0]) != "none"
}

func publicBeside(path string) []byte {
	line, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return nil
	}
	return key.Marshal()
}
