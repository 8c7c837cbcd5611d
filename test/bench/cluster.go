package main

import (
	"context"
	"fmt"
	"net/http"
)

// startCluster starts members of one cluster: the first on the servers' processors, the others where it says. They are
// safe when it returns: every backup is there.
func (l *lab) startCluster(name string, first, count, backups int, others string) ([]*server, error) {
	var members []*server
	for i := range count {
		cpus := others
		if i == 0 {
			cpus = l.machine.servers
		}
		m, err := l.startFilbert(fmt.Sprintf("%s-%d", name, i+1), first, i, backups, cpus)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, l.safe(members)
}

// safe waits until the members have found one another and all partitions have their backups.
func (l *lab) safe(members []*server) error {
	ready := func(ctx context.Context) error {
		for _, path := range []string{"cluster-safe", "cluster-size"} {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+members[0].address+"/hazelcast/health/"+path, http.NoBody)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			var size int
			_, _ = fmt.Fscan(answer.Body, &size) // cluster-safe has none
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusOK || path == "cluster-size" && size != len(members) {
				return fmt.Errorf("%w: %s: status %d, size %d of %d", errNotReady, path, answer.StatusCode, size, len(members))
			}
		}
		return nil
	}
	return members[0].await(l.ctx, ready)
}

// backup compares two clusters of two members each, with a sync backup and without one. The load is of the first member's
// partitions alone, so the second one is a backup and nothing else; it shares the generator's processors.
func backup(l *lab, tell func(figure)) error {
	const apart = 100 // between the ports of two clusters
	with, err := l.startCluster("with-backup", filbertPort, 2, 1, l.machine.generator)
	if err != nil {
		return err
	}
	without, err := l.startCluster("without-backup", filbertPort+apart, 2, 0, l.machine.generator)
	if err != nil {
		return err
	}
	w := load{workload: "set", flags: []string{"--only-address"}}
	for _, s := range []*server{with[0], without[0]} {
		if err := l.fill(s, w); err != nil {
			return err
		}
	}
	for _, depth := range []int{1, 16, 64} {
		w.inFlight = depth
		sums, err := l.turns(w, with[0], without[0])
		if err != nil {
			return err
		}
		f := cpuOf(fmt.Sprintf("set, %d in flight: the primary's CPU with a sync backup (Filbert) and without (other)", depth), sums[0], sums[1])
		if depth == 16 {
			f = f.atMost(1.6)
		}
		tell(f)
	}
	return nil
}

// growingMembers puts the same load on clusters of one, three and five members that share the servers' processors: what
// grows is the CPU of an operation, over all of them.
func growingMembers(l *lab, tell func(figure)) error {
	return l.growing(tell, []int64{1, 3, 5}, "members", func(n int64) (*server, load, error) {
		members, err := l.startCluster(fmt.Sprintf("cluster-of-%d", n), filbertPort, int(n), 1, l.machine.servers)
		if err != nil {
			return nil, load{}, err
		}
		w := load{inFlight: 16, connections: max(1, 50/int(n))}
		for _, m := range members[1:] {
			w.pids = append(w.pids, m.pid)
		}
		return members[0], w, nil
	})
}

// growingConnections puts the same load on one member over more and more connections.
func growingConnections(l *lab, tell func(figure)) error {
	return l.growing(tell, []int64{1, 10, 100, 1_000}, "connections", func(n int64) (*server, load, error) {
		s, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
		return s, load{inFlight: 1, connections: int(n)}, err
	})
}

// growingEntries puts the same load on one member with more and more entries.
func growingEntries(l *lab, tell func(figure)) error {
	counts := []int64{100_000, 1_000_000}
	if l.long {
		counts = []int64{1_000_000, 10_000_000, 50_000_000}
	}
	free, err := available()
	if err != nil {
		return err
	}
	const each = 300 // bytes, with what the generator needs to fill
	if most := counts[len(counts)-1]; most*each > free {
		tell(figure{What: fmt.Sprintf("%d entries", most), Note: fmt.Sprintf("not run: %s are free, and %s wanted", mebibytes(free), mebibytes(most*each))})
		counts = counts[:len(counts)-1]
	}
	return l.growing(tell, counts, "entries", func(n int64) (*server, load, error) {
		s, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
		return s, load{inFlight: 16, keys: n}, err
	})
}

// few is the number of rounds of what is only told, and of loads that last: one, unless time does not matter.
func (l *lab) few() int {
	if l.long {
		return l.rounds
	}
	return 1
}

// growing tells throughput and CPU of get and set for one number of something after the other, beside those of the first
// number.
func (l *lab) growing(tell func(figure), counts []int64, of string, start func(int64) (*server, load, error)) error {
	first := map[string]summary{}
	for i, n := range counts {
		s, w, err := start(n)
		if err != nil {
			return err
		}
		if err := l.fill(s, w); err != nil {
			return err
		}
		for _, workload := range []string{"get", "set"} {
			w.workload, w.rounds = workload, l.few()
			sums, err := l.turns(w, s)
			if err != nil {
				return err
			}
			if i == 0 {
				first[workload] = sums[0]
			}
			what := fmt.Sprintf("%s, %d %s (other: %d)", workload, n, of, counts[0])
			tell(against(what, sums[0], first[workload]))
			tell(cpuOf(what+", server's CPU", sums[0], first[workload]))
		}
		l.stopAll()
		if l.ctx.Err() != nil {
			return l.ctx.Err()
		}
	}
	return nil
}
