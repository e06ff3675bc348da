package sshtest

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Options say how a server differs from a plain sshd that lets the lab's key in as the current user.
// The zero value is that plain sshd, with OpenSSH's own limits (MaxSessions 10, MaxStartups 10:30:100).
type Options struct {
	// Alias is the name in the lab's ssh_config, "target" for the first server and "target2"… for later ones.
	Alias string
	// Aliases are further names of the same server.
	Aliases []string
	// Config holds extra sshd_config lines; they come first and so win over the defaults.
	Config []string
	// ClientConfig holds extra ssh_config lines for every alias of this server.
	ClientConfig []string
	// Shell is the login shell: a path, or a name in PATH. Empty means the account's own.
	Shell string
	// Ordinary logs in as an unprivileged account of its own instead of root. As an ordinary user it changes nothing.
	Ordinary bool
	// NoSFTP leaves out the sftp subsystem; SFTP is a command line for it instead of OpenSSH's own server.
	NoSFTP bool
	SFTP   string
	// Strange leaves the host key out of the lab's known_hosts.
	Strange bool
	// Binary is the sshd to start; empty means the one that is installed.
	Binary string
	// Dropbear starts a dropbear server; Config is ignored. It needs root.
	Dropbear bool
	// Addresses is how many loopback addresses (127.0.0.1 upwards) it listens on, 1 by default, 16 at most.
	Addresses int
}

// A Server is one running sshd or dropbear, with the lab in which it lives.
type Server struct {
	*Lab
	alias  string
	dir    string
	addr   string
	port   int
	user   string
	marker string // in the environment of all that runs on the server, so that Close finds it
	opt    Options
	proc   *process
}

// Start starts a server in the lab and waits until it listens.
func (l *Lab) Start(o Options) (*Server, error) {
	l.mu.Lock()
	l.serial++
	n := l.serial
	l.mu.Unlock()
	if o.Alias == "" {
		o.Alias = "target"
		if n > 1 {
			o.Alias += strconv.Itoa(n)
		}
	}
	s := &Server{Lab: l, alias: o.Alias, opt: o, addr: "127.0.0.1", dir: filepath.Join(l.dir, "s"+strconv.Itoa(n)), marker: rand.Text()}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("preparing server %s: %w", o.Alias, err)
	}
	if err := s.Restart(); err != nil {
		return nil, fmt.Errorf("starting server %s: %w", o.Alias, err)
	}
	l.onClose(s.Close)
	l.mu.Lock()
	l.servers = append(l.servers, s)
	l.mu.Unlock()
	for _, alias := range append([]string{o.Alias}, o.Aliases...) {
		if err := l.AddHost(alias, s.HostLines(o.ClientConfig...)...); err != nil {
			return nil, err
		}
	}
	if o.Strange {
		return s, nil
	}
	return s, l.Trust(s.KnownHostsLine())
}

// prepare makes the server's directory, its host key and the account that it lets in.
func (s *Server) prepare() error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	if _, err := WriteKey(s.hostKey(), "host"); err != nil {
		return err
	}
	if s.opt.Shell != "" {
		path, err := program(s.opt.Shell)
		if err != nil {
			return err
		}
		s.opt.Shell = path
	}
	account, err := user.Current()
	if err != nil {
		return err
	}
	s.user = account.Username
	if os.Getuid() == 0 {
		if s.opt.Ordinary {
			s.user = ordinaryName
		}
		return s.prepareAccount(account)
	}
	if s.opt.Dropbear {
		return fmt.Errorf("dropbear needs root here: it takes authorized keys from the account's home alone")
	}
	return os.WriteFile(s.authorizedKeys(), []byte(s.public+"\n"), 0o600)
}

// Restart starts the server (again, after Kill) on the port that it had before.
func (s *Server) Restart() error {
	var err error
	for range 5 { // another process may take the free port before sshd does
		if s.port == 0 {
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		if err = s.start(); err == nil {
			return nil
		}
		if !strings.Contains(s.Log(), "in use") || len(s.Log()) > 4096 {
			break
		}
		s.port = 0
	}
	return fmt.Errorf("%w\n%s", err, s.Log())
}

func (s *Server) start() error {
	argv, err := s.argv()
	if err != nil {
		return err
	}
	if argv, err = s.inAccountNamespace(argv); err != nil {
		return err
	}
	log, err := os.OpenFile(s.LogPath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.proc, err = startProcess(argv, []string{"PATH=" + searchPath(), markerName + "=" + s.marker}, log)
	if err != nil {
		return err
	}
	return s.waitListening()
}

// waitListening connects until somebody answers; MaxStartups does not mind, the connection closes at once.
func (s *Server) waitListening() error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s.proc.ended() {
			return fmt.Errorf("the server ended at once")
		}
		if !s.opt.Dropbear && !strings.Contains(s.Log(), "Server listening on "+s.addr) {
			continue
		}
		conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("the server does not listen on %s", s.Addr())
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Alias is the server's first name in the lab's ssh_config.
func (s *Server) Alias() string { return s.alias }

// Addr is "127.0.0.1:port".
func (s *Server) Addr() string { return net.JoinHostPort(s.addr, strconv.Itoa(s.port)) }

// Host is the address without the port.
func (s *Server) Host() string { return s.addr }

// Port is the TCP port.
func (s *Server) Port() int { return s.port }

// User is the account that the lab's key opens.
func (s *Server) User() string { return s.user }

// Pid is the listening process.
func (s *Server) Pid() int { return s.proc.pid }

// HostLines are the ssh_config lines that lead to this server, followed by more.
func (s *Server) HostLines(more ...string) []string {
	return append([]string{"HostName " + s.addr, "Port " + strconv.Itoa(s.port), "User " + s.user}, more...)
}

func (s *Server) hostKey() string        { return filepath.Join(s.dir, "host_key") }
func (s *Server) authorizedKeys() string { return filepath.Join(s.dir, "authorized_keys") }

// HostKey is the server's public host key.
func (s *Server) HostKey() ssh.PublicKey {
	line, err := os.ReadFile(s.hostKey() + ".pub")
	if err != nil {
		panic(fmt.Sprintf("sshtest: the host key that start wrote is gone: %v", err))
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		panic(fmt.Sprintf("sshtest: the host key that start wrote is no key: %v", err))
	}
	return key
}

// Fingerprint is the host key's "SHA256:…".
func (s *Server) Fingerprint() string { return ssh.FingerprintSHA256(s.HostKey()) }

// KnownHostsLine is the line that makes the server's key known, plain and without a newline.
func (s *Server) KnownHostsLine() string {
	names := make([]string, 0, s.addresses())
	for i := range s.addresses() {
		names = append(names, fmt.Sprintf("[127.0.0.%d]:%d", i+1, s.port))
	}
	return strings.Join(names, ",") + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.HostKey())))
}

func (s *Server) addresses() int { return min(max(s.opt.Addresses, 1), 16) }

// ReplaceHostKey gives the server another host key; it counts from the next Restart.
func (s *Server) ReplaceHostKey() error {
	_, err := WriteKey(s.hostKey(), "host")
	return err
}
