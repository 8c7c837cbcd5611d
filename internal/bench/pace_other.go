//go:build !linux

package bench

// newTicker returns a ticker with the first tick and those after it in ns.
func newTicker(first, period int64) (ticker, error) { return newPlainTicker(first, period), nil }
