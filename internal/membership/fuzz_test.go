package membership

import (
	"log/slog"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
)

// deaf is an Outside to which nothing matters.
type deaf struct{ joined bool }

func (*deaf) Send(cluster.MemberID, []byte) bool                        { return true }
func (*deaf) Ask(cluster.Address, []byte, time.Duration, uint64)        {}
func (*deaf) Look()                                                     {}
func (*deaf) Connect([]link.Peer)                                       {}
func (d *deaf) Installed(v *cluster.View, _ string)                     { d.joined = v.Joined }
func (*deaf) Changed(uint64, error)                                     {}
func (*deaf) SetClusterTime(int64)                                      {}
func (*deaf) Left()                                                     {}
func (*deaf) Removed(_, _ *cluster.List)                                {}
func (*deaf) Merging(_, _ *cluster.List)                                {}
func (*deaf) Holds(*cluster.Table, cluster.MemberID) bool               { return false }
func (*deaf) Adjusted(t *cluster.Table, _ *cluster.List) *cluster.Table { return t }

// founded is a core that has founded a cluster, in which a second member has joined.
func founded(t *testing.T) (*Core, cluster.Member) {
	t.Helper()
	out := &deaf{}
	next := byte(0)
	uuid := func() cluster.UUID { next++; return cluster.UUID{next} }
	c := New(Options{
		Self:           cluster.Member{ID: uuid(), Address: cluster.Address{Host: "127.0.0.1", Port: 1}},
		PartitionCount: 2, HeartbeatInterval: time.Second, SilenceTimeout: 10 * time.Second, AskTimeout: time.Second,
		Clock: func() time.Duration { return time.Second }, ClusterTime: func() int64 { return 1 }, UUID: uuid,
		Logger: slog.New(slog.DiscardHandler),
	}, out, out)
	c.Start()
	for range 3 { // founding asks more than once
		c.Looked(discovery.Found{Addresses: []cluster.Address{c.Self.Address}, SelfShown: true}, nil)
		c.Tick()
	}
	other := cluster.Member{ID: cluster.UUID{99}, Address: cluster.Address{Host: "127.0.0.1", Port: 2}}
	c.Asked(c.appendSpoken(cluster.AppendMember([]byte{questionJoin}, &other)), func([]byte) {})
	return c, other
}

// Frames and questions may be anything; a core must refuse them, not fall over.
func FuzzFrame(f *testing.F) {
	list := &cluster.List{Mark: cluster.Mark{Lineage: cluster.UUID{2}, Version: 5}, Members: []cluster.Member{{ID: cluster.UUID{1}}, {ID: cluster.UUID{99}}}}
	f.Add(appendState([]byte{kindState}, state{list: list, table: &cluster.Table{Version: 9}}))
	for kind := byte(kindBeat); kind <= kindChanged; kind++ {
		f.Add(append([]byte{kind}, make([]byte, 60)...))
	}
	f.Add([]byte{questionWho, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, other := founded(t)
		_, _ = c.Frame(other.ID, b) // an error is logged by who calls it
		c.Asked(b, func([]byte) {})
		c.Tick()
	})
}
