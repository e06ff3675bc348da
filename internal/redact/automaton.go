package redact

// automaton finds many literals in one pass (Aho and Corasick, 1975), as a full table: one step a byte, whatever the
// literals are, so that there is no text on which it is slow.
type automaton[T uint16 | uint32] struct {
	class [256]uint8 // byte to column; folding letters happens here
	shift uint       // log2 of the row length
	next  []T        // next[state<<shift | class] is the next state
	first T          // states from here on end at least one literal
	ends  [][]int32  // the literals that end in state first+i, longest first
}

// trieNode is a state while the table is being built.
type trieNode struct {
	next map[uint8]int
	fail int
	ends []int32
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
				nodes = append(nodes, &trieNode{next: map[uint8]int{}})
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

// number lays the states out with the silent ones first, so that one comparison tells whether a literal ended.
func (a *automaton[T]) number(nodes []*trieNode, order []int) {
	id := make([]T, len(nodes))
	var n T
	for _, at := range order {
		if len(nodes[at].ends) == 0 {
			id[at] = n
			n++
		}
	}
	a.first = n
	for _, at := range order {
		if len(nodes[at].ends) > 0 {
			id[at] = n
			n++
			a.ends = append(a.ends, nodes[at].ends)
		}
	}
	a.next = make([]T, len(nodes)<<a.shift)
	for _, at := range order { // by depth, so the row of the failure state is complete
		row := int(id[at]) << a.shift
		if at != 0 {
			fail := int(id[nodes[at].fail]) << a.shift
			copy(a.next[row:row+1<<a.shift], a.next[fail:fail+1<<a.shift])
		}
		for c, to := range nodes[at].next {
			a.next[row+int(c)] = id[to]
		}
	}
}

// find returns the end of the first literal that ends in s, and whether there is one.
func (a *automaton[T]) find(s string) (int, bool) {
	var st T
	next, first, shift := a.next, a.first, a.shift&31
	for i := 0; i < len(s); i++ {
		st = next[int(st)<<shift|int(a.class[s[i]])]
		if st >= first {
			return i + 1, true
		}
	}
	return 0, false
}

// each calls fn with every literal that ends in s, in the order of their ends, the longest first where several do.
func (a *automaton[T]) each(s string, fn func(id int32, end int)) {
	var st T
	next, first, shift := a.next, a.first, a.shift&31
	for i := 0; i < len(s); i++ {
		st = next[int(st)<<shift|int(a.class[s[i]])]
		if st >= first {
			for _, id := range a.ends[st-first] {
				fn(id, i+1)
			}
		}
	}
}
