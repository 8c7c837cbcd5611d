package sim

// Replication promises that replicas are equal at equal numbers, whatever happens: so a backup that its member finds to
// differ is a failure of the run, unless it was damaged on purpose.

// differs takes a member's word that its backup differs from the primary.
func (w *World) differs(line string) {
	if w.damaged == 0 {
		w.fail("replication has let a backup differ: %s", line)
		return
	}
	w.damaged--
}

// compared notes how much was compared.
func (w *World) compared() {
	for _, p := range w.living() {
		w.Figures.Compared += p.node.Grid().Census().Compared
	}
}
