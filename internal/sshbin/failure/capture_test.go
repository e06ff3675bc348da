//go:build capture

package failure

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestCapture writes testdata/openssh-VERSION.txtar: what the ssh named by CAPTURE_SSH says in every situation of
// the table in transcripts_test.go. It needs root for the unroutable networks.
//
//	CAPTURE_SSH=/usr/bin/ssh go test -tags capture -run TestCapture ./internal/sshbin/failure
func TestCapture(t *testing.T) {
	binary := os.Getenv("CAPTURE_SSH")
	if binary == "" {
		t.Fatal("CAPTURE_SSH does not name an ssh")
	}
	out, err := exec.Command(binary, "-V").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`OpenSSH_(\d+\.\d+)`).FindStringSubmatch(string(out))[1]
	c := &capture{Lab: sshtest.New(t), t: t, ssh: binary, names: map[string]string{}, words: map[string]string{}}
	c.scenarios()
	var b strings.Builder
	fmt.Fprintf(&b, "What OpenSSH %s says (client; the servers are OpenSSH 9.2 and small ones of our own).\nPaths, ports and fingerprints are replaced. Captured by capture_test.go.\n", version)
	keys := make([]string, 0, len(c.words))
	for name := range c.words {
		keys = append(keys, name)
	}
	sort.Strings(keys)
	for _, name := range keys {
		fmt.Fprintf(&b, "-- %s --\n%s", name, c.clean(c.words[name]))
	}
	if err := os.WriteFile("testdata/openssh-"+version+".txtar", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

type capture struct {
	*sshtest.Lab
	t     *testing.T
	ssh   string
	names map[string]string // what stands in the output → what stands in the transcript
	words map[string]string
	env   []string
}

// clean replaces what is different every time.
func (c *capture) clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, c.Dir(), "/home/me")
	s = strings.ReplaceAll(s, c.ssh, "/usr/bin/ssh")
	for from, to := range c.names {
		s = strings.ReplaceAll(s, from, to)
	}
	s = regexp.MustCompile(`pid=\d+`).ReplaceAllString(s, "pid=1")
	s = regexp.MustCompile(`(sent|received) \d+`).ReplaceAllString(s, "$1 1")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return regexp.MustCompile(`(unix_listener: [^\n]*?\.)[A-Za-z0-9]{16}\b`).ReplaceAllString(s, "${1}XXXXXXXXXXXXXXXX")
}

func (c *capture) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// port gives a server's port a fixed number in the transcript.
func (c *capture) server(number int, o sshtest.Options) *sshtest.Server {
	c.t.Helper()
	s := c.MustStart(c.t, o)
	c.names[strconv.Itoa(s.Port())] = strconv.Itoa(number)
	c.names[s.Fingerprint()] = "SHA256:" + strings.Repeat(string(rune('A'+number%26)), 43)
	return s
}

func (c *capture) hostile(alias string, number int, serve func(net.Conn)) {
	addr, err := c.Hostile(alias, serve)
	c.must(err)
	_, port, _ := net.SplitHostPort(addr)
	c.names[port] = strconv.Itoa(number)
}

// connect starts a master with the product's own arguments and records what ssh says; it must fail.
func (c *capture) connect(name, host string, o dest.Options, m dest.MasterOptions, wrap ...string) {
	c.t.Helper()
	d, err := dest.Parse(host, o)
	c.must(err)
	r, err := dest.NewResolver(dest.ResolverOptions{SSH: c.ssh, ConfigFile: c.Config(), Env: c.Env(), Dir: filepath.Join(c.Dir(), "copies")}).Resolve(context.Background(), d)
	c.must(err)
	if m.ControlPath == "" {
		m.ControlPath = filepath.Join(c.RuntimeDir(), "c")
	}
	m.Log, m.Shell = filepath.Join(c.Dir(), "log"), dest.ShellOf(c.Env())
	c.must(r.RemoveLogs(m.Log))
	if m.ConnectTimeout == 0 {
		m.ConnectTimeout = 5 * time.Second
	}
	out, err := c.run(append(append(wrap, c.ssh), r.MasterArgs(m)...))
	if err == nil {
		c.t.Errorf("%s: ssh connected", name)
		exec.Command(c.ssh, r.ControlArgs(m.ControlPath, "exit")...).Run()
	}
	log, _ := os.ReadFile(m.Log)
	c.words[name] = string(log) + out
	for i := range max(len(r.Jump), 1) {
		if hop, err := os.ReadFile(dest.HopLog(m.Log, i)); err == nil {
			c.words[fmt.Sprintf("%s.hop%d", name, i)] = string(hop)
		}
	}
}

func (c *capture) run(argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(dest.Environ(c.Env()), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second // 8.4 keeps standard error open in the background
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return string(out), err
}

func (c *capture) scenarios() {
	public, err := os.ReadFile(c.ClientKey() + ".pub")
	c.must(err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(public)
	c.must(err)
	c.names[ssh.FingerprintSHA256(key)] = "SHA256:" + strings.Repeat("k", 43)
	target := c.server(2222, sshtest.Options{Alias: "target"})
	c.server(2201, sshtest.Options{Alias: "bastion"})
	store := dest.MasterOptions{StoreHostKey: true}

	c.network()
	c.hostKeys()
	c.authentication(target)
	c.jumps(target)

	c.must(c.AddHost("command-missing", "ProxyCommand no-such-program %h %p"))
	c.connect("proxy-command-missing", "command-missing", dest.Options{}, store)
	c.must(c.AddHost("command-fails", "ProxyCommand sh -c 'echo the tunnel is down >&2; exit 1'"))
	c.connect("proxy-command-fails", "command-fails", dest.Options{}, store)
	c.must(c.AddHost("command-silent", "ProxyCommand false"))
	c.connect("proxy-command-silent", "command-silent", dest.Options{}, store)

	c.connect("control-path-too-long", "target", dest.Options{}, dest.MasterOptions{ControlPath: filepath.Join(c.RuntimeDir(), strings.Repeat("x", 120))})
	c.connect("control-path-a-little-too-long", "target", dest.Options{}, dest.MasterOptions{ControlPath: filepath.Join(c.RuntimeDir(), strings.Repeat("x", 98-len(c.RuntimeDir())))})
	c.connect("control-path-without-directory", "target", dest.Options{}, dest.MasterOptions{ControlPath: filepath.Join(c.Dir(), "none", "c")})

	c.config()
	c.lost()
}

func (c *capture) network() {
	store := dest.MasterOptions{StoreHostKey: true}
	c.connect("unknown-host", "no-such-host.invalid", dest.Options{}, store)
	c.must(c.AddHost("alias", "HostName no-such-name.invalid"))
	c.connect("dns", "alias", dest.Options{}, store)
	c.must(c.AddHost("closed", "HostName 127.0.0.1", "Port 1"))
	c.connect("refused", "closed", dest.Options{}, store)
	c.must(c.AddHost("far", "HostName 10.1.2.3"))
	c.connect("network-unreachable", "far", dest.Options{}, store, "unshare", "-n")
	c.connect("no-route", "far", dest.Options{}, store, "unshare", "-n", "sh", "-c", `ip link set lo up && ip route add unreachable 10.0.0.0/8 && exec "$@"`, "sh")

	full, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	raw, err := full.(*net.TCPListener).SyscallConn()
	c.must(err)
	c.must(raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) }))
	port := full.Addr().(*net.TCPAddr).Port
	for range 3 {
		if conn, err := net.DialTimeout("tcp", full.Addr().String(), 200*time.Millisecond); err == nil {
			defer conn.Close()
		}
	}
	c.names[strconv.Itoa(port)] = "2301"
	c.must(c.AddHost("full", "HostName 127.0.0.1", "Port "+strconv.Itoa(port)))
	c.connect("connect-timeout", "full", dest.Options{}, dest.MasterOptions{ConnectTimeout: time.Second})
	full.Close()

	c.hostile("silent", 2302, func(conn net.Conn) { conn.Read(make([]byte, 1000)); time.Sleep(3 * time.Second) })
	c.connect("banner-timeout", "silent", dest.Options{}, dest.MasterOptions{ConnectTimeout: time.Second})
	c.hostile("dropping", 2303, func(conn net.Conn) {})
	c.connect("dropped-before-greeting", "dropping", dest.Options{}, store)
	c.hostile("startups", 2304, func(conn net.Conn) { conn.Write([]byte("Exceeded MaxStartups\r\n")) })
	c.connect("max-startups", "startups", dest.Options{}, store)
	c.hostile("penalty", 2305, func(conn net.Conn) { conn.Write([]byte("Not allowed at this time\r\n")) })
	c.connect("penalty", "penalty", dest.Options{}, store)
	c.hostile("resetting", 2306, func(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0) })
	c.connect("reset-before-greeting", "resetting", dest.Options{}, store)
	c.hostile("web", 2307, func(conn net.Conn) { conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n\x00\x01binary\r\n")) })
	c.connect("no-ssh-server", "web", dest.Options{}, store)
	c.hostile("old", 2308, func(conn net.Conn) { conn.Write([]byte("SSH-1.5-old\r\n")); conn.Read(make([]byte, 100)) })
	c.connect("protocol-too-old", "old", dest.Options{}, store)
	c.hostile("cut", 2309, func(conn net.Conn) { conn.Write([]byte("SSH-2.0-x\r\n")); conn.Read(make([]byte, 1)) })
	c.connect("dropped-in-key-exchange", "cut", dest.Options{}, store)
	c.hostile("garbage", 2310, func(conn net.Conn) {
		conn.Write([]byte("SSH-2.0-x\r\n"))
		junk := make([]byte, 4096)
		rand.Read(junk)
		junk[0] = 0xff
		conn.Write(junk)
		conn.Read(make([]byte, 1))
	})
	c.connect("bad-packet", "garbage", dest.Options{}, store)
	c.server(2311, sshtest.Options{Alias: "old-kex", Config: []string{"KexAlgorithms diffie-hellman-group14-sha1"}, ClientConfig: []string{"KexAlgorithms curve25519-sha256"}})
	c.connect("no-common-key-exchange", "old-kex", dest.Options{}, store)
	c.server(2312, sshtest.Options{Alias: "old-key", ClientConfig: []string{"HostKeyAlgorithms rsa-sha2-512"}})
	c.connect("no-common-host-key", "old-key", dest.Options{}, store)
}

func (c *capture) jumps(target *sshtest.Server) {
	store := dest.MasterOptions{StoreHostKey: true}
	via := func(alias, jump string, lines ...string) {
		c.must(c.AddHost(alias, append(append([]string{}, lines...), append([]string{"ProxyJump " + jump}, target.HostLines()...)...)...))
	}
	via("via-refused", "closed")
	c.connect("hop-refused", "via-refused", dest.Options{}, store)
	via("via-dns", "alias")
	c.connect("hop-dns", "via-dns", dest.Options{}, store)
	via("via-strange", "strange")
	c.connect("hop-host-key-unknown", "via-strange", dest.Options{}, dest.MasterOptions{})
	via("via-changed", "changed")
	c.connect("hop-host-key-changed", "via-changed", dest.Options{}, store)
	c.server(2601, sshtest.Options{Alias: "locked-out", Config: []string{"AuthorizedKeysFile /dev/null"}})
	via("via-locked-out", "locked-out")
	c.connect("hop-auth-failed", "via-locked-out", dest.Options{}, store)
	via("via-dropping", "dropping")
	c.connect("hop-dropped-before-greeting", "via-dropping", dest.Options{}, store)
	via("via-silent", "silent")
	c.connect("hop-banner-timeout", "via-silent", dest.Options{}, dest.MasterOptions{StoreHostKey: true, ConnectTimeout: time.Second})
	c.server(2602, sshtest.Options{Alias: "no-forwarding", Config: []string{"AllowTcpForwarding no"}})
	via("via-no-forwarding", "no-forwarding")
	c.connect("hop-forbids-forwarding", "via-no-forwarding", dest.Options{}, store)

	c.must(c.AddHost("behind-closed", "HostName 127.0.0.1", "Port 1", "ProxyJump bastion"))
	c.connect("behind-hop-refused", "behind-closed", dest.Options{}, store)
	c.must(c.AddHost("behind-dns", "HostName no-such-name.invalid", "ProxyJump bastion"))
	c.connect("behind-hop-dns", "behind-dns", dest.Options{}, store)
	c.must(c.AddHost("behind-auth", append([]string{"ProxyJump bastion"}, hostLines(c, "locked-out")...)...))
	c.connect("behind-hop-auth-failed", "behind-auth", dest.Options{}, store)
	c.must(c.AddHost("behind-strange", append([]string{"ProxyJump bastion"}, hostLines(c, "strange")...)...))
	c.connect("behind-hop-host-key-unknown", "behind-strange", dest.Options{}, dest.MasterOptions{})
	c.must(c.AddHost("behind-dropping", append([]string{"ProxyJump bastion"}, hostLines(c, "dropping")...)...))
	c.connect("behind-hop-dropped", "behind-dropping", dest.Options{}, store)
	via("via-two", "bastion,closed")
	c.connect("second-hop-refused", "via-two", dest.Options{}, store)
	c.connect("first-hop-refused", "target", dest.Options{Jump: "closed,bastion"}, store)
}

func hostLines(c *capture, alias string) []string {
	out, err := exec.Command("ssh", "-G", "-T", "-F", c.Config(), alias).Output()
	c.must(err)
	return regexp.MustCompile(`(?m)^(hostname|port|user) .*$`).FindAllString(string(out), -1)
}

func (c *capture) config() {
	bad := filepath.Join(c.Dir(), "bad")
	c.must(os.WriteFile(bad, []byte("Host x\n  Nonsense yes\n"), 0o600))
	out, _ := c.run([]string{c.ssh, "-F", bad, "--", "x"})
	c.words["bad-configuration"] = out
	out, _ = c.run([]string{c.ssh, "-F", filepath.Join(c.Dir(), "missing"), "--", "x"})
	c.words["configuration-missing"] = out
	out, _ = c.run([]string{c.ssh, "-F", "/dev/null", "--", "a;b"})
	c.words["bad-host-name"] = out
}

func (c *capture) lost() {
	log := filepath.Join(c.Dir(), "lost")
	start := func(number int, alias string, alive time.Duration) (*sshtest.Server, *dest.Resolved, string) {
		s := c.server(number, sshtest.Options{Alias: alias})
		d, err := dest.Parse(alias, dest.Options{})
		c.must(err)
		r, err := dest.NewResolver(dest.ResolverOptions{SSH: c.ssh, ConfigFile: c.Config(), Env: c.Env()}).Resolve(context.Background(), d)
		c.must(err)
		ctl := filepath.Join(c.RuntimeDir(), alias)
		os.Remove(log)
		out, err := c.run(append([]string{c.ssh}, r.MasterArgs(dest.MasterOptions{ControlPath: ctl, Log: log, KeepAlive: alive})...))
		if err != nil {
			c.t.Fatal(err, out)
		}
		return s, r, ctl
	}
	wait := func(name, ctl string) {
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if _, err := os.Stat(ctl); os.IsNotExist(err) {
				break
			}
		}
		data, _ := os.ReadFile(log)
		c.words[name] = string(data)
	}
	s, _, ctl := start(2701, "dying", time.Second)
	s.DropConnections()
	wait("connection-closed-by-server", ctl)
	s, _, ctl = start(2702, "freezing", time.Second)
	s.Pause()
	wait("keepalive-timeout", ctl)
	s.Resume()

	_, r, ctl := start(2703, "one-session", time.Minute)
	pid, _ := c.run(append([]string{c.ssh}, r.ControlArgs(ctl, "check")...))
	c.words["control-check"] = pid
	if m := regexp.MustCompile(`pid=(\d+)`).FindStringSubmatch(pid); m != nil {
		n, _ := strconv.Atoi(m[1])
		syscall.Kill(n, syscall.SIGKILL)
		time.Sleep(200 * time.Millisecond)
	}
	out, _ := c.run(append([]string{c.ssh}, r.ClientArgs(dest.ClientOptions{ControlPath: ctl, Command: "true"})...))
	c.words["client-of-a-dead-master"] = out
	os.Remove(ctl)
	out, _ = c.run(append([]string{c.ssh}, r.ClientArgs(dest.ClientOptions{ControlPath: ctl, Command: "true"})...))
	c.words["client-without-a-socket"] = out
	out, _ = c.run(append([]string{c.ssh}, r.ControlArgs(ctl, "check")...))
	c.words["control-check-without-a-socket"] = out

	c.server(2704, sshtest.Options{Alias: "few", Config: []string{"MaxSessions 0"}})
	d, _ := dest.Parse("few", dest.Options{})
	r, err := dest.NewResolver(dest.ResolverOptions{SSH: c.ssh, ConfigFile: c.Config(), Env: c.Env()}).Resolve(context.Background(), d)
	c.must(err)
	ctl = filepath.Join(c.RuntimeDir(), "few")
	_, err = c.run(append([]string{c.ssh}, r.MasterArgs(dest.MasterOptions{ControlPath: ctl, Log: log})...))
	c.must(err)
	out, _ = c.run(append([]string{c.ssh}, r.ClientArgs(dest.ClientOptions{ControlPath: ctl, Command: "true"})...))
	c.words["session-refused"] = out
	c.run(append([]string{c.ssh}, r.ControlArgs(ctl, "exit")...))
}
