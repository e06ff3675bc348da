package assess

// SensitivePath reports whether the name of a file says that it holds keys, passwords, tokens or the like.
func SensitivePath(p string) bool { return sensitivePath(p) }
