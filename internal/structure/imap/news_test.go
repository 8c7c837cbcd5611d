package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// TestCopyKnowsWhatIsNews copies a partition within the part of a cluster that was cut off: what was written before it was cut
// off is no news to the other part, which may have removed it, and what was written since is, whoever holds it in the end.
func TestCopyKnowsWhatIsNews(t *testing.T) {
	for name, filling := range map[string]string{"small": "v", "longer than the tail": strings.Repeat("v", 100<<10)} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
			put := func(key, value string) {
				p.do(1, "put", func(tx *partition.Tx) error {
					return p.maps().Set(tx, []byte("m"), []byte(key), []byte(value), 1, imap.Default, imap.Default)
				})
			}
			p.list = 10
			put("old", "v")
			for i := range 3 {
				put(fmt.Sprint("filling", i), filling)
			}
			p.era, p.list = 11, 11
			put("since", "v")
			copyAnew(p)
			put("later", "v")
			p.lead(1 - p.primary)
			copyAnew(p) // a copy of the copy
			p.lead(1 - p.primary)
			keys := []string{"old", "filling0", "filling2", "since", "later"}
			if got := p.maps().IsNews(10, 11, keys...); !slices.Equal(got, keys[3:]) {
				t.Errorf("news: %q", got)
			}
			if got := p.replicasDiffer(); got != "" {
				t.Error(got)
			}
		})
	}
}

// TestCopyWithoutNews copies what was last written before the part was cut off.
func TestCopyWithoutNews(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	p.list = 10
	side(p, "put a")
	p.era, p.list = 11, 11
	copyAnew(p)
	p.lead(1 - p.primary)
	if got := p.maps().IsNews(10, 11, "k"); got != nil {
		t.Errorf("news: %q", got)
	}
}

// TestNewsOfAJoiner: a member that joined the part that is cut off has seen nobody go; it merges what was written with it, and
// what the source of its copy knows as written since.
func TestNewsOfAJoiner(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	put := func(key string) {
		p.do(1, "put", func(tx *partition.Tx) error {
			return p.maps().Set(tx, []byte("m"), []byte(key), []byte("v"), 1, imap.Default, imap.Default)
		})
	}
	p.list = 10
	put("old")
	p.era, p.list = 11, 11
	put("since")
	copyAnew(p)
	p.lead(1 - p.primary)
	p.era, p.list = 0, 13
	put("here")
	if got := p.maps().IsNews(10, 13, "old", "since", "here"); !slices.Equal(got, []string{"since", "here"}) {
		t.Errorf("news: %q", got)
	}
}

// copyAnew makes the backup anew, as one that has to catch up, and waits until it has.
func copyAnew(p *pair) {
	p.t.Helper()
	p.members[1-p.primary] = p.newMember(1 - p.primary)
	p.assign(p.primary, cluster.CatchingUp)
	p.lead(p.primary)
	if got := p.replicasDiffer(); got != "" {
		p.t.Fatal(got)
	}
}
