package gateway

import (
	"errors"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// An answer that a member without a lease keeps back, by a list that was long enough for split-brain protection, is never sent
// when a list brings the lease back that is too short.
func TestAnswersOfALongerListAreDisowned(t *testing.T) {
	for _, tooFew := range []bool{true, false} {
		set := rules()
		set.Update(2)
		w := newWorld(t, 1, func(o *Options) { o.Protections = set })
		n := w.nodes[0]
		c := n.connect()
		other := cluster.Member{ID: w.uuid(), Address: cluster.Address{Host: "127.0.0.1", Port: 5799}}
		before, after := *n.view, *n.view
		list := *n.view.List
		list.Members = append([]cluster.Member{other}, list.Members...)
		before.List = &list
		idle := n.connect()
		n.lease = false
		c.send(w.put("rw", keyAt(3), data("v")))
		if tooFew {
			set.Update(1)
		}
		c.got = nil
		n.g.ViewChanged(&before, &after)
		n.lease = true
		c.take()
		if disowned := errors.Is(c.closed, errDisowned); disowned != tooFew || disowned == (len(c.got) > 0) {
			t.Errorf("too few %v: closed with %v, %d messages", tooFew, c.closed, len(c.got))
		}
		if errors.Is(idle.closed, errDisowned) {
			t.Error("a session that waits for nothing is ended")
		}
	}
}
