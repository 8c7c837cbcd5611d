package member

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// Members that have not merged what they hold of a former cluster do not make this one large enough: what was acknowledged there may not be
// seen yet. Those who leave count until they are gone.
func TestProtectionCounts(t *testing.T) {
	l := &cluster.List{Members: []cluster.Member{{}, {Lite: true}, {Leaving: true}, {Carrying: true}, {Leaving: true, Carrying: true}}}
	if n := counted(l); n != 2 {
		t.Errorf("%d of the members count, want 2", n)
	}
}
