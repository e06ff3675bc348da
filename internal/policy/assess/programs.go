package assess

import "strings"

func init() {
	hooks["iptables"] = iptablesHook
	hooks["ifconfig"] = ifconfigHook
	hooks["netShow"] = netShowHook
	hooks["parted"] = partedHook
	hooks["wipefs"] = wipefsHook
	hooks["apt"] = aptHook
	hooks["pip"] = pipHook
	hooks["npm"] = npmHook
	hooks["build"] = buildHook
	hooks["pkgVerbs"] = pkgVerbsHook
	hooks["gh"] = func(*call, *use) {}
	hooks["ghapi"] = ghAPIHook
	hooks["guestExec"] = guestExecHook
	hooks["kubectlScale"] = kubectlScaleHook
	hooks["queue"] = func(*call, *use) {}
}

func iptablesHook(c *call, u *use) {
	args := c.args[1:]
	for i, a := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1].s
		}
		switch a.s {
		case "-L", "-S", "-C", "--list", "--list-rules", "--check", "-h", "--help", "-V", "--version", "-nL", "-vL", "-nvL", "-vnL", "-Ln", "-Lvn", "-Lnv":
			c.tier, c.rule, c.why = Observe, "iptables", "shows rules"
			return
		case "-F", "--flush", "-X", "--delete-chain":
			c.rate(Irreversible, "iptables "+a.s, "drops rules")
		case "-P", "--policy":
			c.rate(Stateful, "iptables -P", "changes what happens by default")
			if i+2 < len(args) && (args[i+2].s == "DROP" || args[i+2].s == "REJECT") || next == "INPUT" {
				c.rate(Irreversible, "iptables -P", "changes what happens to everything: "+next)
			}
		case "-D", "--delete", "-Z", "--zero", "-E", "-R":
			c.rate(Stateful, "iptables "+a.s, "changes the firewall")
		}
	}
	text := join(args).s
	text = strings.ReplaceAll(text, "-j REJECT", "-j DROP")
	if strings.Contains(text, "-j DROP") && !strings.Contains(text, "-s ") && !strings.Contains(text, "--dport") && !strings.Contains(text, "-d ") && !strings.Contains(text, "--sport") && !strings.Contains(text, "--ctstate") && !strings.Contains(text, "--state") && !strings.Contains(text, "-i ") {
		c.rate(Irreversible, "iptables", "drops everything")
	}
	if strings.Contains(text, "-j DROP") && (strings.Contains(text, "--dport 22 ") || strings.HasSuffix(text, "--dport 22") || strings.Contains(text, "--dport ssh")) {
		c.rate(Irreversible, "iptables", "cuts off remote access")
	}
	if hasAny(text, "-D INPUT ", "--delete INPUT ") && strings.Contains(text, "-j ACCEPT") && hasAny(text+" ", "--dport 22 ", "--dport ssh ") {
		c.rate(Irreversible, "iptables", "takes away what lets remote access in")
	}
}

func ifconfigHook(c *call, u *use) {
	if len(u.operands) < 2 {
		return
	}
	c.rate(Stateful, "ifconfig", "changes an interface")
	for _, a := range u.operands {
		if a.s == "down" || a.s == "delete" || a.s == "0.0.0.0" || a.s == "destroy" {
			c.rate(Irreversible, "ifconfig", "takes an interface down")
		}
	}
}

// netShowHook: many tools of the network show when they are given only an interface, or words like show and list.
func netShowHook(c *call, u *use) {
	name := base(c.args[0].s)
	text := " " + join(c.args[1:]).s + " "
	switch name {
	case "ethtool", "mii-tool":
		if !hasAny(text, " -s ", " -K ", " -A ", " -C ", " -G ", " -L ", " -E ", " -W ", " -p ", " -r ", " -t ", " -N ", " -U ", " -X ", " -f ", "--change", "--offload", "--set", "--reset", "--flash", " -R ", " -F ", "--features", "--pause ", "--coalesce") {
			c.tier, c.rule, c.why = Observe, name, "shows an interface"
		}
		if hasAny(text, " -E ", "--change-eeprom", " -f ", "--flash ") {
			c.rate(Irreversible, name, "writes the card's own memory")
		}
		return
	case "tc", "devlink", "rdma", "bridge":
		if len(u.operands) < 2 && len(u.words) == 0 || hasAny(text, " show ", " list ", " ls ", " get ", " monitor ") {
			c.tier, c.rule, c.why = Observe, name, "shows settings"
			return
		}
		if hasAny(text, " add ", " change ", " replace ", " set ", " link ", " flush ") {
			c.tier, c.rule, c.why = Stateful, name, "changes the network"
		}
		if hasAny(text, " del ", " delete ") {
			c.tier, c.rule, c.why = Stateful, name, "changes the network"
		}
		if hasAny(text, " loss 100% ") {
			c.rate(Irreversible, name, "loses every packet")
		}
	case "wg":
		if len(u.operands) == 0 && len(u.words) == 0 || u.operand(0).s == "show" {
			c.tier, c.rule, c.why = Observe, "wg", "shows interfaces"
		}
		if hasAny(text, " private-key ", " preshared-keys ") {
			c.secret = true
		}
		if hasAny(text, " set ") && hasAny(text, " remove ") {
			c.rate(Stateful, "wg", "removes a peer")
		}
	case "pfctl":
		if hasAny(text, " -s ", " -sr ", " -si ", " -sa ", " -ss ", " -sn ", " -vsr ", " -nf ") && !hasAny(text, " -F ", " -f ") {
			c.tier, c.rule, c.why = Observe, "pfctl", "shows rules"
		}
		if hasAny(text, " -F", " -d ") {
			c.rate(Irreversible, "pfctl", "drops rules")
		}
	case "ipfw":
		if hasAny(text, " flush ", " -f flush ") {
			c.rate(Irreversible, "ipfw", "drops rules")
		}
	case "iw", "iwconfig", "lldpcli", "lldpctl", "teamdctl":
		if len(u.operands) < 2 || hasAny(text, "show ", " dump ", " state ", " info ") {
			c.tier, c.rule, c.why = Observe, name, "shows settings"
		}
	}
}

func hasAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func partedHook(c *call, u *use) {
	if u.has("-l", "--list") {
		c.tier, c.rule, c.why = Observe, "parted -l", "lists partitions"
		return
	}
	ops := u.operands
	if len(ops) > 1 {
		switch ops[1].s {
		case "print", "p", "unit", "u", "help", "align-check":
			c.tier, c.rule, c.why = Observe, "parted print", "lists partitions"
			for _, a := range ops[2:] {
				if hasAny(a.s, "rm", "mk", "resize", "rescue", "set", "toggle", "name", "disk") {
					c.rate(Irreversible, "parted", "changes a partition table")
				}
			}
		case "name", "set", "toggle", "disk_set", "disk_toggle":
			c.rate(Stateful, "parted", "changes a flag of a partition")
		default:
			at, exact := locate(ops[0], c.sc)
			if (at == work || at == temp) && exact {
				c.rate(Stateful, "parted", "changes the partition table of an image")
				return
			}
			c.rate(Irreversible, "parted", "changes a partition table")
		}
	}
}

func wipefsHook(c *call, u *use) {
	if c.tier == Irreversible && len(u.operands) > 0 {
		images := true
		for _, a := range u.operands {
			at, exact := locate(a, c.sc)
			images = images && (at == work || at == temp) && exact
		}
		if images {
			c.tier = Stateful
		}
	}
}

// essential are packages without which a machine is not reached or does not start again.
var essential = setOf("openssh-server openssh openssh-sftp-server ssh sshd dropbear sudo systemd systemd-sysv init libc6 glibc bash dash busybox musl openrc runit sysvinit alpine-base base linux linux-lts linux-hardened linux-zen linux-firmware coreutils linux-image linux-generic kernel kernel-core grub grub2 grub-pc grub-efi apt dpkg rpm dnf yum pacman apk-tools network-manager NetworkManager netplan.io ifupdown iproute2 iproute util-linux e2fsprogs cloud-init passwd login base-files libpam-runtime pam initramfs-tools auditd audit rsyslog firewalld ufw iptables nftables python3-minimal filesystem")

// aptHook: removing what access or booting depends on is not like removing another package.
func aptHook(c *call, u *use) {
	text := " " + join(c.args[1:]).s + " "
	removes := len(u.words) > 0 && (strings.HasPrefix(u.words[0], "autoremove") && len(u.operands) > 0 || strings.HasPrefix(u.words[0], "remove") || strings.HasPrefix(u.words[0], "purge") || u.words[0] == "erase" || u.words[0] == "rm" || u.words[0] == "del" || u.words[0] == "autopurge") || u.has("-r", "-P", "--remove", "--purge", "-e") && len(u.words) == 0 || strings.HasPrefix(strings.TrimSpace(text), "-R")
	if c.tier == Observe {
		return
	}
	for _, o := range u.options {
		if (o.name == "-o" || o.name == "--option") && hasAny(strings.ToLower(o.arg.s), "invoke", "::options", "pre-install", "post-", "pre-") {
			_, v, _ := strings.Cut(o.arg.s, "=")
			c.rate(Stateful, "apt -o", "runs a command")
			c.shellText(str{v, o.arg.t})
		}
	}
	if strings.HasPrefix(base(c.args[0].s), "pac") || base(c.args[0].s) == "yay" || base(c.args[0].s) == "paru" {
		first := strings.TrimSpace(text)
		if strings.HasPrefix(first, "-S") && strings.ContainsAny(strings.SplitN(first, " ", 2)[0], "sigl") && !strings.ContainsAny(strings.SplitN(first, " ", 2)[0], "yu") {
			c.tier, c.rule, c.why = Observe, "pacman -S", "searches"
		}
	}
	if !removes {
		return
	}
	c.removesEssential(u.operands)
}

// removesEssential rates the removal of packages on which access or booting depends.
func (c *call) removesEssential(packages []arg) {
	for _, a := range packages {
		name := strings.TrimSuffix(strings.SplitN(a.s, ":", 2)[0], "-")
		name = name[strings.LastIndexByte(name, '/')+1:] // emerge has categories
		if essential[name] || strings.HasPrefix(name, "linux-image") || strings.HasPrefix(name, "openssh") || strings.HasPrefix(name, "kernel") || strings.HasPrefix(name, "grub") || a.s == "*" || a.s == ".*" {
			c.rate(Irreversible, c.rule, "removes "+name+", on which access or booting depends")
		}
		if a.glob && strings.Trim(a.s, "*?") == "" {
			c.rate(Irreversible, c.rule, "removes everything")
		}
	}
}

func pipHook(c *call, u *use) {
	if c.tier == Observe {
		return
	}
	if u.has("--break-system-packages", "--root", "--prefix") {
		c.rate(Stateful, "pip", "changes the system's own packages")
	}
	if o, ok := u.option("-t", "--target"); ok && o.has {
		c.effect(creates, o.arg, "pip --target")
	}
	for _, a := range u.operands {
		if strings.Contains(a.s, "://") && !strings.HasPrefix(a.s, "https://pypi.org") {
			c.rate(Stateful, "pip", "installs from an address")
		}
	}
}

func npmHook(c *call, u *use) {
	if base(c.args[0].s) == "bun" {
		c.evaluates()
	}
	if text := " " + join(c.args).s + " "; hasAny(text, " foreach ", " workspace ", " -r ", " --recursive ") {
		c.execVerb()
	}
	if len(c.args) == 2 && (c.args[1].s == "run" || c.args[1].s == "run-script") && base(c.args[0].s) != "bun" {
		c.tier, c.rule, c.why = Observe, "npm run", "lists scripts"
	}
	if len(u.words) > 0 && u.words[0] == "audit" && len(u.operands) > 0 && u.operands[0].s == "fix" {
		c.rate(Reversible, "npm audit fix", "changes packages here")
	}
	if base(c.args[0].s) == "yarn" && len(u.words) > 0 && u.words[0] == "global" {
		c.rate(Stateful, "yarn global", "changes packages of the system")
	}
	if len(u.words) > 0 && (u.words[0] == "run" || u.words[0] == "run-script") && len(u.operands) > 0 {
		c.buildTarget(u.operands[0].s)
	}
}

// buildTarget rates the name of a script or target that a build tool runs.
func (c *call) buildTarget(name string) {
	low := strings.ToLower(name)
	switch {
	case hasAny(low, "deploy", "publish", "release", "migrate", "upload", "provision", "push"):
		c.rate(Stateful, "target", "the target "+name)
	case hasAny(low, "destroy", "nuke", "wipe", "dropdb", "db:reset", "teardown", "ecto.reset"), strong(low) && strings.ContainsAny(low, ":._-"), low == "drop", low == "purge":
		c.rate(Irreversible, "target", "the target "+name)
	}
}

// buildHook: builds are local; installing, publishing and running unseen programs are more.
func buildHook(c *call, u *use) {
	c.buildPrograms()
	if c.tier == Observe {
		return
	}
	if u.has("-n", "--dry-run", "--just-print", "--simulate") {
		return
	}
	name := base(c.args[0].s)
	c.execVerb()
	if name == "crystal" && len(u.operands) > 1 && u.operands[0].s == "eval" {
		c.code("ruby", join(u.operands[1:]))
	}
	if name == "swift" || name == "ghc" || name == "crystal" {
		c.evaluates()
	}
	ops := append(words(u.words...), u.operands...)
	for i, a := range ops {
		if i > 3 {
			break
		}
		if i == 0 && (a.s == "test" || a.s == "bench" || a.s == "check") { // what follows are names of tests
			break
		}
		c.buildTarget(a.s)
		if i == 0 && (a.s == "install" || a.s == "uninstall") && (name == "ninja" || name == "meson" || name == "cmake" || name == "scons" || name == "waf") {
			c.rate(Stateful, name, "installs what was built")
		}
	}
	if name == "cmake" && u.has("--install") || name == "dotnet" && hasAny(join(ops).s, "tool install -g", "nuget push") {
		c.rate(Stateful, name, "installs or publishes")
	}
	if name == "cmake" {
		for i, a := range c.args {
			if (a.s == "-P" || a.s == "-E") && i+1 < len(c.args) {
				if a.s == "-P" {
					c.rate(Stateful, "cmake -P", "runs a script")
				} else if sub := c.args[i+1].s; sub == "rm" || sub == "remove_directory" || sub == "remove" {
					for _, f := range c.args[i+2:] {
						if !strings.HasPrefix(f.s, "-") {
							c.effect(removesAll, f, "cmake -E rm")
						}
					}
				}
			}
		}
	}
	if (name == "jar" || name == "mvn" || name == "gradle") && hasAny(join(ops).s, "exec:", "bootRun") {
		c.rate(Reversible, name, "runs what was built")
	}
}

// execVerb weighs what stands behind a verb such as exec, in bundle exec, opam exec -- and conda run -n NAME: what of it is the
// command depends on options that differ from tool to tool.
func (c *call) execVerb() {
	for i, a := range c.args[1:] {
		if a.s != "exec" && a.s != "run" && a.s != "x" {
			continue
		}
		for j := i + 2; j < len(c.args) && j < i+8; j++ {
			if lookup(base(c.args[j].s)) != nil {
				c.guess(c.args[j:])
				if len(c.args) > maxFields {
					break // so many words are read once, not for each place where a command may begin
				}
			}
		}
		return
	}
}

// pkgVerbsHook is for package managers whose first word says what they do.
func pkgVerbsHook(c *call, u *use) {
	if name := base(c.args[0].s); strings.Contains(name, "remove") || name == "removepkg" || name == "pkg_delete" || name == "emerge" && u.has("-C", "--unmerge", "-c", "--depclean") || len(u.words) > 0 && (u.words[0] == "remove" || u.words[0] == "delete" || u.words[0] == "del" || u.words[0] == "purge") {
		c.removesEssential(append(words(u.words...), u.operands...))
	}
	if len(u.words) == 0 {
		return
	}
	c.execVerb()
	switch base(c.args[0].s) { // -n means other things to most of them
	case "brew", "linuxbrew", "guix", "pkg", "pkg_add", "pkg_delete", "pkgin", "emerge":
		for _, a := range c.args[1:] {
			if a.s == "-n" {
				c.tier, c.rule, c.why = Observe, "dry run", "only shows what it would do"
				return
			}
		}
	case "xbps-install", "xbps-remove", "xbps-reconfigure":
		for _, a := range c.args[1:] {
			if strings.HasPrefix(a.s, "-") && !strings.HasPrefix(a.s, "--") && strings.Contains(a.s, "n") {
				c.tier, c.rule, c.why = Observe, "dry run", "only shows what it would do"
				return
			}
		}
	}
	if base(c.args[0].s) == "nix" && (u.words[0] == "run" || u.words[0] == "shell" || u.words[0] == "develop") {
		c.nix(c.args[1:])
	}
	text := join(u.operands).s
	switch u.words[0] {
	case "services", "toolchain", "component", "target", "config", "store", "flake", "env", "repo", "cache":
		if hasAny(text+" ", "list ", "show ", "info ", "metadata ") || len(u.operands) == 0 {
		} else {
			c.tier = max(c.tier, Stateful)
		}
	}
}

// ghAPIHook: gh api with fields or another method changes something.
func ghAPIHook(c *call, u *use) {
	method := ""
	if o, ok := u.option("-X", "--method"); ok {
		method = strings.ToUpper(o.arg.s)
	}
	switch {
	case method == "DELETE":
		c.rate(Irreversible, "gh api", "deletes something")
	case method != "" && method != "GET", method == "" && u.has("-f", "-F", "--field", "--raw-field", "--input"):
		if u.operand(0).s == "graphql" && !strings.Contains(join(c.args).s, "mutation") {
			return
		}
		c.rate(Stateful, "gh api", "changes something")
	}
}

// guestExecHook: exec NAME -- COMMAND…
func guestExecHook(c *call, u *use) {
	ops := u.operands
	if len(ops) > 1 && ops[1].s == "--" {
		ops = append(ops[:1:1], ops[2:]...)
	}
	if len(ops) < 2 {
		c.rate(Stateful, "exec", "a shell in a guest")
		return
	}
	c.inside(ops[1:])
}

func kubectlScaleHook(c *call, u *use) {
	if o, ok := u.option("--replicas"); ok && o.arg.s == "0" && c.tier > Observe {
		c.rate(Stateful, "kubectl scale", "stops everything of it")
	}
}
