package imap_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// side lets one of two clusters do things to the key k of the map m: "put V", "put V TTL", "get", "wait MS", "lock".
func side(p *pair, history string) {
	p.t.Helper()
	if history == "" {
		return
	}
	for step := range strings.SplitSeq(history, ", ") {
		words := strings.Fields(step)
		number := func(i int) int64 {
			n, err := strconv.ParseInt(words[i], 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return n
		}
		switch words[0] {
		case "wait":
			p.tick(number(1))
		case "put":
			ttl := imap.Default
			if len(words) == 3 {
				ttl = number(2)
			}
			p.do(1, "put", func(tx *partition.Tx) error {
				return p.maps().Set(tx, []byte("m"), []byte("k"), []byte(words[1]), 1, ttl, imap.Default)
			})
		case "get":
			p.do(1, "get", func(tx *partition.Tx) error {
				p.maps().Get(tx, []byte("m"), []byte("k"))
				return nil
			})
		case "lock":
			p.do(1, "lock", func(tx *partition.Tx) error {
				return p.maps().Lock(tx, []byte("m"), []byte("k"), 1, -1, 1)
			})
		default:
			p.t.Fatalf("no such step: %s", step)
		}
	}
}

// effectsOf is the snapshot of the map m at a primary.
func effectsOf(p *pair) (effects [][]byte) {
	p.do(1, "snapshot", func(tx *partition.Tx) error {
		if f := tx.Find(partition.KindMap, []byte("m")); f != nil {
			f.Snapshot(0, 1<<20, func(effect []byte) { effects = append(effects, slices.Clone(effect)) })
		}
		return nil
	})
	return effects
}

// merge merges one cluster's map into the other's, and says what became of each entry.
func merge(from, to *pair) string {
	var outcomes []string
	names := map[imap.Merged]string{imap.Taken: "taken", imap.Equal: "equal", imap.Dropped: "dropped"}
	for _, effect := range effectsOf(from) {
		to.do(9, "merge", func(tx *partition.Tx) error {
			outcome, err := to.maps().Merge(tx, []byte("m"), effect, to.now-from.now)
			outcomes = append(outcomes, names[outcome])
			return err
		})
	}
	return strings.Join(outcomes, " ")
}

func valueOf(p *pair) string {
	return p.do(1, "value", func(tx *partition.Tx) error {
		tx.Reply = append(tx.Reply, show(p.maps().Get(tx, []byte("m"), []byte("k")))...)
		return nil
	})
}

func TestMergePolicies(t *testing.T) {
	const (
		nothing = ""
		absent  = imap.MergePutIfAbsent
		pass    = imap.MergePassThrough
		discard = imap.MergeDiscard
		update  = imap.MergeLatestUpdate
		access  = imap.MergeLatestAccess
		hits    = imap.MergeHigherHits
		ends    = imap.MergeExpirationTime
	)
	for i, c := range []struct {
		policy        imap.MergePolicy
		other, mine   string // histories; both begin at the same time, each by its own clock
		value, became string
	}{
		{absent, "put a", nothing, "a", "taken"},
		{absent, "put a", "put b", "b", "dropped"},
		{absent, "put a", "put a", "a", "equal"},
		{pass, "put a", nothing, "a", "taken"},
		{pass, "put a", "wait 500, put b", "a", "taken"},
		{discard, "put a", nothing, "nil", "dropped"},
		{discard, "put a", "put b", "b", "dropped"},
		{discard, "put a", "put a", "a", "equal"},
		{update, "put a", nothing, "a", "taken"},
		{update, "put x, wait 200, put a, wait 100", "put x, wait 100, put b, wait 200", "a", "taken"},
		{update, "put x, wait 100, put a, wait 200", "put x, wait 200, put b, wait 100", "b", "dropped"},
		{update, "wait 100, put a", "wait 100, put b", "a", "taken"},
		{access, "put a, wait 100, get, wait 200", "put b, wait 200, get, wait 100", "b", "dropped"},
		{access, "put a, wait 200, get, wait 100", "put b, wait 100, get, wait 200", "a", "taken"},
		{hits, "put a, get, get", "put b, get", "a", "taken"},
		{hits, "put a, get", "put b, get, get", "b", "dropped"},
		{hits, "put a, get", "put b, get", "a", "taken"},
		{ends, "put a 5000", "put b 4000", "a", "taken"},
		{ends, "put a 4000", "put b 5000", "b", "dropped"},
		{ends, "put a", "put b 5000", "a", "taken"},
		{ends, "put a 5000", "put b", "b", "dropped"},
		{ends, "put a", "put b", "a", "taken"},
		// What is over is not merged, and locks of another cluster's clients are nobody's.
		{pass, "put a 300, wait 200", "wait 400", "nil", "equal"},
		{absent, "put a, lock", nothing, "a", "equal taken"},
		// A lock of this cluster does not keep an entry out.
		{pass, "put a", "put b, lock", "a", "taken"},
	} {
		t.Run(fmt.Sprintf("%d/%d %s into %s", i, c.policy, c.other, c.mine), func(t *testing.T) {
			config := imap.Config{Backups: partition.Backups{Sync: 1}, MergePolicy: c.policy}
			other, mine := newPair(t, config), newPair(t, config)
			other.now -= 123_456 // the clocks of two clusters differ
			side(other, c.other)
			side(mine, c.mine)
			if c.policy == pass && c.other == "put a 300, wait 200" {
				other.now += 200 // time goes on while the entry waits to be merged
			}
			if became := merge(other, mine); became != c.became {
				t.Errorf("%s, want %s", became, c.became)
			}
			if value := valueOf(mine); value != c.value {
				t.Errorf("value %s, want %s", value, c.value)
			}
			if diff := mine.replicasDiffer(); diff != "" {
				t.Errorf("replicas differ: %s", diff)
			}
			if again := merge(other, mine); strings.Contains(again, "taken") {
				t.Errorf("merged once more it is %s", again)
			}
		})
	}
}

// Listeners hear MERGED with the old value, near caches forget the key; what changed nothing is not told.
func TestMergeIsTold(t *testing.T) {
	config := imap.Config{Backups: partition.Backups{Sync: 1}, MergePolicy: imap.MergePassThrough}
	other, mine := newPair(t, config), newPair(t, config)
	side(other, "put a")
	side(mine, "put b")
	mine.listen(event.Merged | event.Updated | event.Added | event.Invalidation)
	merge(other, mine)
	merge(other, mine)
	want := []string{"event MERGED key=k value=a old=b source=9", "event INVALIDATION key=k sequence=1 source=9 uuid=aa"}
	for i := range mine.log {
		mine.log[i] = strings.Replace(mine.log[i], "uuid=1", "uuid=aa", 1)
	}
	if !slices.Equal(mine.log, want) {
		t.Errorf("told %q, want %q", mine.log, want)
	}
}

func TestMergeOfNonsense(t *testing.T) {
	p := newPair(t, imap.Config{})
	side(p, "put a")
	whole := effectsOf(p)[0]
	for n := range whole {
		p.do(1, "merge", func(tx *partition.Tx) error {
			if _, err := p.maps().Merge(tx, []byte("m"), whole[:n], 0); !errors.Is(err, imap.ErrBadEffect) {
				t.Errorf("%d bytes of %d: %v", n, len(whole), err)
			}
			return nil
		})
	}
}
