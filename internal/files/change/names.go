package change

import (
	"path"
	"strings"
)

// maxName is the length in bytes of a name on the usual file systems.
const maxName = 255

// hidden is the name of a file that belongs to a change, in the directory of the changed file. It begins with a dot, so that the
// include patterns of configuration directories pass it by, and ends as the file's own name does, because checks look at that.
func hidden(real, id, role string) string {
	dir, base := path.Split(real)
	prefix := ".relay-" + id + role + "-"
	if over := len(prefix) + len(base) - maxName; over > 0 {
		base = base[over:]
	}
	return dir + prefix + base
}

// temporary holds the new content until it takes the file's place, former the old file while a change may revert.
func temporary(real, id string) string { return hidden(real, id, "") }
func former(real, id string) string    { return hidden(real, id, "-old") }

// keeping is where things of one file's changes lie below Place.Dir: one directory a file.
//
//	ID.json     what the change was (meta)
//	ID.old      the content before it
//	ID.tmp      the path of its temporary file, until the change is made
//	ID.pending/ a change that would revert: pid, decided/, outcome
func (p *Place) keeping(real string) string {
	return path.Join(p.Dir, "changes", Digest([]byte(real))[:16])
}

// ours says whether a path can be that of the temporary file of a change.
func ours(name, id string) bool {
	return strings.HasPrefix(path.Base(name), ".relay-"+id+"-")
}
