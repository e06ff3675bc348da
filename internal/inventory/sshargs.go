package inventory

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// sshArgs takes the way through a bastion out of the arguments that Ansible gives to ssh. Other options are the matter of
// ssh_config; those that could decide which machine answers leave the host out.
func (b *builder) sshArgs(h *Host, m *member, vars map[string]variable) bool {
	for _, name := range []string{"ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"} {
		v := vars[name]
		words, err := splitWords(v.value, false)
		if err != nil {
			b.leaveOut(m, v.line, "%s %v", name, err)
			return false
		}
		jump, ignored, err := readSSHArgs(words)
		if err != nil {
			b.leaveOut(m, v.line, "%s %v", name, err)
			return false
		}
		if jump != "" {
			h.Jump = jump
		}
		if len(ignored) > 0 {
			b.once(v.line, "%s: %s not used; ssh_config is the place for it", name, strings.Join(ignored, ", "))
		}
	}
	return true
}

// once lists a problem of a variable that many hosts inherit.
func (b *builder) once(line int, format string, args ...any) {
	p := fmt.Sprintf("%s:%d: ", b.path, line) + fmt.Sprintf(format, args...)
	if !slices.Contains(b.problems, p) {
		b.problems = append(b.problems, p)
	}
}

// tuning are options that change how a connection behaves, but not where it goes or whom it trusts; this program has its own.
var tuning = []string{
	"controlmaster", "controlpersist", "controlpath", "serveraliveinterval", "serveralivecountmax", "compression", "connecttimeout",
	"connectionattempts", "loglevel", "batchmode", "tcpkeepalive", "requesttty", "gssapiauthentication",
}

// readSSHArgs finds the jump host in arguments of ssh(1), and lists the options that are not taken over.
func readSSHArgs(words []string) (jump string, ignored []string, err error) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) < 2 || w[0] != '-' {
			return "", nil, fmt.Errorf("holds %q, which is no option", cut(w, 60))
		}
		value := w[2:]
		if strings.IndexByte("BbcDEeFIiJLlmOopQRSWw", w[1]) < 0 {
			continue // flags without a value, such as -C or -q
		}
		if value == "" {
			if i++; i == len(words) {
				return "", nil, fmt.Errorf("ends in %s, which needs a value", w)
			}
			value = words[i]
		}
		switch w[1] {
		case 'J':
			jump = value
		case 'o':
			key, text := splitOption(value)
			switch {
			case key == "proxyjump":
				jump = text
			case key == "proxycommand":
				if jump, err = proxyJump(text); err != nil {
					return "", nil, err
				}
			case key == "hostname" || key == "port" || key == "user":
				return "", nil, fmt.Errorf("sets %s; say so with ansible_host, ansible_port or ansible_user", key)
			case !slices.Contains(tuning, key):
				ignored = append(ignored, "-o "+cut(key, 40))
			}
		case 'F', 'W', 'p', 'l':
			return "", nil, fmt.Errorf("holds %s, which is not understood here", w[:2])
		default:
			ignored = append(ignored, w[:2])
		}
	}
	if jump != "" {
		if err := checkJump(jump); err != nil {
			return "", nil, err
		}
	}
	return jump, ignored, nil
}

// splitOption takes "Key=value" and "Key value".
func splitOption(s string) (key, value string) {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, "= \t")
	if i < 0 {
		return strings.ToLower(s), ""
	}
	value = strings.TrimLeft(s[i:], " \t")
	value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
	return strings.ToLower(s[:i]), value
}

// proxyJump understands the ProxyCommand that was usual before ProxyJump: ssh -W %h:%p [-q] [-p port] [user@]bastion.
func proxyJump(command string) (string, error) {
	unclear := fmt.Errorf("has a ProxyCommand other than ssh -W %%h:%%p bastion; put it into ssh_config")
	if strings.EqualFold(command, "none") {
		return "none", nil
	}
	words, err := splitWords(command, false)
	if err != nil || len(words) < 2 || path.Base(words[0]) != "ssh" {
		return "", unclear
	}
	var user, host, port string
	forwards := false
	for i := 1; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-q" || w == "-A" || w == "-a" || w == "-x" || w == "-T" || w == "-C":
			continue
		case len(w) >= 2 && w[0] == '-' && strings.IndexByte("Wlp", w[1]) >= 0:
			value := w[2:]
			if value == "" {
				if i++; i == len(words) {
					return "", unclear
				}
				value = words[i]
			}
			switch w[1] {
			case 'W':
				forwards = value == "%h:%p" || value == "[%h]:%p"
			case 'l':
				user = value
			case 'p':
				port = value
			}
		case w[0] == '-' || host != "":
			return "", unclear
		default:
			host = w
		}
	}
	if !forwards || host == "" || strings.HasPrefix(host, "ssh://") || strings.Contains(host, ":") {
		return "", unclear
	}
	if user != "" && !strings.Contains(host, "@") {
		host = user + "@" + host
	}
	if port != "" {
		host += ":" + port
	}
	return host, nil
}
