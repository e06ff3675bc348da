package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"relay-shell/internal/config"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/policy/approval"
	"relay-shell/internal/relay"
)

type approveCmd struct {
	Token string `arg:"" optional:"" help:"What to answer: a token of the list, or enough of its beginning."`
	List  bool   `help:"List what waits (the default without a token)."`
	Show  bool   `help:"Show it without answering."`
	Deny  string `help:"Decline, and tell the agent why." placeholder:"REASON"`

	Passphrase bool `help:"Answer with the passphrase though security keys are set up."`
}

// systemApprovals is the approval file that only root can write.
const systemApprovals = "/etc/relay-shell/approval.json"

// approvalFiles are where the approval file may be, the first that exists counts.
func approvalFiles(c *config.Config) []string {
	if c.ApprovalFile != "" {
		return []string{c.ApprovalFile}
	}
	return []string{systemApprovals, filepath.Join(c.StateDir, "approval.json")}
}

func approvalDir(c *config.Config) string { return filepath.Join(c.StateDir, "approvals") }

// toRunOnce is what a proof of a person is asked for.
const toRunOnce = "to let exactly this run once"

func (c *approveCmd) Run(s *session) error {
	dir := approvalDir(s.cfg)
	if c.Token == "" || c.List {
		if c.Show || c.Deny != "" {
			return usage(errors.New("name the token: relay-shell approve --list shows them"))
		}
		return s.listWaiting(dir)
	}
	waiting, err := approval.Find(dir, strings.TrimRight(c.Token, `,.;:)]"'`), time.Now()) // as it is copied out of a sentence
	if err != nil {
		return approvalFailure(err)
	}
	if c.Show {
		fmt.Fprint(s.world.Stdout, waiting.Shown.Text())
		return nil
	}
	verifier, err := approval.LoadVerifier(approvalFiles(s.cfg)...)
	if err != nil {
		return approvalFailure(err)
	}
	tty, err := openTerminal()
	if err != nil {
		return err
	}
	defer tty.Close()
	purpose := toRunOnce
	if c.Deny != "" {
		purpose = "to decline"
	}
	fmt.Fprint(tty, waiting.Shown.Text()+"\n")
	if verifier.Advisory {
		fmt.Fprintf(tty, "note: this account can replace %s, and so can its agent; root's own file counts for more\n", verifier.Path)
	}
	key, err := tty.key(s.ctx, verifier, purpose, c.Passphrase)
	if err != nil {
		return approvalFailure(err)
	}
	answer := approval.Answer{Approve: c.Deny == "", Reason: c.Deny, By: caller("").Principal + " with " + key.String(), At: time.Now()}
	if err := approval.Sign(dir, waiting, key, answer); err != nil {
		return approvalFailure(err)
	}
	if answer.Approve {
		fmt.Fprintf(s.world.Stdout, "approved, until %s: the agent repeats the identical call\n", waiting.Expires.Local().Format(time.TimeOnly))
	} else {
		fmt.Fprintln(s.world.Stdout, "declined")
	}
	return nil
}

// approvalFailure shows what an error of this package says to do.
func approvalFailure(err error) error {
	var coded relay.Coded
	if errors.As(err, &coded) && coded.ErrorHint() != "" {
		err = fmt.Errorf("%w\nhint: %s", err, coded.ErrorHint())
	}
	return err
}

func (s *session) listWaiting(dir string) error {
	waiting, err := approval.List(dir, time.Now())
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		fmt.Fprintln(s.world.Stdout, "nothing waits for an approval")
		return nil
	}
	table := tabwriter.NewWriter(s.world.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tLEFT\tTIER\tTOOL\tWHERE\tWHY")
	for _, w := range waiting {
		cell := func(text string) string {
			if text = strings.ReplaceAll(mcpserver.Visible(text), "\n", " "); len([]rune(text)) > 60 {
				text = string([]rune(text)[:60]) + "…"
			}
			return text
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", w.Token, time.Until(w.Expires).Round(time.Second), w.Shown.Tier, cell(w.Shown.Tool), cell(w.Shown.Target), cell(w.Shown.Why))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.world.Stdout, "\nrelay-shell approve TOKEN shows one and asks for the passphrase or a touch")
	return nil
}

// dialog asks on this terminal about a call of the command line itself.
func (s *session) dialog(verifier *approval.Verifier) relay.Dialog {
	if verifier == nil {
		return nil
	}
	if tty, err := openTerminal(); err != nil {
		return nil
	} else {
		tty.Close()
	}
	return func(ctx context.Context, q approval.Waiting) (approval.Answer, error) {
		tty, err := openTerminal()
		if err != nil {
			return approval.Answer{}, err
		}
		defer tty.Close()
		fmt.Fprint(tty, q.Shown.Text()+"\n")
		key, err := tty.key(ctx, verifier, toRunOnce, false)
		if err == nil {
			err = key.Prove()
		}
		if err != nil {
			return approval.Answer{}, err
		}
		return approval.Answer{Approve: true, By: caller("").Principal + " with " + key.String()}, nil
	}
}

// openVerifier loads the approval file. A person can be asked without it, through the client's dialog.
func (s *session) openVerifier() (*approval.Verifier, error) {
	v, err := approval.LoadVerifier(approvalFiles(s.cfg)...)
	if errors.Is(err, approval.ErrNoKey) {
		return nil, nil
	}
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("%w; this server has to be able to read it", err)
	}
	return v, err
}

// approvalState says in a sentence who can approve, for the log at the start and for server_info.
func approvalState(v *approval.Verifier) string {
	if v == nil {
		return "no passphrase or security key is set up (relay-shell auth): only a client with a dialog can ask a person"
	}
	var means []string
	if keys := v.SecurityKeys(); len(keys) == 1 {
		means = append(means, "security key "+keys[0].Fingerprint())
	} else if len(keys) > 1 {
		means = append(means, fmt.Sprintf("%d security keys", len(keys)))
	}
	if v.HasPassphrase() {
		means = append(means, "passphrase")
	}
	state := strings.Join(means, " or ") + " in " + v.Path
	if v.Advisory {
		return state + ", which this account can replace: advisory against the agent's own shell"
	}
	return state + ", which this account cannot replace"
}
