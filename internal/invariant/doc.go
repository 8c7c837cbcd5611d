// Package invariant checks what must always hold, at no cost where it is not wanted.
//
// A check states a rule of the program ("a sequence number only grows"), never a rule about input:
// bad input gets an error, a broken invariant gets a panic. Checks are compiled in with the build tag
// "invariants" (tests, the simulator, debug builds) and vanish without it, because Enabled is then a
// false constant. An argument that is expensive to compute belongs inside `if invariant.Enabled { … }`.
package invariant

// Check panics with msg if the checks are compiled in and cond does not hold. The message names the rule
// that is broken, not the place: the stack shows the place.
func Check(cond bool, msg string) {
	if Enabled && !cond {
		panic("invariant broken: " + msg)
	}
}
