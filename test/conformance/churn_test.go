package conformance

import (
	"sync"
	"testing"
)

// TestMapOperationsUnderChurn runs the table over and over while a member is
// added, another one leaves and a third one is killed; then once more at rest.
// A wrong answer fails at any time. An operation whose member went away may be
// repeated on a new map, because its outcome is not known to anybody.
func TestMapOperationsUnderChurn(t *testing.T) {
	t.Parallel()
	for _, r := range bothRoutings {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, 3)
			leaver, victim := c.members[1], c.members[2]
			st := newStage(c, r)
			// The raw client talks to the one member that stays throughout.
			stays := address(c.members[0].port)
			st.addrs = func() []string { return []string{stays} }

			churned := make(chan struct{})
			passes := make(chan int, 1)
			go func() {
				n := 0
				for ; !closed(churned) && !t.Failed(); n++ {
					st.playAll(t, table(), true)
				}
				passes <- n
			}()
			// A harness that gives up must not end the test under the players.
			end := sync.OnceValue(func() int {
				close(churned)
				return <-passes
			})
			defer end()
			st.awaitPlayed()
			c.start()
			c.settle()
			st.awaitPlayed()
			c.leave(leaver)
			c.settle()
			st.awaitPlayed()
			c.crash(victim)
			c.settle()
			st.awaitPlayed()
			t.Logf("the table was played %d times", end())
			st.playAll(t, table(), false)
		})
	}
}

// awaitPlayed waits until a part of the table has been played since, so that
// members come and go between its operations and in the midst of them.
func (st *stage) awaitPlayed() {
	st.t.Helper()
	want := st.played.Load() + int64(len(table())/4)
	if err := eventually(st.t.Context(), leaveTimeout, func() error {
		return same("a part of the table was played", st.played.Load() >= want || st.t.Failed(), true)
	}); err != nil {
		st.t.Fatal(err)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
