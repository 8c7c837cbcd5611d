package event

import (
	"fmt"
	"slices"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

type recorder struct{ got []string }

func (r *recorder) Deliver(id cluster.UUID, e *Event) {
	r.got = append(r.got, fmt.Sprintf("%d %d %s=%s", id[0], e.Type, e.Key, e.Value))
}

func TestRegistry(t *testing.T) {
	r, sink := NewRegistry(), &recorder{}
	r.Add(Registration{ID: cluster.UUID{1}, Service: "s", Name: "m", Types: Added | Removed, IncludeValue: true, Sink: sink})
	r.Add(Registration{ID: cluster.UUID{2}, Service: "s", Name: "m", Types: Added | ClearAll, Key: []byte("k"), Sink: sink})
	r.Add(Registration{ID: cluster.UUID{3}, Service: "s", Name: "other", Types: Added, Sink: sink})
	if got := r.Wanted("s", "m"); got != Added|Removed|ClearAll {
		t.Errorf("wanted %b", got)
	}
	for _, e := range []Event{
		{Type: Added, Key: []byte("k"), Value: []byte("v")},
		{Type: Added, Key: []byte("l"), Value: []byte("v")},
		{Type: Updated, Key: []byte("k")},
	} {
		e.Service, e.Name = "s", "m"
		r.Publish(&e)
	}
	if want := []string{"1 1 k=v", "2 1 k=", "1 1 l=v"}; !slices.Equal(sink.got, want) {
		t.Errorf("delivered %q, want %q", sink.got, want)
	}
	if !r.Remove("s", "m", cluster.UUID{1}) || r.Remove("s", "m", cluster.UUID{1}) || r.Wanted("s", "m") != Added|ClearAll {
		t.Error("removal of a listener")
	}
	if r.Remove("s", "m", cluster.UUID{2}); r.Wanted("s", "m") != 0 {
		t.Error("an object without listeners is still listened to")
	}
}

// Asking whether anybody listens is on the path of every write.
func TestWantedAllocatesNothing(t *testing.T) {
	r := NewRegistry()
	r.Add(Registration{ID: cluster.UUID{1}, Service: "s", Name: "m", Types: Added, Sink: &recorder{}})
	if n := testing.AllocsPerRun(100, func() { r.Wanted("s", "m") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
