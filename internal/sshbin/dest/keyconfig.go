package dest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ssh adds the identities of all matching blocks to those of the command line and offers them one after the other;
// nothing on the command line takes them away ("IdentityFile none" only keeps the defaults out). So a key that is to
// replace them needs a configuration without them: copies of the files that ssh read, less the lines that name
// identities, with Include lines that lead to the copies.

// identityKeywords are the keywords that the copies leave out.
var identityKeywords = []string{"identityfile", "certificatefile", "pkcs11provider"}

// onlyIdentity reports whether ssh would offer KeyPath and nothing else.
func onlyIdentity(r *Resolved) bool {
	for _, file := range r.All("identityfile") {
		if file != r.KeyPath && file != escapePercent(r.KeyPath) {
			return false
		}
	}
	return !slices.ContainsFunc(r.All("certificatefile"), func(f string) bool { return noneIsEmpty(f) != "" })
}

// askWithKey resolves d again from copies of the configuration that name no identities.
func (r *Resolver) askWithKey(ctx context.Context, d Destination, t trace) (*Resolved, error) {
	path, err := r.copyWithoutIdentities(t.files)
	if err != nil {
		return nil, r.configError(d.Host, "", fmt.Errorf("making key_path replace the configured identities: %w", err))
	}
	resolved, again, err := r.askOne(ctx, d, path)
	if err != nil {
		return nil, err
	}
	if !onlyIdentity(resolved) {
		e := &ConfigError{Host: d.Host, Code: "unsupported", Err: errors.New("key_path cannot replace the identities that an Include with % or ${} tokens brings in"),
			Hint: "add an alias with this IdentityFile to ssh_config and call that"}
		return nil, e
	}
	resolved.keyConfig = true
	resolved.Matches = t.matches // where they stand in the operator's files, not in the copies
	resolved.Files = append(append([]string{}, t.files...), again.files...)
	return resolved, nil
}

// copyWithoutIdentities writes the copies and returns the path of the one to start from. read is what ssh read, in
// its order. The copies' names are hashes of their content, so a copy is never changed once it is there.
func (r *Resolver) copyWithoutIdentities(read []string) (string, error) {
	if r.opt.ConfigFile == noConfig {
		return noConfig, nil
	}
	if r.opt.Dir == "" {
		return "", errors.New("no private directory is configured")
	}
	home, err := homeDir()
	if err != nil {
		return "", err
	}
	c := copier{dir: r.opt.Dir, home: home, done: map[string]string{}}
	if r.opt.ConfigFile != "" {
		return c.copy(r.opt.ConfigFile, c.userBase(), 0)
	}
	// Without -F ssh reads the user's file and then the system's (ssh_config(5)); the first one that the user's file
	// does not include is the system's.
	var top strings.Builder
	for _, path := range read {
		if _, included := c.done[path]; included {
			continue
		}
		base := filepath.Dir(path)
		if path == filepath.Join(c.userBase(), "config") {
			base = c.userBase()
		}
		copied, err := c.copy(path, base, 0)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&top, "Include \"%s\"\n", copied)
	}
	return c.write(top.String())
}

// A copier copies configuration files without the lines that name identities.
type copier struct {
	dir, home string
	done      map[string]string // original → copy
}

func (c *copier) userBase() string { return filepath.Join(c.home, ".ssh") }

// maxIncludeDepth is ssh's own limit (READCONF_MAX_DEPTH).
const maxIncludeDepth = 16

func (c *copier) copy(path, base string, depth int) (string, error) {
	if copied, ok := c.done[path]; ok {
		return copied, nil
	}
	if depth > maxIncludeDepth {
		return "", errors.New("ssh_config includes too deeply")
	}
	lines, err := readConfigLines(path)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, line := range lines {
		switch {
		case slices.Contains(identityKeywords, line.key):
			b.WriteString("#\n") // keeps the line numbers of ssh's messages right
		case line.key == "include":
			text, err := c.include(line, base, depth)
			if err != nil {
				return "", err
			}
			b.WriteString(text + "\n")
		default:
			b.WriteString(line.text + "\n")
		}
	}
	copied, err := c.write(b.String())
	c.done[path] = copied
	return copied, err
}

// include gives an Include line that names copies in place of the files that its arguments match.
func (c *copier) include(line configLine, base string, depth int) (string, error) {
	var words []string
	for _, arg := range splitArgs(line.args) {
		pattern := includePattern(arg, c.home, base)
		if pattern == "" {
			words = append(words, `"`+arg+`"`)
			continue
		}
		matches, _ := filepath.Glob(pattern)
		for _, match := range matches {
			if info, err := os.Stat(match); err != nil || info.IsDir() {
				continue // ssh passes over what it cannot read
			}
			copied, err := c.copy(match, base, depth+1)
			if os.IsPermission(err) {
				continue
			}
			if err != nil {
				return "", err
			}
			words = append(words, `"`+copied+`"`)
		}
	}
	if len(words) == 0 {
		return "#", nil
	}
	return "Include " + strings.Join(words, " "), nil
}

// write stores content under a name of its hash, 0600, whole or not at all.
func (c *copier) write(content string) (string, error) {
	sum := sha256.Sum256([]byte(content))
	path := filepath.Join(c.dir, "config-"+hex.EncodeToString(sum[:10]))
	if old, err := os.ReadFile(path); err == nil && string(old) == content {
		return path, nil
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(c.dir, ".config-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return path, nil
}
