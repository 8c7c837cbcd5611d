package member

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// A member that joins a part that is cut off has not seen who went: what is written there is news from its first list on.
func TestEraOfAJoiner(t *testing.T) {
	n := &Node{}
	list := &cluster.List{Mark: cluster.Mark{Version: 13}, Members: []cluster.Member{{ID: cluster.MemberID{1}}, {ID: cluster.MemberID{2}}}}
	n.noteEra(nil, list)
	if n.eraLast != 13 || n.era.Load() != 0 || n.listVersion.Load() != 13 {
		t.Errorf("members may have gone by list %d, the era began with list %d", n.eraLast, n.era.Load())
	}
}
