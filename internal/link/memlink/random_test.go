package memlink_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
)

// stream is what a member knows of one lane of one peer.
type stream struct {
	up bool
	// life counts the LaneUps of this end, sent the frames since.
	life, sent uint32
	// from and next are the life of the sender and the number of the next frame.
	from, next uint32
	heard      bool
}

// chaos lets four members send all the time while everything goes wrong, and
// checks what a lane promises: up and down alternate, and between them frames
// come from one life of the other end, in order, without a gap. It returns what
// was heard.
func chaos(t *testing.T, seed uint64) string {
	t.Helper()
	w := newWorld(t, seed)
	w.net.Hold(seed%2 == 1)
	random := rand.New(rand.NewPCG(seed, 2))
	var log strings.Builder
	const members = 4
	all := []byte{1, 2, 3, 4}
	streams := map[[3]byte]*stream{}
	of := func(n, peer byte, lane link.Lane) *stream {
		key := [3]byte{n, peer, byte(lane)}
		if streams[key] == nil {
			streams[key] = &stream{}
		}
		return streams[key]
	}
	for _, n := range all {
		m := w.start(n, n)
		m.quiet = true
		m.up = func(peer byte, lane link.Lane) {
			s := of(n, peer, lane)
			if s.up {
				t.Fatalf("seed %d: %d hears twice that %v of %d is up", seed, n, lane, peer)
			}
			*s = stream{up: true, life: s.life + 1}
			fmt.Fprintf(&log, "%v %d up %d %v\n", w.now, n, peer, lane)
		}
		m.down = func(peer byte, lane link.Lane) {
			s := of(n, peer, lane)
			if !s.up {
				t.Fatalf("seed %d: %d hears twice that %v of %d is down", seed, n, lane, peer)
			}
			s.up = false
			fmt.Fprintf(&log, "%v %d down %d %v\n", w.now, n, peer, lane)
		}
		m.frame = func(peer byte, lane link.Lane, frame []byte) error {
			s := of(n, peer, lane)
			life, number := binary.LittleEndian.Uint32(frame), binary.LittleEndian.Uint32(frame[4:])
			if !s.heard {
				s.heard, s.from = true, life
			}
			if !s.up || life != s.from || number != s.next {
				t.Fatalf("seed %d: %d got frame %d/%d of %d on %v, up %t, expected %d/%d", seed, n, life, number, peer, lane, s.up, s.from, s.next)
			}
			s.next++
			fmt.Fprintf(&log, "%v %d frame %d\n", w.now, n, number)
			return nil
		}
	}
	for _, n := range all {
		w.members[n].know(all...)
	}
	for range 3000 {
		w.run(time.Duration(random.IntN(3000)) * time.Microsecond)
		a, b := all[random.IntN(members)], all[random.IntN(members)]
		lane := link.Lane(random.IntN(int(link.Lanes)))
		if a == b {
			continue
		}
		switch random.IntN(100) {
		case 0:
			w.net.Partition(at(a), at(b))
		case 1:
			w.net.PartitionOneWay(at(a), at(b))
		case 2, 3, 4:
			w.net.Heal(at(a), at(b))
		case 5:
			w.net.Pause(at(a))
		case 6, 7:
			w.net.Resume(at(a))
		case 8, 9:
			w.net.Break(id(a), id(b), lane)
		case 10:
			if !w.net.Paused(at(a)) {
				w.members[a].know(b)
			}
		case 11, 12:
			if !w.net.Paused(at(a)) {
				w.members[a].know(all...)
			}
		default:
			if w.net.Paused(at(a)) {
				continue
			}
			s := of(a, b, lane)
			frame := binary.LittleEndian.AppendUint32(nil, s.life)
			frame = binary.LittleEndian.AppendUint32(frame, s.sent)
			if w.members[a].hub.Send(id(b), lane, frame) {
				s.sent++
			}
		}
	}
	w.net.HealAll()
	for _, n := range all {
		w.net.Resume(at(n))
		w.members[n].know(all...)
	}
	w.run(30 * time.Second)
	for _, a := range all {
		for _, b := range all {
			for lane := range link.Lanes {
				if a != b && !of(a, b, lane).up {
					t.Fatalf("seed %d: lane %v from %d to %d is down when all is well", seed, lane, a, b)
				}
			}
		}
	}
	return log.String()
}

func TestChaos(t *testing.T) {
	for seed := range uint64(100) {
		chaos(t, seed)
	}
}

func TestSameSeedSameWorld(t *testing.T) {
	first, second, other := chaos(t, 7), chaos(t, 7), chaos(t, 8)
	if first != second {
		t.Error("the same seed gave two different worlds")
	}
	if first == other || len(first) < 1000 {
		t.Errorf("different seeds gave the same world, or nothing happened: %d bytes", len(first))
	}
}
