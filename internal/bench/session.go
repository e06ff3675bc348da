package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/creack/pty"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	keyRounds = 300
	keepers   = 10
	idleFor   = 10 * time.Second
)

// benchSession times a keystroke on a host's terminal until what it echoes has been read: through session_send and session_recv with the
// whole of MCP and the road, and by a plain ssh -tt, both over a live master. The ways take turns. Then it looks at what idle keepers cost.
func benchSession(b *bench) error {
	client, _, _, err := b.serve()
	if err != nil {
		return err
	}
	defer client.Close()
	defer endSessions(b, client)
	ctl := filepath.Join(b.lab.Dir(), "ctl")
	if out, err := b.ssh("-M", "-N", "-f", "-S", ctl, "target"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	defer b.ssh("-S", ctl, "-O", "exit", "target")

	plain, err := b.plainTerminal(ctl)
	if err != nil {
		return err
	}
	defer plain.Close()
	id, err := spawn(b, client, "ssh_spawn", map[string]any{"host": "target", "command": "cat", "record": true})
	if err != nil {
		return err
	}
	local, err := spawn(b, client, "shell_spawn", map[string]any{"command": "cat"})
	if err != nil {
		return err
	}
	attached, err := b.terminal(exec.CommandContext(b.ctx, b.binary, "attach", id))
	if err != nil {
		return err
	}
	defer attached.Close()
	time.Sleep(2 * time.Second) // until attach has said so
	attached.drain()
	ssh := &samples{name: "keystroke to echo, ssh -tt"}
	relay := &samples{name: "session_send + session_recv, host"}
	person := &samples{name: "relay-shell attach, host"}
	here := &samples{name: "session_send + session_recv, local"}
	for i := range keyRounds + 20 {
		if i == 20 { // warmed up
			ssh.took, person.took, relay.took, here.took = nil, nil, nil, nil
		}
		key := string(rune('a' + i%26))
		if err := errors.Join(
			ssh.measure(func() error { return plain.key(key) }),
			person.measure(func() error { return attached.key(key) }),
			relay.measure(func() error { return keystroke(b, client, id, key) }),
			here.measure(func() error { return keystroke(b, client, local, key) }),
		); err != nil {
			return err
		}
	}
	ssh.print(nil)
	person.print(ssh)
	relay.print(ssh)
	here.print(ssh)
	return b.idleKeepers(client)
}

// keystroke types a key and waits for its echo.
func keystroke(b *bench, client *mcp.ClientSession, id, key string) error {
	sent, err := result[struct{ Cursor int64 }](b, client, "session_send", map[string]any{"session_id": id, "data": key, "enter": false})
	if err != nil {
		return err
	}
	got, err := result[struct{ Matched bool }](b, client, "session_recv", map[string]any{"session_id": id, "cursor": sent.Cursor, "until": key, "timeout": 10})
	if err == nil && !got.Matched {
		err = errors.New("no echo")
	}
	return err
}

func result[R any](b *bench, client *mcp.ClientSession, tool string, args map[string]any) (r R, err error) {
	res, err := client.CallTool(b.ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return r, err
	}
	text, err := json.Marshal(res.StructuredContent)
	if err == nil && res.IsError {
		err = fmt.Errorf("%s failed: %s", tool, text)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}

func spawn(b *bench, client *mcp.ClientSession, tool string, args map[string]any) (string, error) {
	r, err := result[struct {
		ID string `json:"session_id"`
	}](b, client, tool, args)
	return r.ID, err
}

// endSessions ends what would outlive the benchmark.
func endSessions(b *bench, client *mcp.ClientSession) {
	list, err := result[struct {
		Sessions []struct {
			ID string `json:"session_id"`
		}
	}](b, client, "session_list", map[string]any{})
	for _, s := range list.Sessions {
		err = errors.Join(err, call(b, client, "session_kill", map[string]any{"session_id": s.ID}))
	}
	if err != nil {
		fmt.Println("ending the sessions:", err)
	}
}

// plainTerminal is a program on a terminal.
type plainTerminal struct {
	tty *os.File
	cmd *exec.Cmd
}

func (b *bench) plainTerminal(ctl string) (*plainTerminal, error) {
	return b.terminal(exec.CommandContext(b.ctx, "ssh", b.lab.SSH("-tt", "-e", "none", "-S", ctl, "target", "cat")...))
}

// terminal starts a command on a terminal.
func (b *bench) terminal(cmd *exec.Cmd) (*plainTerminal, error) {
	cmd.Env = append(slices.Clone(b.env), "TERM=xterm")
	tty, err := pty.Start(cmd)
	return &plainTerminal{tty, cmd}, err
}

// drain reads what is there.
func (p *plainTerminal) drain() {
	_, _ = p.tty.Read(make([]byte, 64<<10))
}

func (p *plainTerminal) key(key string) error {
	if _, err := p.tty.WriteString(key); err != nil {
		return err
	}
	buf := make([]byte, 4096)
	for {
		n, err := p.tty.Read(buf)
		if err != nil || bytes.Contains(buf[:n], []byte(key)) {
			return err
		}
	}
}

func (p *plainTerminal) Close() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.tty.Close()
}

// idleKeepers starts more sessions, leaves them alone and says what their keepers cost, once more after they have printed.
func (b *bench) idleKeepers(client *mcp.ClientSession) error {
	var shells []string
	for range keepers - 2 {
		id, err := spawn(b, client, "shell_spawn", map[string]any{"command": "PS1='$ ' exec sh"})
		if err != nil {
			return err
		}
		shells = append(shells, id)
	}
	if err := b.weigh(client, "idle"); err != nil {
		return err
	}
	for _, id := range shells {
		if err := call(b, client, "session_send", map[string]any{"session_id": id, "data": "seq 20000; echo $((40+2))end"}); err != nil {
			return err
		}
		if err := call(b, client, "session_recv", map[string]any{"session_id": id, "until": "42end", "timeout": 60, "max_bytes": 1000}); err != nil {
			return err
		}
	}
	return b.weigh(client, "quiet after 20,000 lines each")
}

// weigh leaves the keepers alone for a while and says what they cost.
func (b *bench) weigh(client *mcp.ClientSession, what string) error {
	time.Sleep(idleFor) // for recordings to be in the log
	pids, err := keeperPIDs(b, client)
	if err != nil {
		return err
	}
	before := cpuTicks(pids)
	time.Sleep(idleFor)
	used := cpuTicks(pids) - before
	var most float64
	for _, pid := range pids {
		_, pss := residentMiB(pid)
		mib, _ := strconv.ParseFloat(strings.TrimSuffix(pss, " MiB"), 64)
		most = max(most, mib)
	}
	fmt.Printf("%d keepers %s: at most %.1f MiB proportional each, %d ms of CPU together in %s\n", len(pids), what, most, used*10, idleFor)
	return nil
}

// keeperPIDs finds the keepers: they are the parents of the sessions' programs.
func keeperPIDs(b *bench, client *mcp.ClientSession) (pids []int, err error) {
	list, err := result[struct{ Sessions []struct{ PID int } }](b, client, "session_list", map[string]any{})
	for _, s := range list.Sessions {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID))
		_, rest, ok := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); ok && len(f) > 1 {
			pid, _ := strconv.Atoi(f[1])
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// cpuTicks is the time of processes in hundredths of a second (proc(5): utime and stime).
func cpuTicks(pids []int) (sum int64) {
	for _, pid := range pids {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, ok := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); ok && len(f) > 12 {
			u, _ := strconv.ParseInt(f[11], 10, 64)
			s, _ := strconv.ParseInt(f[12], 10, 64)
			sum += u + s
		}
	}
	return sum
}
