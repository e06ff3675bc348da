package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	largeSize   = 512 << 20
	largeRounds = 5
	smallFiles  = 2000
	smallSize   = 2 << 10
	smallRounds = 5
)

// way is one way of moving the same bytes.
type way struct {
	samples
	do func(source, to string) error
}

// benchFiles moves one large file and many small ones up and down, beside scp over a live master and tar through ssh. The ways take turns.
func benchFiles(b *bench) error {
	session, pid, _, err := b.serve()
	if err != nil {
		return err
	}
	defer session.Close()
	ctl := filepath.Join(b.lab.Dir(), "ctl")
	if out, err := b.ssh("-M", "-N", "-f", "-S", ctl, "target"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	defer b.ssh("-S", ctl, "-O", "exit", "target")
	if err := call(b, session, "ssh_exec", map[string]any{"host": "target", "command": "true"}); err != nil {
		return err
	}
	home, err := b.ssh("-S", ctl, "target", "pwd")
	if err != nil {
		return err
	}
	there := string(home[:len(home)-1])
	large, small := filepath.Join(b.dir, "large"), filepath.Join(b.dir, "small")
	if err := errors.Join(fillFile(large, largeSize), fillTree(small)); err != nil {
		return err
	}
	for _, w := range []struct {
		what   string
		source string
		rounds int
		tree   bool
	}{{"512 MiB", large, largeRounds, false}, {"2,000 files of 2 KiB", small, smallRounds, true}} {
		up, down := b.ways(session, ctl, w.tree)
		fmt.Printf("%s, up\n", w.what)
		target := filepath.Join(there, filepath.Base(w.source))
		remove := func(names []string) error { return b.remove(ctl, strings.Join(names, " ")) }
		if err := turns(up, w.rounds, w.source, there+"/up", w.tree, remove); err != nil {
			return err
		}
		if out, err := b.scp(ctl, "-r", w.source, "target:"+target); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		fmt.Printf("%s, down\n", w.what)
		if err := turns(down, w.rounds, target, filepath.Join(b.dir, "back"), w.tree, removeAll); err != nil {
			return err
		}
		if err := b.remove(ctl, target); err != nil {
			return err
		}
	}
	rss, pss := residentMiB(pid)
	fmt.Printf("server afterwards: %s resident, %s proportional; at most %s\n", rss, pss, peak(pid))
	return nil
}

// ways are scp, tar, and relay-shell with and without verification, up and down.
func (b *bench) ways(session *mcp.ClientSession, ctl string, tree bool) (up, down []*way) {
	relay := func(tool, local, remote string, verify bool) error {
		return call(b, session, tool, map[string]any{"host": "target", "local_path": local, "remote_path": remote, "recursive": tree, "verify": verify})
	}
	said := func(out []byte, err error) error {
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	ssh := "ssh -F " + b.lab.Config() + " -S " + ctl + " target "
	tar := func(script string) error {
		cmd := exec.CommandContext(b.ctx, "sh", "-c", script)
		cmd.Env = b.lab.Env()
		return said(cmd.CombinedOutput())
	}
	up = []*way{
		{samples{name: "scp, live master"}, func(s, to string) error { return said(b.scp(ctl, "-r", s, "target:"+to)) }},
		{samples{name: "tar | ssh, live master"}, func(s, to string) error {
			return tar("tar -C " + filepath.Dir(s) + " -cf - " + filepath.Base(s) + " | " + ssh + "'mkdir " + to + " && tar -C " + to + " -xf -'")
		}},
		{samples{name: "ssh_upload, verify false"}, func(s, to string) error { return relay("ssh_upload", s, to, false) }},
		{samples{name: "ssh_upload"}, func(s, to string) error { return relay("ssh_upload", s, to, true) }},
	}
	down = []*way{
		{samples{name: "scp, live master"}, func(s, to string) error { return said(b.scp(ctl, "-r", "target:"+s, to)) }},
		{samples{name: "ssh | tar, live master"}, func(s, to string) error {
			return tar("mkdir " + to + " && " + ssh + "'tar -C " + filepath.Dir(s) + " -cf - " + filepath.Base(s) + "' | tar -C " + to + " -xf -")
		}},
		{samples{name: "ssh_download, verify false"}, func(s, to string) error { return relay("ssh_download", to, s, false) }},
		{samples{name: "ssh_download"}, func(s, to string) error { return relay("ssh_download", to, s, true) }},
	}
	return up, down
}

// turns has the ways take turns and prints them beside the first one. keep leaves what they make until all are done: a file system without a journal looks
// for a while at each inode that was given back before it makes a file, and that would be what is measured.
func turns(ways []*way, rounds int, source, to string, keep bool, remove func(names []string) error) error {
	var made []string
	for n := range rounds {
		for m, w := range ways {
			name := fmt.Sprintf("%s-%d-%d", to, n, m)
			if err := w.measure(func() error { return w.do(source, name) }); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if made = append(made, name); !keep {
				if err := remove(made); err != nil {
					return err
				}
				made = nil
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	if keep {
		if err := remove(made); err != nil {
			return err
		}
	}
	for i, w := range ways {
		if i == 0 {
			w.print(nil)
		} else {
			w.print(&ways[0].samples)
		}
	}
	return nil
}

func (b *bench) scp(ctl string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(b.ctx, "scp", append([]string{"-q", "-p", "-F", b.lab.Config(), "-o", "ControlPath=" + ctl}, args...)...)
	cmd.Env = b.lab.Env()
	return cmd.CombinedOutput()
}

func (b *bench) remove(ctl, path string) error {
	out, err := b.ssh("-S", ctl, "target", "rm -rf "+path)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func removeAll(names []string) error {
	for _, name := range names {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// fillFile writes bytes that do not compress.
func fillFile(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, size)
	return errors.Join(err, f.Close())
}

func fillTree(dir string) error {
	for i := range smallFiles {
		sub := filepath.Join(dir, fmt.Sprintf("d%02d", i%20))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		if err := fillFile(filepath.Join(sub, fmt.Sprintf("f%04d", i)), smallSize); err != nil {
			return err
		}
	}
	return nil
}
