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
				for ; !closed(churned); n++ {
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
			c.start()
			c.settle()
			c.leave(leaver)
			c.settle()
			c.crash(victim)
			c.settle()
			t.Logf("the table was played %d times", end())
			st.playAll(t, table(), false)
		})
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
