package files

import "fmt"

// otherRoad is the status of a command that was to move a file and leaves that to SFTP: nothing has been moved.
const otherRoad = 96

// sameFile is shell text that ends with otherRoad unless the shell finds the file that SFTP has described: on some appliances their root directories differ.
// For a file that nobody has described it is nothing.
func sameFile(name string, seen *Info) string {
	if seen == nil {
		return ""
	}
	return fmt.Sprintf("set -- $(stat -c '%%s %%Y' -- %[1]s 2>/dev/null || stat -f '%%z %%m' %[1]s 2>/dev/null)\n[ -f %[1]s ] && { [ $# != 2 ] || [ \"$1.$2\" = %[2]d.%[3]d ]; } || exit %[4]d\n",
		word(name), seen.Size, seen.ModTime.Unix(), otherRoad)
}

// unlessHoles is shell text that ends with otherRoad where a file takes at least a mebibyte less room than its size.
func unlessHoles(name string, size int64) string {
	return fmt.Sprintf("set -- $(stat -c '%%b %%B' -- %[1]s 2>/dev/null || stat -f '%%b 512' %[1]s 2>/dev/null)\n[ $# = 2 ] && [ $(($1*$2+%[2]d)) -le %[3]d ] 2>/dev/null && exit %[4]d\n",
		word(name), fastFrom, size, otherRoad)
}
