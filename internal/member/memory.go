package member

import (
	"bufio"
	"bytes"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/filbertgrid/filbert/internal/config"
)

// The memory of a member is its container's: what its cgroup and those above it allow, in version 2 or 1, or what the machine has; or
// GOMEMLIMIT, if that is set to less. Entries may take a share of it, their budget (config.Memory).

// noMemory is where the limits of cgroups mean none: version 1 writes a number near the greatest.
const noMemory = 1 << 60

// restOfMember is what a member takes beside its entries, with some backups, some dozens of clients and values of some kilobytes: 70 MB alive, of
// which 55 are the recent effects of 271 partitions, and as much as 50 MB more that is not collected yet.
const restOfMember = 160 << 20

// memoryBudget is what entries may take of the memory that there is; 0 where the system does not tell. A small member keeps back what the
// rest of it needs, as long as a quarter is left.
func memoryBudget(c config.Memory, total int64) int64 {
	if c.BudgetBytes > 0 {
		return int64(c.BudgetBytes)
	}
	return max(min(total/100*int64(c.BudgetPercent), total-restOfMember), total/4)
}

// ownMemory is the memory that this process may use, 0 if that is not known.
func ownMemory() int64 {
	total := systemMemory(os.DirFS("/"))
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// systemMemory reads the limits of the system at root.
func systemMemory(root fs.FS) int64 {
	least := int64(noMemory)
	take := func(n int64) {
		if n > 0 {
			least = min(least, n)
		}
	}
	for line := range lines(root, "proc/meminfo") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemTotal:" {
			take(number(fields[1]) << 10)
		}
	}
	for line := range lines(root, "proc/self/cgroup") { // number:controllers:path
		parts := strings.SplitN(line, ":", 3)
		if len(parts) < 3 {
			continue
		}
		var mount, file string
		switch controllers := strings.Split(parts[1], ","); {
		case parts[0] == "0" && parts[1] == "":
			mount, file = "sys/fs/cgroup", "memory.max"
		case slices.Contains(controllers, "memory"):
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// In a container the path may be the host's, and what is mounted the container's own: then only the root is there.
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			for line := range lines(root, path.Join(mount, at, file)) {
				take(number(line))
			}
			if at == "/" {
				break
			}
		}
	}
	if least == noMemory {
		return 0
	}
	return least
}

// lines yields the lines of a file, none if it cannot be read.
func lines(root fs.FS, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return
		}
		for s := bufio.NewScanner(bytes.NewReader(content)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}

// number is that of a text, 0 for max and whatever else is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// setBudget gives the arena its budget, and says so.
func (m *Member) setBudget() {
	memory := ownMemory()
	budget := memoryBudget(m.o.Config.Memory, memory)
	m.arena.SetBudget(budget)
	m.balance = newBalance(m.arena, memory, budget, m.o.Config.Memory.BudgetBytes > 0, m.o.Tune)
	m.o.Logger.Info("memory budget", slog.String("component", "member"),
		slog.Int64("memory_bytes", memory), slog.Int64("budget_bytes", budget))
}

// watchBudget tells when entries have come near the budget, and when that is over.
func (m *Member) watchBudget() {
	budget, used := m.arena.Budget(), m.arena.Used()
	switch near := budget > 0 && used > budget/16*15; {
	case near && !m.nearBudget:
		m.nearBudget = true
		m.o.Logger.Warn("entries take nearly all of the memory budget: beyond it writes are refused, or entries evicted",
			slog.String("component", "member"), slog.Int64("used_bytes", used), slog.Int64("budget_bytes", budget))
	case m.nearBudget && used < budget/8*7:
		m.nearBudget = false
		m.o.Logger.Info("entries take less of the memory budget again",
			slog.String("component", "member"), slog.Int64("used_bytes", used), slog.Int64("budget_bytes", budget))
	}
}
