package membership

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// Kinds of frames on the control lane. Numbers are part of the member protocol: append
// only. Kinds from KindTables on belong to the Tables above. What stands in brackets is not there from members of 0.1.
const (
	kindBeat      = 1 // stamp, list mark, table version, document version, the latest stamp that the coordinator has echoed [, spoken]
	kindEcho      = 2 // the stamp, cluster time in ms [, how long the lease may be at most that comes with it]
	kindState     = 3 // list, table?, document?
	kindInstalled = 4 // list mark, table version, document version
	kindLeave     = 5
	kindTakeOver  = 7  // the mark that is left, the proof of it
	kindYield     = 8  // answer: accepted, state [, how long ago it last answered those who are given up]
	kindChange    = 9  // token, change [, cluster version]
	kindChanged   = 10 // token, error text
	kindAbandon   = 11 // a take-over was refused by another member
	kindMerge     = 12 // the list of the cluster to merge into
	kindMerged    = 13 // the sender carries nothing of a former cluster any more
	// KindTables is the first kind of frames that the core passes on unread.
	KindTables = 64
)

// Questions to an address, and their answers.
const (
	questionWho  = 1 // candidate?, member [, spoken]
	questionJoin = 2 // member [, spoken [, true if it carries what it held of a former cluster]]
	// questionMerge is asked by the coordinator of another cluster of this name.
	questionMerge = 3 // list

	answerCandidate = 1 // member, addresses of candidates that it has met [, spoken]
	answerMember    = 2 // list [, cluster version]
	answerJoined    = 3 // cluster time in ms, state
	answerElsewhere = 4 // coordinator's address
	answerLater     = 5
	answerRefused   = 6 // reason
	answerMerge     = 7 // list
)

// state is a frame or answer with everything the coordinator decides; table
// and document are nil when the receiver has them already.
type state struct {
	list     *cluster.List
	table    *cluster.Table
	document *cluster.Document
}

func appendState(dst []byte, s state) []byte {
	dst = cluster.AppendList(dst, s.list)
	dst = packed.AppendBool(dst, s.table != nil)
	if s.table != nil {
		dst = cluster.AppendTable(dst, s.table)
	}
	dst = packed.AppendBool(dst, s.document != nil)
	if s.document != nil {
		dst = cluster.AppendDocument(dst, s.document)
	}
	return dst
}

func readState(r *packed.Reader) state {
	s := state{list: cluster.ReadList(r)}
	if r.Bool() {
		s.table = cluster.ReadTable(r)
	}
	if r.Bool() {
		s.document = cluster.ReadDocument(r)
	}
	return s
}
