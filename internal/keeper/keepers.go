package keeper

// Options say where keepers are and how they are started.
type Options struct {
	// Dir is the directory of their sockets: private, at most 73 bytes long, the same for all servers of a user. It is made when it
	// is needed.
	Dir string
	// Program is the file to run as keeper, "" for this program itself.
	Program string
	// Environ is where the few variables of a keeper's own environment come from. What a thing needs beyond them is part of its
	// spec, where it shows in no process list.
	Environ []string
	// Build is this program's version.
	Build string
	// Kinds are the kinds that this program knows; their first letters differ.
	Kinds []string
}

// Keepers are the keepers of this user. It is safe for concurrent use.
type Keepers struct {
	opt   Options
	links keptLinks
}

// Open makes a Keepers. It starts nothing and touches no file.
func Open(o Options) *Keepers { return &Keepers{opt: o} }
