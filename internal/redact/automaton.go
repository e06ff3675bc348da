package redact

// automaton finds many literals in one pass (Aho and Corasick, 1975). States near the root, where most bytes of most texts leave it, have a row of a
// table, one step a byte; the many others list the few bytes that lead on and the state to go on from otherwise, which is at most one more
// step a byte in all, so that there is no text on which it is slow. A table of all states would be ten times as large, and no faster.
type automaton[T uint16 | uint32] struct {
	class [256]uint8 // byte to column; folding letters happens here
	shift uint       // log2 of the row length
	next  []T        // next[state<<shift | class] is the next state of the states before bare
	bare  T          // states from here on have no row
	edges []edge[T]  // of all of them, by state
	from  []uint32   // from[state-bare] is the first edge of a state, from[state-bare+1] is behind its last
	fail  []T        // fail[state-bare] is where a state without the right edge goes on
	first T          // states from here on end at least one literal
	ends  [][]int32  // the literals that end in state first+i, longest first
}

// edge leads from a state to another by a byte of one column.
type edge[T uint16 | uint32] struct {
	class uint8
	to    T
}

// rowsTo is the depth to which states have rows.
const rowsTo = 2

// trieNode is a state while the table is being built.
type trieNode struct {
	next  map[uint8]int
	depth int
	fail  int
	ends  []int32
}

// newAutomaton builds the table for literals; with fold, ASCII letters match in either case. Empty literals are ignored.
func newAutomaton[T uint16 | uint32](literals []string, fold bool) *automaton[T] {
	a := &automaton[T]{}
	columns := a.classes(literals, fold)
	for 1<<a.shift < columns {
		a.shift++
	}
	nodes := a.trie(literals)
	order := link(nodes)
	a.number(nodes, order)
	return a
}

// classes gives every byte that occurs in a literal its own column; all others share column 0.
func (a *automaton[T]) classes(literals []string, fold bool) int {
	n := 1
	for _, lit := range literals {
		for i := 0; i < len(lit); i++ {
			c := lit[i]
			if fold {
				c = lower(c)
			}
			if a.class[c] == 0 {
				a.class[c] = uint8(n)
				n++
			}
		}
	}
	if fold {
		for c := byte('A'); c <= 'Z'; c++ {
			a.class[c] = a.class[c+'a'-'A']
		}
	}
	return n
}

func (a *automaton[T]) trie(literals []string) []*trieNode {
	nodes := []*trieNode{{next: map[uint8]int{}}}
	for id, lit := range literals {
		if lit == "" {
			continue
		}
		at := 0
		for i := 0; i < len(lit); i++ {
			c := a.class[lit[i]]
			to, ok := nodes[at].next[c]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, &trieNode{next: map[uint8]int{}, depth: i + 1})
				nodes[at].next[c] = to
			}
			at = to
		}
		nodes[at].ends = append(nodes[at].ends, int32(id))
	}
	return nodes
}

// link sets the failure links and hands every state the literals that its suffixes end. It returns the states by depth.
func link(nodes []*trieNode) []int {
	order := []int{0}
	for i := 0; i < len(order); i++ {
		at := order[i]
		for c, to := range nodes[at].next {
			order = append(order, to)
			if at == 0 {
				continue
			}
			f := nodes[at].fail
			for {
				if g, ok := nodes[f].next[c]; ok {
					nodes[to].fail = g
					break
				}
				if f == 0 {
					break
				}
				f = nodes[f].fail
			}
			nodes[to].ends = append(nodes[to].ends, nodes[nodes[to].fail].ends...)
		}
	}
	return order
}

// hasRow tells whether a state has a row: those that end a literal have none, so that one comparison tells them.
func (n *trieNode) hasRow() bool { return len(n.ends) == 0 && n.depth <= rowsTo }

// number lays the states out: those with rows, the other silent ones, those that end a literal.
func (a *automaton[T]) number(nodes []*trieNode, order []int) {
	id := make([]T, len(nodes))
	var n T
	number := func(of func(*trieNode) bool) {
		for _, at := range order {
			if of(nodes[at]) {
				id[at] = n
				n++
			}
		}
	}
	number((*trieNode).hasRow)
	a.bare = n
	number(func(t *trieNode) bool { return !t.hasRow() && len(t.ends) == 0 })
	a.first = n
	number(func(t *trieNode) bool { return len(t.ends) > 0 })
	byID := make([]*trieNode, len(nodes))
	for at, node := range nodes {
		byID[id[at]] = node
	}
	a.next = make([]T, int(a.bare)<<a.shift)
	for _, at := range order { // by depth, so what the failure state does is complete
		if nodes[at].hasRow() {
			a.row(nodes, at, id)
		}
	}
	a.edges = make([]edge[T], 0, len(nodes))
	a.fail = make([]T, 0, len(nodes)-int(a.bare))
	a.from = make([]uint32, 0, len(nodes)-int(a.bare)+1)
	for _, node := range byID[a.bare:] {
		a.from = append(a.from, uint32(len(a.edges)))
		a.fail = append(a.fail, id[node.fail])
		for c, to := range node.next {
			a.edges = append(a.edges, edge[T]{c, id[to]})
		}
	}
	a.from = append(a.from, uint32(len(a.edges)))
	for _, node := range byID[a.first:] {
		a.ends = append(a.ends, node.ends)
	}
}

// row fills the row of a state: where its failure state goes, but for its own edges.
func (a *automaton[T]) row(nodes []*trieNode, at int, id []T) {
	row := a.next[int(id[at])<<a.shift:][:1<<a.shift]
	if at != 0 {
		for f := nodes[at].fail; ; f = nodes[f].fail {
			if nodes[f].hasRow() {
				base := a.next[int(id[f])<<a.shift:][:1<<a.shift]
				for c, to := range base {
					if row[c] == 0 {
						row[c] = to
					}
				}
				break
			}
			for c, to := range nodes[f].next {
				if row[c] == 0 {
					row[c] = id[to]
				}
			}
		}
	}
	for c, to := range nodes[at].next {
		row[c] = id[to]
	}
}

// step is the state behind st, one without a row, and a byte of column c.
func (a *automaton[T]) step(st T, c uint8) T {
	for st >= a.bare {
		at := st - a.bare
		for _, e := range a.edges[a.from[at]:a.from[at+1]] {
			if e.class == c {
				return e.to
			}
		}
		st = a.fail[at]
	}
	return a.next[int(st)<<(a.shift&31)|int(c)]
}

// find returns the end of the first literal that ends in s, and whether there is one.
func (a *automaton[T]) find(s string) (int, bool) {
	var st T
	next, bare, first, shift := a.next, a.bare, a.first, a.shift&31
	for i := 0; i < len(s); i++ {
		if c := a.class[s[i]]; st < bare {
			st = next[int(st)<<shift|int(c)]
		} else {
			st = a.step(st, c)
		}
		if st >= first {
			return i + 1, true
		}
	}
	return 0, false
}

// each calls fn with every literal that ends in s, in the order of their ends, the longest first where several do.
func (a *automaton[T]) each(s string, fn func(id int32, end int)) {
	var st T
	next, bare, first, shift := a.next, a.bare, a.first, a.shift&31
	for i := 0; i < len(s); i++ {
		if c := a.class[s[i]]; st < bare {
			st = next[int(st)<<shift|int(c)]
		} else {
			st = a.step(st, c)
		}
		if st >= first {
			for _, id := range a.ends[st-first] {
				fn(id, i+1)
			}
		}
	}
}
