package dest

import "strings"

// jumpCommand is the ProxyCommand that does what ProxyJump does, with the hops under the same rules as the
// destination: no prompts, timeouts, and the host key policy. ssh itself would pass none of these on to its hops
// (ssh.c, "Setting implicit ProxyCommand from ProxyJump").
//
// A policy of ignore is meant for the destination; hops are verified as ssh_config says.
func (r *Resolved) jumpCommand(o MasterOptions) string {
	hop := r.Jump[len(r.Jump)-1].Resolved
	args := append([]string{hop.ssh}, hop.destinationArgs()...)
	options := append(hop.connectionOptions(o), plainSession...)
	if len(hop.Jump) > 0 {
		options = append(options, "ProxyCommand="+hop.jumpCommand(o))
	}
	args = withOptions(args, options)
	words := make([]string, 0, len(args)+4)
	for _, arg := range args {
		words = append(words, quoteWord(escapePercent(arg)))
	}
	words = append(words, "-W", "'[%h]:%p'", "--", quoteWord(escapePercent(hop.Alias)))
	return strings.Join(words, " ")
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
