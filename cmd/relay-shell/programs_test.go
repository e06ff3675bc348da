package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// statusMain is a command for scripts: status N PROGRAM … passes on what the program prints and succeeds if its exit status is N.
func statusMain() int {
	want, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		fmt.Fprintf(os.Stderr, "exit status %d, want %d\n", got, want)
		return 1
	}
	return 0
}

// condition is what scripts may ask about the machine: [namespaces], a mount namespace of one's own. Where everything is required, nothing is passed
// over.
func condition(name string) (bool, error) {
	if name != "namespaces" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return os.Getenv("TESTS_REQUIRE_PROGRAMS") != "" || exec.Command("unshare", "-rm", "true").Run() == nil, nil
}

// tamperMain is a command for scripts: tamper COMMAND … runs a command on a copy of the audit log, in which LOG is the live file and TREE the
// directory beside it, and then shows what verify says to that, which must be that it is not intact.
func tamperMain() int {
	if err := tamper(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tamper:", err)
		return 1
	}
	return 0
}

func tamper(args []string) error {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(os.Getenv("RELAY_SHELL_AUDIT_PATH")))); err != nil {
		return err
	}
	log := filepath.Join(dir, "audit.jsonl")
	for i := range args {
		args[i] = strings.NewReplacer("LOG", log, "TREE", filepath.Join(dir, "audit.tree")).Replace(args[i])
	}
	before, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if after, err := os.ReadFile(log); err == nil && string(after) == string(before) {
		return errors.New("the command changed nothing")
	}
	verify := exec.Command("relay-shell", "audit", "verify", "--path", log)
	verify.Stdout, verify.Stderr = os.Stdout, os.Stderr
	_ = verify.Run() // the exit status says it
	if got := verify.ProcessState.ExitCode(); got != 2 {
		return fmt.Errorf("verify ended with %d", got)
	}
	return nil
}

// withSecrets puts the script's secrets in the places of @TOKEN@ and @PASSWORD@.
func withSecrets(text string) string {
	return strings.NewReplacer("@TOKEN@", os.Getenv("TOKEN"), "@PASSWORD@", os.Getenv("PASSWORD")).Replace(text)
}

// secretsMain is a command for scripts: secrets FILE … puts the script's secrets into files.
func secretsMain() int {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, []byte(withSecrets(string(text))), 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}
