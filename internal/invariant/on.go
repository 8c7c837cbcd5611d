//go:build invariants

package invariant

// Enabled tells whether checks are compiled in; here they are (build tag "invariants").
const Enabled = true
