package assess

import "strings"

func init() {
	hooks["apt"] = aptHook
	hooks["npm"] = npmHook
	hooks["npmExec"] = npmExecHook
	hooks["pip"] = pipHook
	hooks["pkgVerbs"] = pkgVerbsHook
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
	for _, a := range u.operands {
		if key, v, ok := strings.Cut(a.s, "="); ok && strings.HasPrefix(key, "scripts") || len(u.words) > 0 && u.words[0] == "set-script" {
			if !ok {
				v = a.s
			}
			c.weighProgram(str{v, a.t})
		}
	}
	if base(c.args[0].s) == "bun" {
		c.evaluates()
	}
	if text := " " + join(c.args).s + " "; hasAny(text, " foreach ", " workspace ", " -r ", " --recursive ") {
		c.execVerb(false)
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

// pkgVerbsHook is for package managers whose first word says what they do.
func pkgVerbsHook(c *call, u *use) {
	if name := base(c.args[0].s); strings.Contains(name, "remove") || name == "removepkg" || name == "pkg_delete" || name == "emerge" && u.has("-C", "--unmerge", "-c", "--depclean") || len(u.words) > 0 && (u.words[0] == "remove" || u.words[0] == "delete" || u.words[0] == "del" || u.words[0] == "purge") {
		c.removesEssential(append(words(u.words...), u.operands...))
	}
	if len(u.words) == 0 {
		return
	}
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

// npmExecHook: npx and npm exec run packages; -c is shell text.
func npmExecHook(c *call, u *use) {
	if o, ok := u.option("-c", "--call"); ok && o.has {
		c.shellText(o.arg.str)
	}
	if len(u.operands) > 0 {
		if named(u.operands[0].s) {
			c.command(u.operands)
		} else if strings.Contains(u.operands[0].s, " ") {
			c.shellText(u.operands[0].str)
		} else if tool := strings.TrimSuffix(u.operands[0].s, "-cli"); lookup(tool) != nil {
			c.command(append(words(tool), u.operands[1:]...))
		} else {
			d := c.child(u.operands)
			d.unknownVerbs(tool)
			c.rate(d.tier, d.rule, d.why)
		}
	}
}
