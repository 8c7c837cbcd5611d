package replica

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

func id(n byte) cluster.MemberID { return cluster.MemberID{n} }

func assignment(epoch uint64, replicas ...cluster.Replica) *cluster.Assignment {
	return &cluster.Assignment{Epoch: epoch, Replicas: replicas}
}

func inSync(n byte) cluster.Replica {
	return cluster.Replica{Member: id(n), State: cluster.InSync}
}

func catchingUp(n byte) cluster.Replica { return cluster.Replica{Member: id(n)} }

// No false yes: an answer waits until the first backups in sync have acknowledged, as many as its structure asks for.
func TestConfirmedByTheFirst(t *testing.T) {
	for _, c := range []struct {
		name    string
		backups uint8
		replica []cluster.Replica
		acks    []byte
		want    bool
	}{
		{"one: nobody", 1, []cluster.Replica{inSync(1), inSync(2), inSync(3)}, nil, false},
		{"one: the first", 1, []cluster.Replica{inSync(1), inSync(2), inSync(3)}, []byte{2}, true},
		{"one: the second only", 1, []cluster.Replica{inSync(1), inSync(2), inSync(3)}, []byte{3}, false},
		{"one: the first is not in sync", 1, []cluster.Replica{inSync(1), catchingUp(2), inSync(3)}, []byte{3}, true},
		{"two: the first", 2, []cluster.Replica{inSync(1), inSync(2), inSync(3), inSync(4)}, []byte{2}, false},
		{"two: the first two", 2, []cluster.Replica{inSync(1), inSync(2), inSync(3), inSync(4)}, []byte{2, 3}, true},
		{"two of one", 2, []cluster.Replica{inSync(1), inSync(2), catchingUp(3)}, []byte{2}, true},
		{"none", 0, []cluster.Replica{inSync(1), inSync(2)}, nil, true},
	} {
		var r Replica
		r.Install(id(1), assignment(1, c.replica...))
		need := r.Append([]byte("effect"), c.backups, 7, true)
		for _, n := range c.acks {
			r.Ack(r.Peer(id(n)), need.Seq)
		}
		if got := r.Confirmed(need); got != c.want {
			t.Errorf("%s: confirmed %t", c.name, got)
		}
		if got := r.Confirmed(r.SawKey(7)); got != c.want {
			t.Errorf("%s: a read of it is answered: %t", c.name, got)
		}
	}
}

// What only the first backup has makes the replicas unequal; they are level when all in sync have what came before the assignment.
func TestLevel(t *testing.T) {
	var r Replica
	r.Install(id(1), assignment(1, inSync(1), inSync(2), inSync(3)))
	need := r.Append([]byte("effect"), 1, 7, true)
	r.Ack(r.Peer(id(2)), need.Seq)
	r.Install(id(1), assignment(2, inSync(1), inSync(3), inSync(2), catchingUp(4)))
	if r.Level() {
		t.Error("the second backup lacks a confirmed write")
	}
	later := r.Append(nil, 1, 7, true)
	r.Ack(r.Peer(id(3)), need.Seq)
	if !r.Level() || r.Confirmed(later) {
		t.Errorf("level %t, and what came later is confirmed: %t", r.Level(), r.Confirmed(later))
	}
	r.Install(id(1), assignment(3, inSync(3), inSync(1)))
	if r.Level() {
		t.Error("a backup says that its peers are level")
	}
}

// A backup that has caught up is awaited from then on, before the table says so.
func TestCaughtUpIsAwaited(t *testing.T) {
	var r Replica
	r.Install(id(1), assignment(1, inSync(1), catchingUp(2)))
	first := r.Append(nil, 1, 0, false)
	if !r.Confirmed(first) {
		t.Fatal("an answer waits for a backup that catches up")
	}
	p := r.Peer(id(2))
	p.Streaming = true
	if !r.Ack(p, first.Seq) {
		t.Fatal("the backup has everything and is not reported")
	}
	if need := r.Append(nil, 1, 0, false); r.Confirmed(need) {
		t.Error("a backup that has caught up is not awaited")
	}
	if p.Awaited = false; r.Ack(p, 99) && p.Acked > r.Last.Seq {
		t.Error("an acknowledgement of what was never made counts")
	}
}

// Reads never show what could still be lost: of the same key they wait, of others they do not.
func TestReadsWaitForTheirKey(t *testing.T) {
	var r Replica
	r.Install(id(1), assignment(1, inSync(1), inSync(2)))
	need := r.Append(nil, 1, 5, true)
	if r.Confirmed(r.SawKey(5)) || !r.Confirmed(r.SawKey(6)) || r.Confirmed(r.SawAll()) {
		t.Error("wrong reads wait: same key, other key, all:", r.Confirmed(r.SawKey(5)), r.Confirmed(r.SawKey(6)), r.Confirmed(r.SawAll()))
	}
	r.Ack(r.Peer(id(2)), need.Seq)
	if !r.Confirmed(r.SawKey(5)) || !r.Confirmed(r.SawAll()) {
		t.Error("reads wait for what is acknowledged")
	}
}

// What was made without peers is waited for, too, should a peer be in sync that has not said so yet.
func TestReadsOfWhatWasMadeAlone(t *testing.T) {
	var r Replica
	r.Install(id(1), assignment(1, inSync(1)))
	need := r.Append(nil, 1, 5, true)
	if !r.Confirmed(r.SawKey(5)) || !r.Confirmed(need) {
		t.Error("somebody is waited for who is not there")
	}
	r.Install(id(1), assignment(3, inSync(1), inSync(2)))
	if r.Confirmed(r.SawKey(5)) || r.Confirmed(r.SawAll()) {
		t.Error("what the peer may not have is shown")
	}
	r.Ack(r.Peer(id(2)), need.Seq)
	r.Append(nil, 1, 6, true)
	if !r.Confirmed(r.SawKey(5)) || r.Confirmed(r.SawKey(6)) {
		t.Error("a read waits for another key, or does not for its own:", r.Confirmed(r.SawKey(5)), r.Confirmed(r.SawKey(6)))
	}
}

// After a promotion everything counts as unacknowledged until the other backups have said how far they are.
func TestPromotedReadsWait(t *testing.T) {
	var r Replica
	r.Install(id(2), assignment(1, inSync(1), inSync(2), inSync(3)))
	r.Source, r.Established = id(1), true
	r.Applied(1, []byte("effect"))
	r.Install(id(2), assignment(2, inSync(2), inSync(3)))
	if r.Confirmed(r.SawKey(1)) {
		t.Error("a promoted primary shows what the other backup may not have")
	}
}

// One writer: a backup refuses the primary before, once it has promised a newer epoch.
func TestJudge(t *testing.T) {
	var r Replica
	r.Install(id(2), assignment(5, inSync(1), inSync(2)))
	r.Established = true
	for _, c := range []struct {
		name       string
		from       byte
		epoch, seq uint64
		promised   uint64
		want       Verdict
	}{
		{name: "the next", from: 1, epoch: 5, seq: 1, promised: 5, want: Apply},
		{name: "its primary, table not yet there", from: 1, epoch: 4, seq: 1, promised: 5, want: Apply},
		{name: "its primary, a promotion under way", from: 1, epoch: 5, seq: 1, promised: 6, want: Stale},
		{name: "a former primary", from: 3, epoch: 4, seq: 1, promised: 5, want: Stale},
		{name: "somebody else", from: 3, epoch: 6, seq: 1, promised: 5, want: Ignore},
		{name: "again", from: 1, epoch: 5, seq: 0, promised: 5, want: Known},
		{name: "too far", from: 1, epoch: 5, seq: 3, promised: 5, want: Gap},
	} {
		r.Promised = c.promised
		if got := r.Judge(id(c.from), c.epoch, c.seq); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if r.Established = false; r.Judge(id(1), 6, 1) != Ignore {
		t.Error("an effect is applied before the primary has confirmed the position")
	}
}

// The tail levels exactly those whose history is a prefix; compared with a
// list that forgets nothing.
func TestTailAgainstAll(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var r Replica
	r.Install(id(1), assignment(1, inSync(1), inSync(2)))
	type made struct {
		epoch  uint64
		effect []byte
	}
	all := []made{{}}
	for i := range 20_000 {
		if rnd.IntN(500) == 0 {
			r.Install(id(1), assignment(r.Epoch+1, inSync(1), inSync(2)))
		}
		effect := fmt.Appendf(nil, "%d:%s", i, bytes.Repeat([]byte("x"), rnd.IntN(60)))
		r.Append(effect, 1, 0, true)
		all = append(all, made{r.Epoch, effect})
		if i%97 != 0 {
			continue
		}
		seq := uint64(rnd.IntN(len(all)))
		levels := r.Levels(Position{Seq: seq, Epoch: all[seq].epoch})
		if r.Levels(Position{Seq: seq, Epoch: all[seq].epoch + 1}) {
			t.Fatalf("a history that differs at %d is levelled", seq)
		}
		if recent := uint64(len(all)) - 1 - seq; recent < 500 && !levels {
			t.Fatalf("%d effects back is out of reach", recent)
		}
		for s := seq + 1; levels && s < uint64(len(all)); s++ {
			epoch, got := r.Recent(s)
			if epoch != all[s].epoch || !bytes.Equal(got, all[s].effect) {
				t.Fatalf("effect %d: epoch %d %q, want epoch %d %q", s, epoch, got, all[s].epoch, all[s].effect)
			}
		}
	}
	if r.Levels(Position{Seq: 0}) {
		t.Error("the tail has kept everything")
	}
	if r.Levels(Position{Seq: r.Last.Seq + 1, Epoch: r.Epoch}) {
		t.Error("a position ahead of the primary is levelled")
	}
}

// A peer that has everything is not nudged; one that stands still is.
func TestLagging(t *testing.T) {
	var r Replica
	r.Install(id(1), assignment(1, inSync(1), inSync(2)))
	p := r.Peer(id(2))
	p.Streaming = true
	r.Append(nil, 1, 0, true)
	r.Append(nil, 1, 0, true)
	steps := []struct {
		acked uint64
		want  bool
	}{{0, true}, {0, true}, {1, false}, {1, true}, {2, false}}
	for i, s := range steps {
		r.Ack(p, s.acked)
		if got := r.Lagging(p); got != s.want {
			t.Errorf("step %d: lagging %t, want %t", i, got, s.want)
		}
	}
}
