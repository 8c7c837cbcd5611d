package invariant_test

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/invariant"
)

func TestCheck(t *testing.T) {
	panicked := func(cond bool) (got bool) {
		defer func() { got = recover() != nil }()
		invariant.Check(cond, "a test's rule")
		return false
	}
	if panicked(true) {
		t.Error("a rule that holds panicked")
	}
	if got := panicked(false); got != invariant.Enabled {
		t.Errorf("a broken rule panicked: %v, want %v", got, invariant.Enabled)
	}
}
