package chaos

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// faults are all kinds, with how often they are drawn.
func faults() []fault {
	all := []fault{
		{name: "kill", weight: 6, inject: (*storm).killOne},
		{name: "vanish", weight: 1, inject: (*storm).vanish},
		{name: "stop-short", weight: 2, inject: (*storm).stopShort},
		{name: "stop-long", weight: 2, inject: (*storm).stopLong},
		{name: "cut", weight: 2, inject: (*storm).cutShort},
		{name: "cut-in", weight: 1, inject: (*storm).cutIn},
		{name: "cut-out", weight: 1, inject: (*storm).cutOut},
		{name: "loss", weight: 1, inject: (*storm).loss},
		{name: "delay", weight: 1, inject: (*storm).delay},
		{name: "narrow", weight: 1, inject: (*storm).narrow},
		{name: "restart", weight: 1, inject: (*storm).restart},
		{name: "abort-start", weight: 2, inject: (*storm).abortStart},
		{name: "abort-leave", weight: 2, inject: (*storm).abortLeave},
		{name: "rolling", weight: 1, inject: (*storm).rolling},
		{name: "scale", weight: 1, inject: (*storm).scale},
	}
	if *backups > 1 {
		all = append(all, fault{name: "kill-several", weight: 3, inject: (*storm).killSeveral})
	}
	if *partitions {
		all = append(all,
			fault{name: "split", weight: 3, inject: (*storm).split},
			fault{name: "isolate", weight: 2, inject: (*storm).isolate},
			fault{name: "cut-in-long", weight: 1, inject: (*storm).cutInLong},
			fault{name: "cut-out-long", weight: 1, inject: (*storm).cutOutLong},
			fault{name: "pair", weight: 1, inject: (*storm).pair})
	}
	return all
}

// fault is one kind of trouble. inject returns when the cause is gone; the
// cluster may still be recovering.
type fault struct {
	name   string
	weight int
	inject func(*storm)
}

// schedule draws faults: every kind once in each series, in random order, and
// the more frequent ones more often.
type schedule struct {
	random *rand.Rand
	kinds  []fault
	queue  []fault
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	t.Helper()
	s := &schedule{random: rand.New(rand.NewPCG(seed, 0)), kinds: faults()}
	if *onlyFaults != "" {
		names := strings.Split(*onlyFaults, ",")
		for _, name := range names {
			if !slices.ContainsFunc(s.kinds, func(f fault) bool { return f.name == name }) {
				t.Fatalf("there is no fault %q in this mode", name)
			}
		}
		s.kinds = slices.DeleteFunc(s.kinds, func(f fault) bool { return !slices.Contains(names, f.name) })
	}
	return s
}

func (s *schedule) next() fault {
	if len(s.queue) == 0 {
		for _, f := range s.kinds {
			for range f.weight {
				s.queue = append(s.queue, f)
			}
		}
		s.random.Shuffle(len(s.queue), func(i, j int) { s.queue[i], s.queue[j] = s.queue[j], s.queue[i] })
	}
	f := s.queue[0]
	s.queue = s.queue[1:]
	return f
}
