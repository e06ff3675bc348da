package dest

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// Defaults of MasterOptions.
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultKeepAlive      = 10 * time.Second
)

// keepAliveCount is how many keepalives may go unanswered before ssh ends the connection.
const keepAliveCount = 3

// MasterOptions say how a master is started.
type MasterOptions struct {
	ControlPath    string        // of the socket to make: at most about 90 bytes, in a directory of mode 0700
	Log            string        // file for ssh's words (-E), "" for standard error; hops write to HopLog beside it
	ConnectTimeout time.Duration // for each hop and the destination; default 10 s, rounded up to seconds; a ConnectTimeout of ssh_config wins
	KeepAlive      time.Duration // default 10 s, rounded up; a shorter ServerAliveInterval of ssh_config wins
	Persist        time.Duration // how long it lives without a session; 0 is for ever
	StoreHostKey   bool          // allows ssh to write known_hosts where the policy says so
	Interactive    bool          // a person sits at a terminal: prompts are allowed
	Proxy          string        // ProxyCommand to use instead of connecting (through Jump); "" for the usual way
	// Shell is what runs a ProxyCommand, [ShellOf] ssh's environment. With a POSIX shell the words of the operator's own
	// ProxyCommand go to HopLog, too; otherwise, and when it is "", they are lost.
	Shell string
}

// HopLog is the file for the words of the hop at this position of Jump, or of the operator's own ProxyCommand (0). A
// master with ControlPersist sends the standard error of its proxy to /dev/null (sshconnect.c, ssh_proxy_connect), so
// without a file of its own nobody would learn why a hop failed.
func HopLog(log string, position int) string { return log + ".hop" + strconv.Itoa(position) }

// Logs are the files that a master with this log writes to, and those of the ssh processes that carry it over its jump hosts.
func (r *Resolved) Logs(log string) []string {
	paths := []string{log, HopLog(log, 0)}
	for i := 1; i < len(r.Jump); i++ {
		paths = append(paths, HopLog(log, i))
	}
	return paths
}

// RemoveLogs removes log and the files of the hops beside it. ssh appends, so whoever starts a master removes what an
// earlier attempt left there. Files that are not there are no error.
func (r *Resolved) RemoveLogs(log string) error {
	var errs []error
	for _, path := range r.Logs(log) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// MasterArgs gives the arguments, without the program's name, that start a master and return when it is ready: -f.
//
// It follows ssh_config but for what has no place in a connection that serves commands: forwards of its own,
// X11, LocalCommand, RemoteCommand, a tunnel device. ControlMaster is set by -M alone, because `-M -o ControlMaster=yes`
// means ask (ssh.c counts the one on top of the other).
func (r *Resolved) MasterArgs(o MasterOptions) []string {
	args := r.destinationArgs()
	if o.Log != "" {
		args = append(args, "-E", o.Log)
	}
	args = append(args, "-M", "-N", "-f", "-n", "-T", "-S", escapePercent(o.ControlPath))
	options := r.connectionOptions(o)
	if o.Persist > 0 {
		options = append(options, "ControlPersist="+seconds(o.Persist))
	} else {
		options = append(options, "ControlPersist=yes")
	}
	options = append(options, plainSession...)
	options = append(options, sendMark)
	options = append(options, r.logOptions()...)
	options = append(options, r.proxyOptions(o)...)
	return append(withOptions(args, options), "--", r.Alias)
}

// plainSession keeps out of a connection what ssh_config may ask for a person's terminal.
var plainSession = []string{
	"ClearAllForwardings=yes", // a second client would fail to bind them, or take them over
	"ForwardX11=no",
	"PermitLocalCommand=no",
	"RemoteCommand=none", // ssh refuses a command beside it
	"Tunnel=no",
}

// SessionVariable marks the processes of a session with a terminal, so that it is found among others of the same connection. Its
// name begins with LC_ because that is what servers accept from clients (AcceptEnv) more often than anything else.
const SessionVariable = "LC_RELAY_SESSION"

// sendMark lets the mark through: of a client's variables the master drops what its own SendEnv does not name.
const sendMark = "SendEnv=" + SessionVariable

// connectionOptions are those that hold for the destination and for each hop on the way.
func (r *Resolved) connectionOptions(o MasterOptions) []string {
	connect, alive := o.ConnectTimeout, o.KeepAlive
	if connect <= 0 {
		connect = DefaultConnectTimeout
	}
	if alive <= 0 {
		alive = DefaultKeepAlive
	}
	if n, err := strconv.Atoi(r.Get("serveraliveinterval")); err == nil && n > 0 {
		alive = min(alive, time.Duration(n)*time.Second)
	}
	if o.Proxy == "" {
		// Behind hops the wait for the greeting begins before the first of them is reached, and each has its own wait.
		connect *= time.Duration(len(r.Jump) + 1)
	}
	options := []string{
		"ConnectTimeout=" + seconds(r.ConnectTimeout(connect)),
		"ServerAliveInterval=" + seconds(alive),
		"ServerAliveCountMax=" + strconv.Itoa(keepAliveCount),
	}
	if r.KnownHosts == Ignore && r.since85() {
		options = append(options, "KnownHostsCommand=none")
	}
	if !o.Interactive {
		options = append(options, "BatchMode=yes")
		return append(options, r.KnownHosts.options(r.Get("stricthostkeychecking"), o.StoreHostKey)...)
	}
	if r.KnownHosts != AsConfigured { // the person is asked where ssh_config says ask
		options = append(options, r.KnownHosts.options("", o.StoreHostKey)...)
	}
	return options
}

// logOptions make ssh say how it signed in and, where this ssh can (LogVerbose is of 8.5), which host key it saw and
// which key it signs with: one that waits for a touch says nothing else.
func (r *Resolved) logOptions() []string {
	options := []string{"LogLevel=VERBOSE"}
	if r.since85() {
		options = append(options, "LogVerbose=sshconnect.c:verify_host_key():*,sshconnect2.c:sign_and_send_pubkey():*")
	}
	return options
}

// since85 reports whether this ssh knows the keywords of OpenSSH 8.5, LogVerbose and KnownHostsCommand; 8.4 refuses to
// start with them. `ssh -G` always prints the first.
func (r *Resolved) since85() bool { return r.Get("logverbose") != "" }

// ClientOptions say how a client of a live master runs.
type ClientOptions struct {
	ControlPath string
	Command     string // for the remote shell; "" is a login shell
	Subsystem   bool   // Command names a subsystem (-s)
	TTY         bool   // with a remote terminal (-tt), else without (-T); it sends SessionVariable
	Log         string // file for ssh's own words (-E), "" for standard error
}

// ClientArgs gives the arguments of an ssh that rides the master at ControlPath. When that master is gone it fails
// with status 255 instead of signing in afresh: its way to a connection of its own is a command that fails.
func (r *Resolved) ClientArgs(o ClientOptions) []string {
	args := r.destinationArgs()
	if o.Log != "" {
		args = append(args, "-E", o.Log)
	}
	tty := "-T"
	if o.TTY {
		tty = "-tt"
	}
	args = append(args, "-S", escapePercent(o.ControlPath), tty, "-e", "none")
	options := append([]string{"ControlMaster=no", "ProxyCommand=false", "BatchMode=yes", "LogLevel=ERROR"}, plainSession...)
	if o.TTY {
		options = append(options, sendMark)
	}
	args = withOptions(args, options)
	if o.Subsystem {
		args = append(args, "-s")
	}
	args = append(args, "--", r.Alias) // ssh takes no options after these (opt_terminated in ssh.c)
	if o.Command != "" {
		args = append(args, o.Command)
	}
	return args
}

// ControlArgs gives the arguments of `ssh -O command` (check, exit, stop…) for the master at controlPath.
func (r *Resolved) ControlArgs(controlPath, command string) []string {
	args := append(r.destinationArgs(), "-S", escapePercent(controlPath), "-O", command)
	return append(args, "--", r.Alias)
}

// destinationArgs are what the call itself says: configuration file, user, port, key. The jump is not among them:
// it is part of MasterArgs as a ProxyCommand, and no client of a master travels.
func (r *Resolved) destinationArgs() []string {
	var args []string
	if r.configFile != "" {
		args = append(args, "-F", r.configFile)
	}
	if r.Destination.User != "" {
		args = append(args, "-l", r.Destination.User)
	}
	if r.Destination.Port != 0 {
		args = append(args, "-p", strconv.Itoa(r.Destination.Port))
	}
	if r.Destination.Hostname != "" {
		args = append(args, "-o", "HostName="+escapePercent(r.Destination.Hostname))
	}
	args = withOptions(args, keyOptions(r.KeyPath))
	if r.Destination.Jump == "none" {
		args = append(args, "-o", "ProxyJump=none")
	}
	return args
}

// keyOptions make path the identity. Not -i: that one wants the file's name before, and stores it behind the
// expansion of %, so that a name with a percent sign fits neither.
func keyOptions(path string) []string {
	if path == "" {
		return nil
	}
	return []string{`IdentityFile="` + escapePercent(path) + `"`, "IdentitiesOnly=yes", "CertificateFile=none", "PKCS11Provider=none"}
}

func withOptions(args, options []string) []string {
	for _, o := range options {
		args = append(args, "-o", o)
	}
	return args
}

// escapePercent keeps ssh from expanding tokens in a value that is meant as it stands.
func escapePercent(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// seconds rounds up: half a second must not become none, which means for ever.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
