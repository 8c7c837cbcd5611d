package conformance

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	// budgetBytes is what entries may take on each member, budgetValue what one value takes, budgetMemory what the process may have
	// grown to with it.
	budgetBytes  = 64 << 20
	budgetValue  = 10_000
	budgetMemory = 320 << 20
)

// TestMemoryBudget fills members beyond their memory budget. Writes are refused with an error that says what to do, the members live
// within their memory, and go on: reads, removes and writes that need no more; and new ones after something was removed. A map that evicts
// refuses none.
func TestMemoryBudget(t *testing.T) {
	c := newCluster(t)
	c.env["HZ_PROPERTIES_FILBERT_MEMORY_BUDGET_BYTES"] = strconv.Itoa(budgetBytes)
	c.env["HZ_MAP_EVICTING_EVICTION_EVICTIONPOLICY"] = "LRU"
	for range 2 {
		c.add()
	}
	c.awaitSize()
	c.members[0].awaitSafe()
	client := connect(t, c.clientConfig(bothRoutings[0]))
	ctx, cancel := context.WithTimeout(t.Context(), 2*operationTimeout)
	defer cancel()
	m := getMap(t, client, "filling")
	value := make([]byte, budgetValue)
	const many = 3 * budgetBytes / budgetValue
	taken, refused := fillMap(ctx, t, m, "k", many, value)
	// Each member has all entries, as a primary or as a backup.
	if taken < budgetBytes/budgetValue*6/10 || taken > budgetBytes/budgetValue*9/8 || refused == 0 {
		t.Errorf("%d values of %d bytes were taken and %d refused, with room for %d bytes", taken, budgetValue, refused, budgetBytes)
	}
	most := max(c.members[0].rss(), c.members[1].rss())
	figure("budget_taken", 100*taken*budgetValue/budgetBytes, "%")
	figure("budget_memory", most/megabyte, "MiB")
	if most > budgetMemory {
		t.Errorf("a member has %d bytes", most)
	}
	for i := range 500 {
		if v, err := m.Get(ctx, fmt.Sprint("k", i)); err != nil || v == nil {
			t.Fatalf("a value that was taken is not read: %v", err)
		}
		if err := m.Set(ctx, fmt.Sprint("k", i), value); err != nil {
			t.Fatalf("a value that has not grown is refused: %v", err)
		}
		if _, err := m.Remove(ctx, fmt.Sprint("k", i)); err != nil {
			t.Fatalf("a remove is refused: %v", err)
		}
	}
	if again, refused := fillMap(ctx, t, m, "new", 400, value); again < 300 {
		t.Errorf("500 were removed, of 400 new ones %d were taken, %d refused", again, refused)
	}
	if err := m.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if again, refused := fillMap(ctx, t, m, "k", 1000, value); refused > 0 {
		t.Errorf("all were removed, of 1,000 new ones %d were taken, %d refused", again, refused)
	}
	if err := m.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if taken, refused := fillMap(ctx, t, getMap(t, client, "evicting"), "k", many, value); refused > 0 {
		t.Errorf("of a map that evicts, %d were taken and %d refused", taken, refused)
	}
	c.settle()
}

// fillMap sets values under keys that nobody has, and counts those that are taken and those that are refused for want of memory.
func fillMap(ctx context.Context, t *testing.T, m *hazelcast.Map, prefix string, n int, value []byte) (taken, refused int) {
	t.Helper()
	for i := range n {
		switch err := m.Set(ctx, fmt.Sprint(prefix, i), value); {
		case err == nil:
			taken++
		case strings.Contains(err.Error(), "filbert.memory.budget.percent"):
			refused++
		default:
			t.Fatalf("set: %v", err)
		}
	}
	return taken, refused
}
