package localexec

import (
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"
)

// Var is one change to an environment; a nil Value removes the variable.
type Var struct {
	Name  string
	Value *string
}

const (
	rootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	userPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
)

// private are the variables that belong to this process alone, beside those that begin with RELAY_SHELL_: what a
// service manager tells its service (systemd.exec(5), sd_notify(3), sd_listen_fds(3)).
var private = map[string]bool{
	"NOTIFY_SOCKET": true, "WATCHDOG_PID": true, "WATCHDOG_USEC": true, "LISTEN_PID": true, "LISTEN_FDS": true, "LISTEN_FDNAMES": true,
	"LISTEN_PIDFDID": true, "INVOCATION_ID": true, "JOURNAL_STREAM": true, "SYSTEMD_EXEC_PID": true, "MAINPID": true, "MANAGERPID": true,
	"CREDENTIALS_DIRECTORY": true, "MEMORY_PRESSURE_WATCH": true, "MEMORY_PRESSURE_WRITE": true,
}

// Environment is what a command finds: base, usually this process's own environment, without what belongs to relay-shell
// and its service manager; with PATH, HOME, USER, LOGNAME, SHELL and LANG where they are missing or empty, as they are for a
// daemon; with DEBIAN_FRONTEND=noninteractive and GIT_TERMINAL_PROMPT=0, since nobody is there to answer. Then overlay.
func Environment(base []string, overlay []Var) []string {
	e := environment{values: make(map[string]string, len(base)+8)}
	for _, kv := range base {
		name, value, ok := strings.Cut(kv, "=")
		if ok && name != "" && !strings.HasPrefix(name, "RELAY_SHELL_") && !private[name] {
			e.set(name, value)
		}
	}
	e.addMissing()
	for _, v := range overlay {
		if v.Value == nil {
			delete(e.values, v.Name)
		} else {
			e.set(v.Name, *v.Value)
		}
	}
	return e.list()
}

// environment is a set of variables in the order of their first setting.
type environment struct {
	names  []string
	values map[string]string
}

func (e *environment) set(name, value string) {
	if _, ok := e.values[name]; !ok {
		e.names = append(e.names, name)
	}
	e.values[name] = value
}

func (e *environment) list() []string {
	env := make([]string, 0, len(e.names)+1)
	for _, name := range e.names {
		if value, ok := e.values[name]; ok {
			env = append(env, name+"="+value)
			delete(e.values, name) // a name that was removed and set again stands twice
		}
	}
	return env
}

// account is this user's entry in the account database. A uid may have none, as in containers.
var account = sync.OnceValue(func() *user.User {
	if u, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		return u
	}
	return &user.User{HomeDir: "/"}
})

// DefaultPath is the PATH of a process that was given none.
func DefaultPath() string {
	if os.Geteuid() == 0 {
		return rootPath
	}
	return userPath
}

// addMissing sets the defaults for what a command needs.
func (e *environment) addMissing() {
	add := func(name string, value func() string) {
		if e.values[name] == "" {
			if v := value(); v != "" {
				e.set(name, v)
			}
		}
	}
	add("PATH", DefaultPath)
	add("HOME", func() string { return account().HomeDir })
	add("USER", func() string { return account().Username })
	add("LOGNAME", func() string { return account().Username })
	add("SHELL", loginShell)
	if e.values["LC_ALL"] == "" && e.values["LC_CTYPE"] == "" {
		add("LANG", func() string { return "C.UTF-8" })
	}
	add("DEBIAN_FRONTEND", func() string { return "noninteractive" })
	add("GIT_TERMINAL_PROMPT", func() string { return "0" })
}

// loginShell is the shell of this user's account (passwd(5)), /bin/sh where that is unknown.
func loginShell() string {
	b, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return "/bin/sh"
	}
	uid := strconv.Itoa(os.Geteuid())
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(f) == 7 && f[2] == uid && f[6] != "" {
			return f[6]
		}
	}
	return "/bin/sh"
}

// checkEnv says why an environment can't be passed to a program.
func checkEnv(env []string) error {
	for _, kv := range env {
		name, _, ok := strings.Cut(kv, "=")
		if !ok || name == "" || strings.ContainsRune(kv, 0) {
			return refuse("invalid_argument", "a name has no '=' and is not empty, neither name nor value has a NUL byte", "the environment variable %s can't be set", strconv.Quote(name))
		}
	}
	return nil
}

// marked adds the id of a command to its environment, before those of the commands that this process itself runs in, which
// the environment brings.
func marked(env []string, id string) []string {
	value := MarkName + "=" + id
	if outer := lookup(env, MarkName); outer != "" {
		value += ":" + outer
	}
	all := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, MarkName+"=") {
			all = append(all, kv)
		}
	}
	return append(all, value)
}

// lookup is the value of a variable, "" if it is not set.
func lookup(env []string, name string) string {
	for _, kv := range env {
		if n, v, ok := strings.Cut(kv, "="); ok && n == name {
			return v
		}
	}
	return ""
}
