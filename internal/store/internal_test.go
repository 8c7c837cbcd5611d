package store

import (
	"reflect"
	"testing"
)

// TestCosts keeps the constants of what Bytes counts true.
func TestCosts(t *testing.T) {
	if got := reflect.TypeFor[leaf]().Size(); got != leafCost {
		t.Errorf("a leaf has %d bytes, the constant says %d", got, leafCost)
	}
	if got := reflect.TypeFor[Table]().Size(); got != tableCost {
		t.Errorf("a table has %d bytes, the constant says %d", got, tableCost)
	}
	if got := reflect.TypeFor[chunk]().Size(); got != chunkCost {
		t.Errorf("a chunk has %d bytes, the constant says %d", got, chunkCost)
	}
}
