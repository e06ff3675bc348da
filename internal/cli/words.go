package cli

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// commandWords turns the tools that a hint names, which are a model's, into the commands that an operator has for them.
var commandWords = strings.NewReplacer(
	"ssh_hosts", "relay-shell hosts",
	"ssh_check", "relay-shell check",
	"ssh_connections", "relay-shell connections",
	"ssh_forward_list", "relay-shell forwards",
	"ssh_forward_close", "relay-shell forwards close",
	"session_list", "relay-shell sessions",
	"session_kill", "relay-shell sessions kill",
	"job_list", "relay-shell jobs",
	"job_output", "relay-shell jobs show",
	"job_wait", "relay-shell jobs tail",
	"job_kill", "relay-shell jobs kill",
	"file_list", "ls",
	"policy_explain", "relay-shell policy explain",
	"audit_tail", "relay-shell audit tail",
	"server_info", "relay-shell doctor",
)

// operatorText is a tool's text for an operator: its hints in their words.
func operatorText(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "hint") {
			lines[i] = commandWords.Replace(line)
		}
	}
	return strings.Join(lines, "")
}

// plainWords puts what kong says of a value into words that are not Go's.
var plainWords = strings.NewReplacer(
	"expected an int but", "expected a whole number but", "expected a valid 64 bit int but", "expected a whole number but",
	"expected a float but", "expected a number but", " (string)", "",
	`expected string value but got "EOL" (<EOL>)`, "needs a value",
)

// misused is the error for a command line that kong refuses. It names the help that covers it.
func misused(err error) error {
	help := "relay-shell --help shows the commands"
	var refused *kong.ParseError
	if errors.As(err, &refused) && refused.Context != nil {
		for _, p := range refused.Context.Path {
			if p.Command != nil && p.Command.Name != "serve" {
				help = p.Command.FullPath() + " --help shows how"
			}
		}
	}
	return usage(errors.New(plainWords.Replace(err.Error()) + " (" + help + ")"))
}

// printHelp leaves out of a command's help what only the program without a command takes.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	ctx.Model.HelpFlag.Help = "Show this."
	for _, flag := range ctx.Model.Flags {
		if ctx.Selected() != nil && (flag.Name == "version" || flag.Name == "check-config") {
			flag.Hidden = true
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}
