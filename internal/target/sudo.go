package target

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"strings"
	"time"
)

// Secret gives the value of a named secret for a host, nil for this machine.
type Secret func(ctx context.Context, name string, host *Host) (string, error)

// Sudoer is a place that has a password for sudo.
type Sudoer interface {
	// Sudo prepares text that somebody else will run, such as a job, if it begins with sudo and there is a password: what to run instead, the line that
	// has to be the first of its standard input, and the secret's name. Other text comes back as it is.
	Sudo(ctx context.Context, c Command) (text, input, secret string, err error)
}

// sudoer answers sudo in one place. The zero value answers nobody.
type sudoer struct {
	name   string // of the secret
	secret Secret
	host   *Host
	where  string // tells this place from others
	trials *trials
}

// run is how a place runs a command without any of this.
type run func(context.Context, Command) (Exit, error)

// answered runs a command, with the password if it begins with sudo and there is one.
func (s *sudoer) answered(ctx context.Context, c Command, run run) (Exit, error) {
	prepared, w, err := s.prepare(ctx, c, run)
	if err != nil {
		return Exit{}, err
	}
	exit, err := run(ctx, prepared)
	if failed := w.end(); err == nil {
		err = failed
	}
	if exit.Handover != nil && w.gave() {
		exit.Handover.Secrets = []string{s.name}
	}
	if w.asked() {
		exit.Notes = append(exit.Notes, "sudo asked for a password: the stored one is for commands that begin with sudo, and for their later ones; cwd is there for cd")
	}
	return exit, err
}

// prepare puts the password before a command that begins with sudo, and has a refusal noticed; others stay as they are, with nil.
func (s *sudoer) prepare(ctx context.Context, c Command, run run) (Command, *sudoWatch, error) {
	password, trial, err := s.password(ctx, c, run)
	if err != nil {
		return c, nil, err
	}
	if trial == nil {
		return s.watched(c)
	}
	return dressed(c, password, s.name, trial)
}

// watched is a command that is given no password. Where there is one, whether sudo asks for it is watched.
func (s *sudoer) watched(c Command) (Command, *sudoWatch, error) {
	if _, begins := sudoBegins(c); begins || s.name == "" || s.secret == nil || !strings.Contains(c.Text, "sudo") {
		return c, nil, nil
	}
	w := &sudoWatch{ended: make(chan struct{})}
	w.attach(&c)
	return c, w, nil
}

// dressed is a command with a password for its sudo.
func dressed(c Command, password, secret string, trial *trial) (Command, *sudoWatch, error) {
	nonce := "relay-shell-sudo-" + rand.Text()
	w := &sudoWatch{secret: secret, trial: trial, ended: make(chan struct{}), marks: [marks]string{refusedMark: nonce + "-refused", triedMark: nonce + "-tried"}}
	first := io.Reader(strings.NewReader(password + "\n"))
	if c.TTY {
		w.marks[readyMark] = nonce + "-ready"
		w.ready = make(chan struct{})
		first = &gate{w.ready, w.ended, first}
	}
	if c.Stdin != nil {
		first = io.MultiReader(first, c.Stdin)
	}
	c.Stdin = first
	lead := preludeFor(w.marks[refusedMark], w.marks[triedMark], w.marks[readyMark])
	if c.Script != nil {
		script := *c.Script
		script.Body = lead + script.Body
		c.Script = &script
	} else {
		c.Text = lead + c.Text
	}
	w.attach(&c)
	return c, w, nil
}

// prepared is [Sudoer.Sudo]. Nobody watches what the command prints, so that a refusal stands there in words.
func (s *sudoer) prepared(ctx context.Context, c Command, run run) (text, input, secret string, err error) {
	password, trial, err := s.password(ctx, c, run)
	if err != nil || trial == nil {
		return c.Text, "", "", err
	}
	said := "relay-shell: " + (&RefusedError{Secret: s.name}).Error() + "\n"
	return preludeFor(said, "", "") + c.Text, password + "\n", s.name, nil
}

// password is what sudo is to be given by a command, with nil if there is nothing to give or nobody to give it to. A password that was not tried
// there before is tried once, alone, so that many commands at the same time don't send a wrong one many times.
func (s *sudoer) password(ctx context.Context, c Command, run run) (string, *trial, error) {
	options, begins := sudoBegins(c)
	if s.name == "" || s.secret == nil || !begins || options.own {
		return "", nil, nil
	}
	password, err := s.secret(ctx, s.name, s.host)
	if err != nil {
		return "", nil, err
	}
	if strings.ContainsAny(password, "\r\n") {
		return "", nil, &UnansweredError{"the secret " + s.name + " has several lines, which no password has", "the operator has to mend it"}
	}
	key := sha256.Sum256([]byte(strings.Join([]string{s.where, s.name, options.user, password}, "\x00")))
	trial := s.trials.of(hex.EncodeToString(key[:]))
	err = trial.pass(ctx, s.name, func() error { return s.try(ctx, c, options.user, password, trial, run) })
	return password, trial, err
}

// try has sudo take the password for nothing (sudo -v).
func (s *sudoer) try(ctx context.Context, c Command, user, password string, trial *trial, run run) error {
	text := "export LC_ALL=C; sudo -v"
	if user != "" {
		text = "export LC_ALL=C; sudo -u " + Quote(user) + " -v"
	}
	probe, w, err := dressed(Command{Text: text, ID: c.ID, Env: c.Env, StoreHostKeys: c.StoreHostKeys}, password, s.name, trial)
	if err != nil {
		return err
	}
	_, err = run(ctx, probe)
	if failed := w.end(); err == nil {
		err = failed
	}
	return err
}

// sudoOptions are what the first sudo of a command says.
type sudoOptions struct {
	user string // of -u, if it is plain
	own  bool   // it says itself where the password comes from: -S, -A, -n
}

// sudoBegins tells whether the first command of a shell command is sudo. In a script comments and set may come before.
func sudoBegins(c Command) (sudoOptions, bool) {
	text := c.Text
	if c.Script != nil {
		if !isShell(c.Script.Interpreter) {
			return sudoOptions{}, false
		}
		text = firstCommand(c.Script.Body)
	}
	words := strings.Fields(firstLine(text))
	if len(words) == 0 || words[0] != "sudo" {
		return sudoOptions{}, false
	}
	var o sudoOptions
	for i := 1; i < len(words) && len(words[i]) > 1 && words[i][0] == '-' && words[i] != "--"; i++ {
		word := words[i]
		name, value, _ := strings.Cut(word, "=")
		if !strings.HasPrefix(word, "--") {
			at := strings.IndexAny(word, "CDghpRrTtUu")
			if at < 0 {
				at = len(word)
			}
			if strings.ContainsAny(word[:at], "SAn") {
				o.own = true
			}
			if at == len(word) {
				continue
			}
			name, value = "-"+word[at:at+1], word[at+1:]
		}
		switch name {
		case "--stdin", "--askpass", "--non-interactive":
			o.own = true
		case "-u", "--user":
			if value == "" && i+1 < len(words) {
				i++
				value = words[i]
			}
			if plain(value) {
				o.user = value
			}
		case "-C", "-D", "-g", "-h", "-p", "-R", "-r", "-T", "-t", "-U", "--group", "--prompt", "--close-from", "--chdir", "--host", "--chroot", "--role", "--type", "--command-timeout", "--other-user":
			if value == "" {
				i++
			}
		}
	}
	return o, true
}

// plain tells a user name without quotes or expansions.
func plain(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._#-") == ""
}

func isShell(interpreter string) bool {
	switch path.Base(interpreter) {
	case "bash", "sh", "dash", "ash", "ksh", "mksh", "zsh":
		return true
	}
	return false
}

// firstCommand is a shell script from its first line on that is neither empty, a comment, nor set.
func firstCommand(body string) string {
	for body != "" {
		line, rest, _ := strings.Cut(body, "\n")
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && (!strings.HasPrefix(line, "set ") || strings.ContainsAny(line, ";&|")) {
			break
		}
		body = rest
	}
	return body
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, " \t\n"), "\n")
	return line
}

// UnansweredError is a sudo that could not be given its password.
type UnansweredError struct{ Reason, Hint string }

func (e *UnansweredError) Error() string { return e.Reason }

// ErrorCode is unsupported.
func (e *UnansweredError) ErrorCode() string { return "unsupported" }

// ErrorHint says what to do instead.
func (e *UnansweredError) ErrorHint() string { return e.Hint }

// RefusedError is a sudo that did not take the password it was given.
type RefusedError struct {
	Secret string
	// Until is when it will be tried again, zero if this was the try.
	Until time.Time
}

func (e *RefusedError) Error() string {
	if e.Until.IsZero() {
		return "sudo refused the stored password (secret " + e.Secret + "): it was tried once, and the command ended there"
	}
	return "sudo refused the stored password (secret " + e.Secret + ") here before: it is not tried again before " + e.Until.Format(time.TimeOnly) + ", and nothing was run"
}

// ErrorCode is permission_denied.
func (e *RefusedError) ErrorCode() string { return "permission_denied" }

// ErrorHint says what to do.
func (e *RefusedError) ErrorHint() string {
	return "don't repeat it, which could lock the account: the operator has to mend the secret or the sudo_secret that names it; a changed password is tried at once"
}
