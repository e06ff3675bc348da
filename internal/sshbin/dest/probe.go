package dest

// ProbeArgs gives the arguments of an ssh that learns the host key and does not sign in: it travels as a master would,
// writes the key to the file knownHosts, which should be empty, and fails with "Permission denied", since the one
// method that it offers is none. algorithms is a list for HostKeyAlgorithms. Of o, ControlPath and Persist do not count.
func (r *Resolved) ProbeArgs(knownHosts, algorithms string, o MasterOptions) []string {
	args := r.destinationArgs()
	if o.Log != "" {
		args = append(args, "-E", o.Log)
	}
	args = append(args, "-N", "-n", "-T", "-S", "none")
	options := []string{
		"ControlMaster=no",
		"StrictHostKeyChecking=accept-new",
		`UserKnownHostsFile="` + escapePercent(knownHosts) + `"`,
		"GlobalKnownHostsFile=/dev/null",
		"HashKnownHosts=no",
		"CheckHostIP=no",
		"VerifyHostKeyDNS=no",
		"UpdateHostKeys=no",
		"HostKeyAlgorithms=" + algorithms,
		"PreferredAuthentications=none",
	}
	if r.since85() {
		options = append(options, "KnownHostsCommand=none") // a key that it knows would not be written
	}
	options = append(options, r.connectionOptions(o)...)
	options = append(options, plainSession...)
	options = append(options, r.logOptions()...)
	options = append(options, r.proxyOptions(o)...)
	return append(withOptions(args, options), "--", r.Alias)
}
