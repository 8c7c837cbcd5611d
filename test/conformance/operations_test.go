package conformance

import (
	"fmt"
	"testing"
)

// TestMapOperations runs the whole table against clusters at rest.
func TestMapOperations(t *testing.T) {
	t.Parallel()
	for _, members := range []int{1, 3} {
		t.Run(fmt.Sprintf("members=%d", members), func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, members)
			for _, r := range bothRoutings {
				t.Run(string(r), func(t *testing.T) {
					st := newStage(c, r)
					st.playAll(t, table(), false)
				})
			}
		})
	}
}
