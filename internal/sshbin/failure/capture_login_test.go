//go:build capture

package failure

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func (c *capture) hostKeys() {
	store := dest.MasterOptions{StoreHostKey: true}
	c.server(2400, sshtest.Options{Alias: "strange", Strange: true})
	c.connect("host-key-unknown", "strange", dest.Options{}, dest.MasterOptions{})
	c.connect("host-key-unknown-asked", "strange", dest.Options{}, dest.MasterOptions{Interactive: true})
	changed := c.server(2401, sshtest.Options{Alias: "changed"})
	c.must(changed.ReplaceHostKey())
	c.names[changed.Fingerprint()] = "SHA256:" + strings.Repeat("b", 43)
	c.must(changed.Kill())
	c.must(changed.Restart())
	c.connect("host-key-changed", "changed", dest.Options{}, store)
	revoked := c.server(2402, sshtest.Options{Alias: "revoked", Strange: true})
	c.must(c.Trust("@revoked * " + strings.Join(strings.Fields(revoked.KnownHostsLine())[1:3], " ")))
	c.connect("host-key-revoked", "revoked", dest.Options{}, store)
}

func (c *capture) authentication(target *sshtest.Server) {
	m := dest.MasterOptions{}
	foreign := filepath.Join(c.Dir(), "foreign")
	_, err := sshtest.WriteKey(foreign, "foreign")
	c.must(err)
	c.connect("auth-failed", "target", dest.Options{KeyPath: foreign}, m)
	c.server(2500, sshtest.Options{Alias: "both", Config: []string{"PasswordAuthentication yes", "KbdInteractiveAuthentication yes"}})
	c.connect("auth-failed-other-methods", "both", dest.Options{KeyPath: foreign}, m)
	c.server(2501, sshtest.Options{Alias: "password", Config: []string{"PasswordAuthentication yes", "PubkeyAuthentication no"}})
	c.connect("password-only", "password", dest.Options{}, m)
	c.server(2502, sshtest.Options{Alias: "two-factors", Config: []string{"KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive", "UsePAM yes"}})
	c.connect("one-time-code-after-key", "two-factors", dest.Options{}, m)
	c.server(2503, sshtest.Options{Alias: "tries", Config: []string{"MaxAuthTries 1"}, ClientConfig: []string{"IdentityFile " + foreign}})
	c.connect("too-many-failures", "tries", dest.Options{}, m)

	locked := filepath.Join(c.Dir(), "locked")
	_, err = sshtest.WriteLockedKey(locked, "locked", rand.Text())
	c.must(err)
	c.connect("passphrase", "target", dest.Options{KeyPath: locked}, m)
	c.must(os.WriteFile(filepath.Join(c.Dir(), "open"), []byte("x"), 0o600))
	c.must(copyFile(c.ClientKey(), filepath.Join(c.Dir(), "open"), 0o644))
	c.connect("key-file-too-open", "target", dest.Options{KeyPath: filepath.Join(c.Dir(), "open")}, m)
	c.must(os.WriteFile(filepath.Join(c.Dir(), "broken"), []byte("no key\n"), 0o600))
	c.connect("key-file-broken", "target", dest.Options{KeyPath: filepath.Join(c.Dir(), "broken")}, m)

	c.agent("agent-refuses", "refused", refusing{})
	c.must(c.AddHost("agent-gone", target.HostLines("IdentityAgent "+c.Dir()+"/no-agent", "IdentityFile "+c.Dir()+"/none")...))
	c.must(os.Rename(c.ClientKey(), c.ClientKey()+".away"))
	c.connect("agent-gone", "agent-gone", dest.Options{}, m)
	c.must(os.Rename(c.ClientKey()+".away", c.ClientKey()))
	c.securityKey()
}

func copyFile(from, to string, mode os.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		return err
	}
	return os.Chmod(to, mode)
}

// refusing is an agent that holds the keys but signs nothing, as one whose owner says no to every question.
type refusing struct{ agent.Agent }

func (refusing) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) { return nil, os.ErrPermission }

func (c *capture) agent(name, alias string, a refusing) {
	ring := agent.NewKeyring()
	key, err := os.ReadFile(c.ClientKey())
	c.must(err)
	private, err := ssh.ParseRawPrivateKey(key)
	c.must(err)
	c.must(ring.Add(agent.AddedKey{PrivateKey: private, Comment: "me@desk"}))
	a.Agent = ring
	path := filepath.Join(c.Dir(), alias+".sock")
	l, err := net.Listen("unix", path)
	c.must(err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(a, conn)
		}
	}()
	// The public half alone, so that ssh has nobody but the agent to sign.
	c.must(copyFile(c.ClientKey()+".pub", filepath.Join(c.Dir(), "public.pub"), 0o600))
	lines := append(hostLines(c, "target"), "IdentityAgent "+path, "IdentityFile "+filepath.Join(c.Dir(), "public.pub"))
	c.must(os.Rename(c.ClientKey(), c.ClientKey()+".away"))
	c.must(c.AddHost(alias, lines...))
	c.connect(name, alias, dest.Options{}, dest.MasterOptions{})
	c.must(os.Rename(c.ClientKey()+".away", c.ClientKey()))
}

// securityKey offers a hardware key that the server knows and that no device holds.
func (c *capture) securityKey() {
	path := filepath.Join(c.Dir(), "token")
	line, err := sshtest.WriteSecurityKey(path)
	c.must(err)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	c.must(err)
	c.names[ssh.FingerprintSHA256(key)] = "SHA256:" + strings.Repeat("s", 43)
	keys := filepath.Join(c.Dir(), "token_keys")
	c.must(os.WriteFile(keys, []byte(line+"\n"), 0o644))
	c.server(2511, sshtest.Options{Alias: "token", Config: []string{"AuthorizedKeysFile " + keys}})
	c.connect("security-key-absent", "token", dest.Options{KeyPath: path}, dest.MasterOptions{})
	if !strings.Contains(c.words["security-key-absent"], "signing failed") {
		delete(c.words, "security-key-absent") // this ssh was built without libfido2
	}
}
