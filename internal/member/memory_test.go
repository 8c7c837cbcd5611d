package member

import (
	"testing"
	"testing/fstest"

	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/store"
)

func TestSystemMemory(t *testing.T) {
	const (
		meminfo = "MemTotal:       16384000 kB\nMemFree:         1000 kB\n"
		machine = 16384000 << 10
	)
	for name, test := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing is told":           {map[string]string{}, 0},
		"no cgroup":                 {map[string]string{"proc/meminfo": meminfo}, machine},
		"version 2, in a container": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"version 2, no limit":       {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, machine},
		"version 2, the one above has less": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/kubepods/pod1/c1\n",
			"sys/fs/cgroup/kubepods/pod1/c1/memory.max": "max\n", "sys/fs/cgroup/kubepods/pod1/memory.max": "268435456\n",
			"sys/fs/cgroup/kubepods/memory.max": "8000000000\n",
		}, 256 << 20},
		"version 1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 1 << 30},
		"version 1, the path is the host's": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/docker/abc\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
		}, 1 << 30},
		"more than there is": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "99999999999999\n"}, machine},
		"garbage":            {map[string]string{"proc/meminfo": "MemTotal: much\n", "proc/self/cgroup": "0\n::\n0::/../..\n"}, 0},
	} {
		root := fstest.MapFS{}
		for file, content := range test.files {
			root[file] = &fstest.MapFile{Data: []byte(content)}
		}
		if got := systemMemory(root); got != test.want {
			t.Errorf("%s: %d bytes, want %d", name, got, test.want)
		}
	}
}

func TestMemoryBudget(t *testing.T) {
	for mib, want := range map[int64]int64{64: 16, 256: 96, 512: 352, 1000: 800, 100_000: 80_000} {
		if got := memoryBudget(config.Memory{BudgetPercent: 80}, mib<<20) >> 20; got != want {
			t.Errorf("of %d MiB the budget is %d, want %d", mib, got, want)
		}
	}
	if got := memoryBudget(config.Memory{BudgetPercent: 80, BudgetBytes: 123}, 1000); got != 123 {
		t.Errorf("123 bytes are %d", got)
	}
	if got := memoryBudget(config.Memory{BudgetPercent: 80}, 0); got != 0 {
		t.Errorf("of unknown memory %d bytes are the budget", got)
	}
}

func TestBalance(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[int64]int{0: 400, 4 * mib: 400, 24 * mib: 100, 48 * mib: 50, 1024 * mib: 15} {
		if got := collectorPercent(live); got != want {
			t.Errorf("with %d bytes alive: %d percent, want %d", live, got, want)
		}
	}
	for _, test := range []struct{ heap, want int64 }{{20, 800}, {100, 800}, {300, 600}, {2000, 125}} {
		if got := entriesShare(1000*mib, 800*mib, test.heap*mib) / mib; got != test.want {
			t.Errorf("the heap has %d MiB of 1,000, entries may have %d, want %d", test.heap, got, test.want)
		}
	}
	for _, test := range []struct{ resident, want int64 }{{0, 900}, {700, 200}, {899, 32}, {2000, 32}} {
		if got := collectorShare(1000*mib, test.resident*mib) / mib; got != test.want {
			t.Errorf("entries have %d MiB of 1,000, the heap may have %d, want %d", test.resident, got, test.want)
		}
	}
	a, err := store.NewArena()
	if err != nil {
		t.Fatal(err)
	}
	// Of so little memory, the heap of this test leaves entries an eighth.
	b := newBalance(a, 1*mib, 800<<10, false, false)
	b.tick(balancePeriod)
	if got := a.Budget(); got != 128<<10 {
		t.Errorf("the budget is %d bytes", got)
	}
}

// The collector is told of a change only when it is worth stopping the world for.
func TestCollectorIsToldSeldom(t *testing.T) {
	for _, x := range []struct {
		was, is int64
		differs bool
	}{{0, 0, false}, {0, 1, true}, {800, 900, false}, {800, 901, true}, {800, 700, false}, {800, 699, true}} {
		if differs(x.was, x.is) != x.differs {
			t.Errorf("%d after %d: %v", x.is, x.was, !x.differs)
		}
	}
}
