package localexec

import "os"

// scriptWords find the text on descriptor 3, the first after the standard streams. sourceWords close it, since the shell
// has opened the text a second time.
const scriptWords, sourceWords = ". /dev/fd/3", "exec 3<&-; "

// shortenShell moves the text of a Shell that is too long for an argument into a file that has no name. The text is
// sourced, so that it runs as it would after -c: with the same $0, standard input and exit status. Its first words close the
// descriptor, on the line of the first command, so that the shell's messages have the right line numbers.
func (s *spec) shortenShell() (*os.File, error) {
	if !isShell(s.argv) || len(s.argv[2]) <= maxArg {
		return nil, nil
	}
	f, err := unnamedFile()
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteString(sourceWords + s.argv[2]); err != nil {
		f.Close()
		return nil, err
	}
	s.argv = Shell(scriptWords)
	s.files = []*os.File{f}
	return f, nil
}

// unlinkedFile is a temporary file, mode 0600, that is gone with its last descriptor.
func unlinkedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "relay-shell-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
