package config

import (
	"fmt"
	"strings"
)

// Markdown is the reference of all settings, the whole of docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(preamble)
	last := ""
	for _, s := range table {
		if s.Section != last {
			last = s.Section
			fmt.Fprintf(&b, "\n## %s\n\n", last)
			if s.Kind == Retired {
				b.WriteString("| setting | meaning |\n|---|---|\n")
			} else {
				b.WriteString("| setting | default | allowed | meaning |\n|---|---|---|---|\n")
			}
		}
		if s.Kind == Retired {
			fmt.Fprintf(&b, "| `%s` | %s |\n", s.Name, s.Doc)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, shownDefault(s), shownBounds(s), cell(s.Doc))
	}
	return b.String()
}

func shownDefault(s *Setting) string {
	switch {
	case s.Default == "":
		return "unset"
	case s.computed:
		return cell(s.Default)
	}
	return "`" + s.Default + "`"
}

// shownBounds marks values that this version does not serve yet.
func shownBounds(s *Setting) string {
	switch s.Kind {
	case Text, Path, Paths, List:
		return string(s.Kind)
	case Choice, Choices:
		var shown []string
		for _, v := range s.Values {
			switch {
			case v == "":
			case later(s, v) != "":
				shown = append(shown, "(`"+v+"`)")
			default:
				shown = append(shown, "`"+v+"`")
			}
		}
		return strings.Join(shown, ", ")
	}
	return s.Bounds()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const preamble = `# Settings

Every setting can be given in three places; the earlier wins:

1. an environment variable: the name below with the prefix ` + "`RELAY_SHELL_`" + `, for example ` + "`RELAY_SHELL_POLICY_MODE=guarded`" + `;
2. a TOML file: the name in lower case, for example ` + "`policy_mode = \"guarded\"`" + `. The file is the one named with
   ` + "`--config`" + `, else with ` + "`RELAY_SHELL_CONFIG`" + `, else ` + "`$XDG_CONFIG_HOME/relay-shell/config.toml`" + ` (` + "`~/.config/relay-shell/config.toml`" + `).
   A file that was named must exist. A file that somebody other than you or root owns or can write is refused;
3. the default.

An unknown name or a bad value stops the start with exit status 2, and the message names the place, the value, what is
allowed and what was probably meant. All problems are shown at once. ` + "`relay-shell --check-config`" + ` does only that.

Values in parentheses are known but not in this version: asking for one stops the start as well.

**Durations** are whole seconds (` + "`90`" + `) or, for example, ` + "`30s`, `15m`, `1h30m`, `7d`, `2w`" + `. **Sizes** are bytes
(` + "`65536`" + `) or, for example, ` + "`64KiB`, `64MiB`, `1GiB`" + `; ` + "`64K`" + ` and ` + "`64M`" + ` are the same as KiB and MiB, ` + "`64MB`" + ` is decimal.
**Booleans** are ` + "`true` and `false`" + `. **Paths** may begin with ` + "`~/`" + `; variables are not expanded; relative ones start from the
working directory, and in the file from the file's own directory. **Lists** are separated by commas (directories by
colons); in the file they are arrays of strings. An empty text, path or pattern means the default.

A ` + "`.env`" + ` file in the working directory is not read, unlike in relay-shell 0.3: a cloned repository or the agent itself could
plant one there and loosen the policy. Name such a file to your service manager, or use the TOML file.

Bounds that contradict one another are settled towards the stricter one: ` + "`DEFAULT_TIMEOUT`" + ` is lowered to ` + "`MAX_TIMEOUT`" + `,
` + "`MAX_OUTPUT`" + ` to ` + "`MAX_OUTPUT_HARD`" + `, ` + "`SPOOL_PER_CALL`" + ` to ` + "`SPOOL_TOTAL`" + `.

This page is generated from the program's own table of settings.
`
