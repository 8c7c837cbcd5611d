package membership

import (
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// checkRemoved holds the promise of leases: nobody who may still answer is taken out of
// the list, unless it has ended or said that it leaves.
func (w *world) checkRemoved(by *node, before, now *cluster.List) {
	for i := range before.Members {
		m := &before.Members[i]
		if now.Find(m.ID) >= 0 || m.Leaving {
			continue
		}
		if n := w.byID(m.ID); n.up && n.ended == "" && n.core.LeaseValid() && !n.view.Leaving {
			w.fail("member %d removes member %d, whose lease runs for another %v\n%s", by.place, n.place,
				time.Duration(n.core.lease.Load())-w.now, w.picture())
		}
	}
}

func (n *node) Changed(token uint64, err error) { n.changed[token] = err }
func (*node) SetClusterTime(int64)              {}
func (n *node) Left()                           { n.end("left") }
func (n *node) Removed(_, _ *cluster.List)      { n.end("removed") }

// Merging lets the process begin a new life that joins the other cluster.
func (n *node) Merging(_, other *cluster.List) {
	n.finish("merging") // what was sent arrives before the connections are closed
	n.w.after(n.w.delay, n.closeAll)
	var rally []cluster.Address
	for i := range other.Members {
		rally = append(rally, other.Members[i].Address)
	}
	next := n.w.addAt(n.self.Address, rally...)
	next.host = n.host
	n.w.start(next, time.Duration(n.w.random.Int64N(int64(20*time.Millisecond))))
}

func (n *node) end(how string) {
	n.finish(how)
	n.closeAll()
}

func (n *node) finish(how string) {
	n.w.note("member %d: %s", n.place, how)
	if n.ended != "" {
		n.w.fail("member %d ends twice: %s, %s", n.place, n.ended, how)
	}
	n.ended, n.up = how, false
	n.view = &cluster.View{Self: n.self.ID, List: n.view.List}
}

// stubTables is a partition table that nobody minds.
type stubTables struct{ w *world }

func (stubTables) Adjusted(t *cluster.Table, _ *cluster.List) *cluster.Table { return t }
func (s stubTables) Holds(_ *cluster.Table, id cluster.MemberID) bool        { return s.w.holds(id) }
