package files

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"relay-shell/internal/sshtest"
)

// serverVariable has the test binary be an sftp server that means harm.
const serverVariable = "RELAY_FILES_TEST_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serverVariable); kind != "" {
		serveHostile(kind)
		return
	}
	if text := os.Getenv(orderVariable); text != "" {
		if err := obey(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

type stdio struct {
	io.Reader
	io.WriteCloser
}

func serveHostile(kind string) {
	both := stdio{os.Stdin, os.Stdout}
	greeting := []byte{0, 0, 0, 5, 2, 0, 0, 0, 3}
	switch kind {
	case "silent":
		_, _ = os.Stdout.Write(greeting)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "garbage":
		_, _ = os.Stdout.Write(greeting)
		_, _ = io.CopyN(os.Stdout, rand.NewChaCha8([32]byte{7}), 1<<20)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "huge":
		_, _ = os.Stdout.Write(append(binary.BigEndian.AppendUint32(greeting, 0xffffffff), 101, 0, 0, 0, 1))
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "talks":
		_, _ = os.Stdout.WriteString("Welcome to this machine!\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "plain": // no harm, and no extensions
		server, err := sftp.NewServer(both)
		if err != nil {
			os.Exit(1)
		}
		_ = server.Serve()
	case "elsewhere":
		h := sftp.InMemHandler()
		h.FileCmd = modeless{h.FileCmd}
		_ = sftp.NewRequestServer(both, h).Serve()
	default:
		h := hostile(kind)
		_ = sftp.NewRequestServer(both, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}).Serve()
	}
}

// modeless keeps files in memory, which have no modes and times to set.
type modeless struct{ sftp.FileCmder }

func (m modeless) Filecmd(r *sftp.Request) error {
	if r.Method == "Setstat" {
		return nil
	}
	return m.FileCmder.Filecmd(r)
}

// hostile is a server whose listings hold one bad name each, or whose files are not what it says.
type hostile string

type entry struct {
	name string
	size int64
	mode fs.FileMode
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.size }
func (e entry) Mode() fs.FileMode  { return e.mode }
func (e entry) ModTime() time.Time { return time.Unix(1e9, 0) }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }

type entries []os.FileInfo

func (e entries) ListAt(to []os.FileInfo, off int64) (int, error) {
	if off >= int64(len(e)) {
		return 0, io.EOF
	}
	return copy(to, e[off:]), nil
}

func (h hostile) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Method != "List" {
		e := entry{path.Base(r.Filepath), 10, 0o644}
		if r.Filepath == "/" || r.Filepath == "/tree" || strings.HasSuffix(r.Filepath, "/dir") {
			e.mode = fs.ModeDir | 0o755
		}
		if r.Method == "Readlink" {
			e.name = "/etc"
			if h == "double" {
				e.name = "fine"
			}
		}
		return entries{e}, nil
	}
	all := entries{entry{"fine", 10, 0o4755}}
	if name, ok := strings.CutPrefix(string(h), "name:"); ok {
		all = append(all, entry{name, 10, 0o644})
	}
	if h == "links" {
		all = append(all, entry{"link", 4, fs.ModeSymlink | 0o777})
	}
	if h == "double" && r.Filepath == "/tree" { // a link that stays in the tree, and a directory of its name with a file beneath
		all = append(all, entry{"link", 4, fs.ModeSymlink | 0o777}, entry{"dir", 0, fs.ModeDir | 0o755}, entry{"dir", 4, fs.ModeSymlink | 0o777})
	}
	if h == "endless" { // directories in directories for ever
		all = append(all, entry{"dir", 0, fs.ModeDir | 0o755})
	}
	return all, nil
}

func (h hostile) Filecmd(*sftp.Request) error { return nil }
func (h hostile) Filewrite(*sftp.Request) (io.WriterAt, error) {
	if h == "quota" {
		return h, nil
	}
	return nil, os.ErrPermission
}
func (h hostile) WriteAt([]byte, int64) (int, error)            { return 0, errors.New("no reason") }
func (h hostile) Fileread(r *sftp.Request) (io.ReaderAt, error) { return h, nil }
func (h hostile) ReadAt(b []byte, off int64) (int, error)       { return h.content(b, off) }
func (h hostile) content(b []byte, off int64) (n int, err error) {
	end := int64(10)
	switch h {
	case "more": // than the listing said, without end
		end = 1 << 40
	case "less":
		end = 3
	}
	for n < len(b) && off+int64(n) < end {
		b[n] = 'x'
		n++
	}
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

// hostileHost is a host with such a server. Its account runs no command that would tell.
func hostileHost(t *testing.T, kind string, config ...string) FS {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	copied := remoteDir(t) + "/server" // where the account may run it
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Config: config, SFTP: serverVariable + "=" + kind + " " + copied})
	return newWorld(t, server.Lab, Options{}).fs("target")
}

// TestHostileNames writes nothing anywhere but where it was asked to.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"name:../evil", "name:../../../../../../tmp/relay-evil", "name:/tmp/relay-evil", "name:sub/evil", "links"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f, dest := hostileHost(t, kind), t.TempDir()
			tr := Transfer{From: f, To: Local(Bounds{}), Source: "/tree", Dest: dest + "/in", Recursive: true}
			report, err := tr.Run(t.Context())
			if kind == "links" {
				if err != nil || !slices.Equal(skippedPaths(report), []string{"link"}) {
					t.Errorf("%+v, %v", report, err)
				}
				if info, err := os.Stat(dest + "/in/fine"); err != nil || info.Mode() != 0o755 {
					t.Errorf("mode %v, %v: setuid of a stranger's is not kept", info.Mode(), err)
				}
				return
			}
			if Code(err) != "permission_denied" || !strings.Contains(err.Error(), "leads out of the directory") {
				t.Errorf("got %v", err)
			}
			if left := litter(t, dest); left != nil {
				t.Errorf("left behind: %q", left)
			}
			if _, err := os.Lstat("/tmp/relay-evil"); err == nil {
				t.Error("it was written outside")
			}
		})
	}
}

// TestHostileDouble: a name that is listed as a directory and as a link of the tree is neither both nor one after the other.
func TestHostileDouble(t *testing.T) {
	t.Parallel()
	f, dest := hostileHost(t, "double"), t.TempDir()
	tr := Transfer{From: f, To: Local(Bounds{}), Source: "/tree", Dest: dest + "/in", Recursive: true}
	report, err := tr.Run(t.Context())
	if Code(err) != "already_exists" {
		t.Errorf("%+v, %v", report, err)
	}
	if left := litter(t, dest); len(left) > 1 || len(left) == 1 && left[0] != path.Base(report.Part) {
		t.Errorf("left behind: %q", left)
	}
}

// TestHostileServers bounds everything, and ends with its context.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"garbage": "internal", "huge": "internal", "endless": "limit_reached", "less": "", "more": "", "silent": "context"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f, dest := hostileHost(t, kind), t.TempDir()
			ctx := t.Context()
			if kind == "silent" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			tr := Transfer{From: f, To: Local(Bounds{}), Source: "/tree", Dest: dest + "/in", Recursive: true}
			_, err := tr.Run(ctx)
			switch {
			case want == "context" && !errors.Is(err, context.DeadlineExceeded), want != "context" && Code(err) != want:
				t.Errorf("got %v, want %q", err, want)
			case err == nil:
				if info, err := os.Stat(dest + "/in/fine"); err != nil || info.Size() > 10 {
					t.Errorf("%d bytes, %v", info.Size(), err)
				}
			}
		})
	}
}

// TestTalkingServer falls back to commands where a login script talks before the server does.
func TestTalkingServer(t *testing.T) {
	t.Parallel()
	f, dir := hostileHost(t, "talks"), remoteDir(t)
	if err := write(t.Context(), f, dir+"/f", "x"); err != nil {
		t.Fatal(err)
	}
	holds(t, dir+"/f", []byte("x"))
}
