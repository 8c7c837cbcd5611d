//go:build !invariants

package invariant

// Enabled tells whether checks are compiled in; here they are not (no build tag "invariants").
const Enabled = false
