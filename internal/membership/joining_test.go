package membership

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// A member with the id of another one is refused, with the reason on both sides: who counted as the same would be told that
// the other's data is its own. The same member may ask again.
func TestJoinWithTheIDOfAnother(t *testing.T) {
	c, other := founded(t)
	var log bytes.Buffer
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	join := func(m cluster.Member) (answer string) {
		c.Asked(c.appendSpoken(cluster.AppendMember([]byte{questionJoin}, &m)), func(b []byte) { answer = string(b) })
		return answer
	}
	impostor := other
	impostor.Address.Port++
	for range 3 { // it asks for as long as it lives
		if got := join(impostor); !strings.HasPrefix(got, "\x06") || !strings.Contains(got, "another member has the same id") {
			t.Errorf("answered %q", got)
		}
	}
	if n := strings.Count(log.String(), "a member that wants to join is refused"); n != 1 || !strings.Contains(log.String(), impostor.Address.String()) {
		t.Errorf("said %d times: %s", n, log.String())
	}
	impostor.ID = c.Self.ID
	if got := join(impostor); !strings.Contains(got, "another member has the same id") {
		t.Errorf("the coordinator's own id: answered %q", got)
	}
	if got := join(other); strings.HasPrefix(got, "\x06") {
		t.Errorf("the member itself is refused: %q", got)
	}
	if n := len(c.View().List.Members); n != 2 {
		t.Errorf("the list has %d members", n)
	}
}
