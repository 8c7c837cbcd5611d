package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

// quietLimit is how long a cluster may take to recover from a round of faults.
const quietLimit = 90 * time.Second

// settle waits until all processes that are up are one cluster in which every partition has its backups.
func (w *World) settle() bool {
	why := ""
	w.mend()
	if w.until(quietLimit, func() bool { why = w.unsettled(); return why == "" }) {
		w.note("settled: %d members", len(w.living()))
		w.checkVersions()
		for _, from := range w.losses {
			w.history.lose(from, w.now)
		}
		w.losses = nil
		return true
	}
	w.fail("not settled after %v: %s\n%s", quietLimit, why, w.picture())
	return false
}

// picture is the state of the partitions that are not as they should be, for people.
func (w *World) picture() string {
	var b strings.Builder
	for _, p := range w.living() {
		v := p.node.View()
		if v.Table == nil {
			fmt.Fprintf(&b, "%s knows no table\n", p.name)
			continue
		}
		fmt.Fprintf(&b, "%s (%s) has list %d, table %d\n", p.name, v.Self, v.List.Version, v.Table.Version)
		for id := range v.Table.Partitions {
			a := &v.Table.Partitions[id]
			moving := slices.ContainsFunc(a.Replicas, func(r cluster.Replica) bool { return r.State != cluster.InSync })
			whole := len(a.Replicas) == min(w.options.Backups+1, len(v.List.Members)) && !moving
			if whole && p.node.Grid().Digest(partition.ID(id)).Waiting == 0 {
				continue
			}
			fmt.Fprintf(&b, "  partition %d, epoch %d:", id, a.Epoch)
			for _, r := range a.Replicas {
				fmt.Fprintf(&b, " %v(%d)", r.Member, r.State)
			}
			fmt.Fprintf(&b, "\n    %s\n", p.node.Grid().Describe(partition.ID(id)))
		}
	}
	return b.String()
}

// unsettled says what keeps the cluster from being whole, empty when nothing does.
func (w *World) unsettled() string {
	if w.cuts > 0 || w.split != nil {
		return "members are cut off from one another"
	}
	return w.unsettledAmong(w.living())
}

// unsettledAmong says what keeps some processes from being a whole cluster.
func (w *World) unsettledAmong(up []*process) string {
	var first *cluster.View
	for _, p := range up {
		v := p.node.View()
		switch {
		case p.slow:
			return p.name + " is slow"
		case p.paused:
			return p.name + " is paused"
		case p.leaving:
			return p.name + " is leaving"
		case !v.Joined:
			return p.name + " has not joined"
		case p.node.Carries():
			return p.name + " has not merged what it carries"
		case !p.node.LeaseValid():
			return p.name + " has no lease"
		}
		if first == nil {
			first = v
		}
		switch {
		case v.List.Mark != first.List.Mark, len(v.List.Members) != len(up):
			return fmt.Sprintf("%s has list %d of %d members, %s has list %d of %d members, %d are up", p.name, v.List.Version,
				len(v.List.Members), up[0].name, first.List.Version, len(first.List.Members), len(up))
		case v.Table.Version != first.Table.Version, v.ClusterID != first.ClusterID, v.Document.Version != first.Document.Version:
			return fmt.Sprintf("%s and %s differ in table or document", p.name, up[0].name)
		}
	}
	if first == nil {
		return ""
	}
	return w.unsound(first.List, first.Table)
}

// unsound says what is wrong with a table when nothing is moving: every partition has
// a primary and its backups in sync, as far as there are members, and they are evenly spread.
func (w *World) unsound(list *cluster.List, table *cluster.Table) string {
	want := min(w.options.Backups+1, len(list.Members))
	primaries, replicas := map[cluster.MemberID]int{}, map[cluster.MemberID]int{}
	for id := range table.Partitions {
		a := &table.Partitions[id]
		if len(a.Replicas) != want {
			return fmt.Sprintf("partition %d has %d replicas, not %d", id, len(a.Replicas), want)
		}
		for k, r := range a.Replicas {
			switch {
			case list.Find(r.Member) < 0:
				return fmt.Sprintf("partition %d: replica %d is at a member that is not in the list", id, k)
			case r.State != cluster.InSync:
				return fmt.Sprintf("partition %d: replica %d is catching up", id, k)
			case slices.ContainsFunc(a.Replicas[:k], func(o cluster.Replica) bool { return o.Member == r.Member }):
				return fmt.Sprintf("partition %d has two replicas at one member", id)
			}
			replicas[r.Member]++
		}
		primaries[a.Primary()]++
		if p := w.owner(a.Primary()); p == nil || !p.node.Grid().Level(partition.ID(id)) {
			return fmt.Sprintf("partition %d: a backup in sync lacks what is older than the table", id)
		}
	}
	if why := w.mixed(list, table); why != "" {
		return why
	}
	for name, counts := range map[string]map[cluster.MemberID]int{"primaries": primaries, "replicas": replicas} {
		if name == "replicas" && w.options.Zones > 0 {
			continue // zones of different sizes: how even that can be is tested in package migration
		}
		least, most := len(table.Partitions), 0
		for i := range list.Members {
			least, most = min(least, counts[list.Members[i].ID]), max(most, counts[list.Members[i].ID])
		}
		if most-least > 1 {
			return fmt.Sprintf("%s are not balanced: from %d to %d", name, least, most)
		}
	}
	return ""
}

// checkTable checks the table that a process goes by, whatever is moving: no member has two replicas of a partition, and
// nobody has any who is not in the list.
func (p *process) checkTable() {
	v := p.node.View()
	if !v.Joined || v.Table == p.table {
		return
	}
	p.table = v.Table
	for id := range v.Table.Partitions {
		replicas := v.Table.Partitions[id].Replicas
		for k, r := range replicas {
			switch {
			case r.Member.IsZero() && k > 0, !r.Member.IsZero() && v.List.Find(r.Member) < 0:
				p.w.fail("%s: partition %d: replica %d is at nobody in the list", p.name, id, k)
			case slices.ContainsFunc(replicas[:k], func(o cluster.Replica) bool { return o.Member == r.Member }):
				p.w.fail("%s: partition %d has two replicas at one member", p.name, id)
			}
		}
	}
}

// compareLimit is how long replicas may differ although nobody asks anything: entries expire meanwhile.
const compareLimit = longestLife + 5*time.Second

// compare checks that all replicas are equal; clients must be silent. It returns the number of entries.
func (w *World) compare() int {
	w.Run(2 * time.Second) // the last acknowledgements
	entries, why := 0, ""
	if !w.until(compareLimit, func() bool { entries, why = w.difference(); return why == "" }) {
		w.fail("%s", why)
	}
	return entries
}

// difference says what keeps the replicas from being equal, empty when nothing does, and counts entries.
func (w *World) difference() (entries int, why string) {
	up := w.living()
	if len(up) == 0 {
		return 0, ""
	}
	table := up[0].node.View().Table
	for i := range table.Partitions {
		id, a := partition.ID(i), &table.Partitions[i]
		var first partition.Digest
		for k, r := range a.Replicas {
			p := w.owner(r.Member)
			d := p.node.Grid().Digest(id)
			switch {
			case d.Waiting != 0:
				return 0, fmt.Sprintf("partition %d: %d operations wait at %s although nobody asks anything", id, d.Waiting, p.name)
			case k == 0 && d.Role != replica.Primary, k > 0 && d.Role != replica.Backup:
				return 0, fmt.Sprintf("partition %d: %s has replica %d by the table and does not know it", id, p.name, k)
			case k == 0:
				first = d
				entries += int(d.Entries)
			case d.Sum != first.Sum, d.At != first.At, d.Entries != first.Entries:
				return 0, fmt.Sprintf("partition %d: replica %d at %s differs from its primary: %d entries up to %v, not %d up to %v\n%s\n%s",
					id, k, p.name, d.Entries, d.At, first.Entries, first.At, w.owner(a.Primary()).node.Grid().Describe(id), p.node.Grid().Describe(id))
			}
		}
		if why := w.elsewhere(id, a); why != "" {
			return 0, why
		}
	}
	return entries, ""
}

// elsewhere tells of a member without a replica that has data.
func (w *World) elsewhere(id partition.ID, a *cluster.Assignment) string {
	for _, p := range w.living() {
		if a.Find(p.node.View().Self) >= 0 {
			continue
		}
		if d := p.node.Grid().Digest(id); d.Role != replica.None || d.Entries != 0 {
			return fmt.Sprintf("partition %d: %s has %d entries and no replica", id, p.name, d.Entries)
		}
	}
	return ""
}

// finish stops the clients, reads everything once more and checks all that can be checked.
func (w *World) finish() {
	if !w.settle() {
		return
	}
	if !w.stop() {
		w.fail("clients wait for answers for ever")
		return
	}
	if len(w.clients) > 0 && len(w.living()) > 0 {
		w.readAll()
	}
	w.Figures.Virtual = w.now
	w.compared()
}

// readAll reads every key, so that whatever was lost shows in its history.
func (w *World) readAll() {
	w.compare()
	w.Run(longestLife + 2*time.Second) // what passes is gone
	entries := w.compare()
	present := 0
	c := w.clients[slices.IndexFunc(w.clients, func(c *client) bool { return !c.gone })]
	for _, key := range slices.Clone(w.history.keys) {
		if w.failure != nil {
			return
		}
		if strings.HasPrefix(key, lockPrefix) {
			continue
		}
		if w.ask(c, &operation{kind: opGet, key: key}).value != 0 {
			present++
		}
	}
	size := 0
	for _, prefix := range []string{"", strictMap + ":", looseMap + ":"} {
		one := w.ask(c, &operation{kind: opSize, key: prefix + "size"})
		if one.unknown {
			w.fail("size() has no known outcome although nothing happens")
		}
		size += one.value
	}
	if w.failure == nil && (size != present || entries != present) {
		w.fail("size() is %d, replicas have %d entries, and %d keys have values", size, entries, present)
	}
}
