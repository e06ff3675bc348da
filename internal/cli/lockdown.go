package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/guard"
	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

type lockdownCmd struct {
	Host      string `arg:"" help:"Alias, host, user@host or ssh://user@host:port."`
	Tier      int    `required:"" help:"The highest tier that the key may run, 0 to 3." placeholder:"N"`
	NoSecrets bool   `help:"Refuse what reads keys, passwords and other secrets too."`
	Key       string `help:"Public key to restrict; without it the line is printed with a gap." placeholder:"FILE.pub"`
	Install   bool   `help:"Put the line into the account's authorized_keys, in place of the lines that the key has there."`
	Force     bool   `help:"With --install, even if no other key could log in any more."`
	Binary    string `help:"Program to copy, for hosts of another kind than this machine." placeholder:"FILE"`
	Path      string `help:"Directory on the host, if not .local/libexec/relay-shell below the home directory. One that only root writes is a boundary; the account's own is not." placeholder:"DIR"`
}

// lockdown copies this program to a host and restricts a key to it.
type lockdown struct {
	*lockdownCmd
	binary []byte
	key    string // type, blob and comment; "" for none
	blob   string
}

func (*lockdown) Name() string { return "operator:lockdown" }

func (c *lockdownCmd) Run(s *session) error {
	l, err := c.prepare()
	if err != nil {
		return usage(err)
	}
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	res := a.relay.Do(s.ctx, &relay.Call{Operation: l, Caller: a.caller})
	if res.Err != nil {
		return failure(res)
	}
	fmt.Fprint(s.world.Stdout, res.Text)
	return nil
}

// safePath is a directory that needs no quotes, neither in a shell nor in authorized_keys.
var safePath = lazyregexp.New(`^/[A-Za-z0-9_./+@-]*$`)

func (c *lockdownCmd) prepare() (*lockdown, error) {
	l := &lockdown{lockdownCmd: c}
	if c.Tier < 0 || c.Tier > int(policy.Irreversible) {
		return nil, fmt.Errorf("--tier %d: 0 to 3", c.Tier)
	}
	if c.Path != "" && !safePath.MatchString(c.Path) {
		return nil, fmt.Errorf("--path %q: an absolute path of letters, digits and _ . / + @ -", c.Path)
	}
	if c.Install && c.Key == "" {
		return nil, errors.New("--install needs --key FILE.pub")
	}
	if c.Key != "" {
		text, err := os.ReadFile(c.Key)
		if err != nil {
			return nil, err
		}
		key, comment, options, _, err := ssh.ParseAuthorizedKey(text)
		if err != nil || len(options) > 0 {
			return nil, fmt.Errorf("%s is no public key (one line: type, base64, comment)", c.Key)
		}
		l.key = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
		l.blob = strings.Fields(l.key)[1]
		if comment = strings.Map(printable, comment); comment != "" {
			l.key += " " + comment
		}
	}
	from := c.Binary
	if from == "" {
		var err error
		if from, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	var err error
	l.binary, err = os.ReadFile(from)
	return l, err
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// Plan says what is recorded and who is asked.
func (l *lockdown) Plan(json.RawMessage) (*relay.Plan, error) {
	host, err := dest.Parse(l.Host, dest.Options{})
	if err != nil {
		return nil, err
	}
	tier := policy.Stateful
	return &relay.Plan{
		Hosts:   []dest.Destination{host},
		Record:  map[string]any{"host": l.Host, "tier": l.Tier, "no_secrets": l.NoSecrets, "install": l.Install, "key": l.key, "path": l.Path},
		Subject: policy.Subject{Fixed: &tier},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			text, err := l.run(ctx, box{run.Target(), run.StoreHostKeys})
			if err != nil {
				return nil, err
			}
			return &relay.Result{Text: text}, nil
		},
	}, nil
}

// run copies the program, checks it there, and prints or installs the line.
func (l *lockdown) run(ctx context.Context, t box) (string, error) {
	said, err := onHost(ctx, t, `uname -s; uname -m; printf '%s\n' "$HOME"; id -u`, nil)
	if err != nil {
		return "", err
	}
	about := strings.Split(strings.TrimSpace(said), "\n")
	if len(about) < 4 {
		return "", fmt.Errorf("the host does not say what it is: %q", mcpserver.Visible(said))
	}
	about = about[len(about)-4:] // noise of start-up files comes before
	if kind := platform(about[0], about[1]); l.Binary == "" && kind != runtime.GOOS+"/"+runtime.GOARCH {
		return "", fmt.Errorf("the host is %s %s and this program is for %s/%s: give one for the host with --binary", mcpserver.Visible(about[0]), mcpserver.Visible(about[1]), runtime.GOOS, runtime.GOARCH)
	}
	dir := l.Path
	if dir == "" {
		dir = strings.TrimRight(about[2], "/") + "/.local/libexec/relay-shell"
	}
	if !safePath.MatchString(dir) {
		return "", fmt.Errorf("%q cannot stand in authorized_keys without quotes: give another directory with --path", mcpserver.Visible(dir))
	}
	file, err := l.copy(ctx, t, dir)
	if err != nil {
		return "", err
	}
	line := l.line(file)
	var out strings.Builder
	fmt.Fprintf(&out, "copied to %s\n", file)
	if l.Install {
		done, err := l.install(ctx, t, line)
		if err != nil {
			return "", err
		}
		out.WriteString(done)
		// What was logged in before holds no tier: a warm connection would go on as if nothing had happened.
		if _, released, err := t.Disconnect(ctx); err != nil || released > 0 {
			out.WriteString("note: connections that are open now are not restricted; end the host's ssh masters (ssh -O exit) and sessions\n")
		}
	} else {
		out.WriteString("put this line into authorized_keys on the host, in place of any other line with the key:\n\n" + line + "\n\n")
	}
	if l.Tier > 0 && about[3] != "0" && l.Path == "" {
		out.WriteString("note: the account owns the program and its authorized_keys, so what it may write it may turn against them; for a boundary install both as root (--path, AuthorizedKeysFile)\n")
	}
	if l.Tier > 0 && about[3] == "0" {
		out.WriteString("note: this restricts root; a key of an account with fewer rights holds more than any assessment\n")
	}
	return out.String(), nil
}

// platform is what uname says, in the words of Go.
func platform(system, machine string) string {
	arch := map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm", "armv6l": "arm", "i686": "386", "i386": "386", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x"}
	return strings.ToLower(strings.TrimSpace(system)) + "/" + arch[strings.TrimSpace(machine)]
}

// copy puts the program on the host under a name that tells its content, and starts it there once.
func (l *lockdown) copy(ctx context.Context, t box, dir string) (string, error) {
	sum := sha256.Sum256(l.binary)
	dir += "/" + hex.EncodeToString(sum[:6])
	file := dir + "/relay-shell"
	text := "umask 022; mkdir -p " + dir + " && cat >" + file + ".new && chmod 755 " + file + ".new && mv -f " + file + ".new " + file + " && " + file + " --version"
	said, err := onHost(ctx, t, text, l.binary)
	if err != nil {
		return "", fmt.Errorf("copying to %s: %w", file, err)
	}
	if !strings.Contains(said, "relay-shell ") {
		return "", fmt.Errorf("%s does not run on the host: %q", file, mcpserver.Visible(said))
	}
	return file, nil
}

// line is the entry of authorized_keys.
func (l *lockdown) line(file string) string {
	command := fmt.Sprintf("%s %s --tier %d", file, guard.Name, l.Tier)
	if l.NoSecrets {
		command += " --no-secrets"
	}
	key := l.key
	if key == "" {
		key = "PUBLIC-KEY"
	}
	return `restrict,command="` + command + `" ` + key
}

// install replaces the key's lines. It reports how many there were; the file before stays beside it.
func (l *lockdown) install(ctx context.Context, t box, line string) (string, error) {
	const script = `set -e; umask 077; d=$HOME/.ssh; f=$d/authorized_keys; mkdir -p "$d"; [ ! -L "$f" ] || { echo "$f is a symbolic link" >&2; exit 1; }
touch "$f"; n=$(grep -cF BLOB "$f" || :); grep -vF BLOB "$f" >"$f.new" || :
FORCE grep -q '^[^#]' "$f.new" || { rm -f "$f.new"; echo "no other key could log in any more (--force)" >&2; exit 1; }
cat >>"$f.new"; cp -p "$f" "$f.before-lockdown"; mv -f "$f.new" "$f"; echo "replaced $n"`
	force := ""
	if l.Force {
		force = ": ||"
	}
	text := strings.NewReplacer("BLOB", l.blob, "FORCE", force).Replace(script)
	said, err := onHost(ctx, t, text, []byte(line+"\n"))
	if err != nil {
		return "", fmt.Errorf("installing the key: %w", err)
	}
	_, n, ok := strings.Cut(said, "replaced ")
	if !ok {
		return "", fmt.Errorf("installing the key: the host said %q", mcpserver.Visible(said))
	}
	return fmt.Sprintf("installed: %s\nit replaced %s lines of the key; the file before is authorized_keys.before-lockdown\n", line, strings.TrimSpace(n)), nil
}

// box is a host on which text runs.
type box struct {
	target.Target
	storeHostKeys bool // on first contact, as the call may
}

// notDone is the error for what the host did not do.
func notDone(said string) error {
	hint := "what the host said names the cause; no key was changed"
	if strings.Contains(said, "relay-shell guard: refused") {
		hint = "the key that ssh logs in with is locked down itself: change its line with another key, or as root on the host"
	}
	return &relay.Error{Code: "permission_denied", Message: "the host said: " + said, Hint: hint}
}

// maxSaid bounds what is kept of what the host says, in bytes.
const maxSaid = 64 << 10

// onHost runs POSIX text on the host and returns what it printed; a failure is an error with its words.
func onHost(ctx context.Context, t box, text string, stdin []byte) (string, error) {
	var stdout, stderr bounded
	c := target.Command{Text: text, Stdout: &stdout, Stderr: &stderr, StoreHostKeys: t.storeHostKeys}
	if stdin != nil {
		c.Stdin = strings.NewReader(string(stdin))
	}
	exit, err := t.Run(ctx, c)
	if err != nil {
		return "", err
	}
	if exit.Code == nil || *exit.Code != 0 {
		return "", notDone(flat(strings.TrimSpace(stderr.String() + " " + stdout.String())))
	}
	return stdout.String(), nil
}

// bounded keeps the first bytes that are written to it.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxSaid - b.Len(); room > 0 {
		b.Builder.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
