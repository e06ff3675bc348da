package dest

import (
	"path"
	"strings"
)

// proxyOptions say how the connection travels, where that is not for ssh to decide alone.
func (r *Resolved) proxyOptions(o MasterOptions) []string {
	switch {
	case o.Proxy != "":
		return []string{"ProxyJump=none", "ProxyCommand=" + o.Proxy}
	case len(r.Jump) > 0:
		return []string{"ProxyCommand=" + r.jumpCommand(o)}
	case o.Log != "":
		if command, ok := r.loggedProxyCommand(o); ok {
			return []string{"ProxyCommand=" + command}
		}
	}
	return nil
}

// jumpCommand is the ProxyCommand that does what ProxyJump does, with the hops under the same rules as the
// destination: no prompts, timeouts, and the host key policy. ssh itself would pass none of these on to its hops
// (ssh.c, "Setting implicit ProxyCommand from ProxyJump").
//
// A policy of ignore is meant for the destination; hops are verified as ssh_config says.
func (r *Resolved) jumpCommand(o MasterOptions) string {
	hop := r.Jump[len(r.Jump)-1].Resolved
	args := append([]string{hop.ssh}, hop.destinationArgs()...)
	if o.Log != "" {
		args = append(args, "-E", HopLog(o.Log, len(r.Jump)-1))
	}
	options := append(hop.connectionOptions(o), plainSession...)
	options = append(options, hop.logOptions()...)
	if len(hop.Jump) > 0 {
		options = append(options, "ProxyCommand="+hop.jumpCommand(o))
	} else if command, ok := hop.loggedProxyCommand(o); ok && o.Log != "" {
		options = append(options, "ProxyCommand="+command)
	}
	args = withOptions(args, options)
	words := make([]string, 0, len(args)+4)
	for _, arg := range args {
		words = append(words, quoteWord(escapePercent(arg)))
	}
	words = append(words, "-W", "'[%h]:%p'", "--", quoteWord(escapePercent(hop.Alias)))
	return strings.Join(words, " ")
}

// loggedProxyCommand is the operator's own ProxyCommand with its standard error in a file. ssh hands "exec " and the
// command to $SHELL, so a redirection without a command, before it, holds for all of it. csh and fish have no such
// thing: there the command stays as it is, and its words are lost.
func (r *Resolved) loggedProxyCommand(o MasterOptions) (string, bool) {
	switch path.Base(o.Shell) {
	case "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox":
		if r.ProxyCommand == "" {
			return "", false
		}
		return "2>>" + quoteWord(escapePercent(HopLog(o.Log, 0))) + "; exec " + r.ProxyCommand, true
	}
	return "", false
}

// quoteWord quotes a word for whatever shell $SHELL names, since that is what runs a ProxyCommand: adjoining pieces
// in single quotes, with each single quote in double quotes, read alike in POSIX shells, csh and fish.
func quoteWord(word string) string {
	plain := word != "" && strings.IndexFunc(word, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("%+-./:=@_,", r))
	}) < 0
	if plain {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
}
