package gateway

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// rules gives the maps r, w and rw a protection of two members.
func rules() *protection.Set {
	all := []protection.Rule{
		{Name: "r", Minimum: 2, On: protection.Read}, {Name: "w", Minimum: 2, On: protection.Write}, {Name: "rw", Minimum: 2},
	}
	return protection.New(protection.Options{Rules: all, Logger: slog.New(slog.DiscardHandler), RuleOf: func(name string) *protection.Rule {
		if i := slices.IndexFunc(all, func(r protection.Rule) bool { return r.Name == name }); i >= 0 {
			return &all[i]
		}
		return nil
	}})
}

// Every message of maps is known to split-brain protection, or is one of those that never change or show entries.
func TestEveryMapMessageHasItsAccess(t *testing.T) {
	w := newWorld(t, 1, nil)
	never := []string{
		"Map.addEntryListenerToKey", "Map.addEntryListener", "Map.removeEntryListener", "Map.addPartitionLostListener",
		"Map.removePartitionLostListener", "Map.addNearCacheInvalidationListener", "Map.fetchNearCacheInvalidationMetadata",
	}
	for _, info := range w.nodes[0].g.Served() {
		known := w.nodes[0].g.find(info.Type).access != protection.None
		if strings.HasPrefix(info.Name, "Map.") && known == slices.Contains(never, info.Name) {
			t.Errorf("%s: protected %v", info.Name, known)
		}
	}
}

// Operations of a map are refused as its rule says, by the member that executes them, and only while it is not met.
func TestProtection(t *testing.T) {
	var sets []*protection.Set
	w := newWorld(t, 2, func(o *Options) {
		o.Protections = rules()
		sets = append(sets, o.Protections)
	})
	here, there := keyAt(0), keyAt(1) // of the first and of the second member
	messages := map[string]struct {
		write bool
		make  func(name string, correlation int64) []byte
	}{
		"get": {false, func(name string, _ int64) []byte { return w.get(name, there) }},
		"size": {false, func(name string, c int64) []byte {
			return protocol.AppendMapSizeRequest(nil, c, -1, &protocol.MapSizeRequest{Name: []byte(name)})
		}},
		"getAll": {false, func(name string, c int64) []byte {
			return protocol.AppendMapGetAllRequest(nil, c, -1, &protocol.MapGetAllRequest{Name: []byte(name), Keys: [][]byte{here, there}})
		}},
		"isLocked": {false, func(name string, c int64) []byte {
			return protocol.AppendMapIsLockedRequest(nil, c, place(there), &protocol.MapIsLockedRequest{Name: []byte(name), Key: there})
		}},
		"put": {true, func(name string, _ int64) []byte { return w.put(name, there, data("v")) }},
		"putAll": {true, func(name string, c int64) []byte {
			return protocol.AppendMapPutAllRequest(nil, c, -1, &protocol.MapPutAllRequest{
				Name: []byte(name), Entries: []protocol.Pair[[]byte, []byte]{{Key: here, Value: here}, {Key: there, Value: there}},
			})
		}},
		"clear": {true, func(name string, c int64) []byte {
			return protocol.AppendMapClearRequest(nil, c, -1, &protocol.MapClearRequest{Name: []byte(name)})
		}},
		"unlock": {true, func(name string, c int64) []byte {
			return protocol.AppendMapForceUnlockRequest(nil, c, place(there), &protocol.MapForceUnlockRequest{Name: []byte(name), Key: there})
		}},
	}
	flush := func(name string) []byte { // executed by the member asked
		return protocol.AppendMapFlushRequest(nil, w.correlation(), -1, &protocol.MapFlushRequest{Name: []byte(name)})
	}
	c := w.nodes[0].connect()
	refused := func(m []byte) bool {
		t.Helper()
		a := c.call(m)
		if a.Type() != protocol.ErrorType {
			return false
		}
		holders, err := protocol.DecodeError(a, nil)
		if code, _ := fault.CodeOf(fault.ErrSplitBrainProtection); err != nil || holders[0].ErrorCode != code {
			t.Errorf("error %v (%v)", holders, err)
		}
		return true
	}
	for _, met := range []bool{false, true, false} {
		sets[0].Update(2) // the owner's view counts, not that of the member asked
		sets[1].Update(map[bool]int{true: 2, false: 1}[met])
		for name, message := range messages { //nolint:maprange // each on its own
			for _, m := range []string{"r", "w", "rw", "free"} {
				covered := m == "rw" || (m == "w" && message.write) || (m == "r" && !message.write)
				if got, want := refused(message.make(m, w.correlation())), covered && !met; got != want {
					t.Errorf("%s of map %s, met %v: refused %v", name, m, met, got)
				}
			}
		}
	}
	if refused(flush("rw")) {
		t.Error("flush is refused although the member asked has enough members in its list")
	}
	sets[0].Update(1)
	if !refused(flush("rw")) || refused(flush("r")) {
		t.Error("flush is no write")
	}
}

// What has waited for a lock is looked at again when it runs.
func TestProtectionAfterWaiting(t *testing.T) {
	set := rules()
	set.Update(2)
	w := newWorld(t, 1, func(o *Options) { o.Protections = set })
	key := keyAt(3)
	lock := func(thread int64) []byte {
		return protocol.AppendMapLockRequest(nil, w.correlation(), place(key), &protocol.MapLockRequest{
			Name: []byte("w"), Key: key, ThreadID: thread, TTL: -1, ReferenceID: w.next,
		})
	}
	owner, waiter := w.nodes[0].connect(), w.nodes[0].connect()
	if a := owner.call(lock(1)); a.Type() == protocol.ErrorType {
		t.Fatal("cannot lock")
	}
	m := lock(2)
	waiter.send(m)
	if waiter.answer(wire.Message(m).CorrelationID()) != nil {
		t.Fatal("did not wait")
	}
	set.Update(1)
	w.nodes[0].grid.ClientGone(owner.id) // releases its locks, whatever the protection says
	w.run()
	a := waiter.answer(wire.Message(m).CorrelationID())
	if a == nil || a.Type() != protocol.ErrorType {
		t.Fatalf("answer %v", a)
	}
	if holders, err := protocol.DecodeError(a, nil); err != nil || holders[0].ErrorCode != 42 ||
		!strings.Contains(holders[0].Message.Value, "minimum size 2 is not met, 1 members") {
		t.Errorf("error %v (%v)", holders, err)
	}
}
