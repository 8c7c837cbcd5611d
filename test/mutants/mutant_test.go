package mutants

// A Mutant is a change of one line, and the test that must find it.
type Mutant struct {
	// Promise is what the change breaks, in a few words; its first letters to a colon name the mutant.
	Promise string
	// File is where the line stands, relative to the root of the project.
	File string
	// Old is a part of the line that occurs once in the file, New what takes its place.
	Old, New string
	// In is the package whose test it is, relative to the root; a folder below test/ is a module of its own, whose tests run a
	// binary that is built with the change.
	In string
	// Test is the regular expression of the test's name.
	Test string
	// Args are further arguments of the test, as the simulator's seeds.
	Args []string
}

// part is a part of the list.
type part struct {
	title   string
	mutants []Mutant
}

func parts() []part {
	return []part{
		{"What a write is worth", replication()},
		{"Promotion, moving, leaving", moving()},
		{"Who may answer, who is a member", membership()},
		{"Where replicas stand", placement()},
		{"What clients are told", doors()},
	}
}

// All returns every mutant.
func All() []Mutant {
	var all []Mutant
	for _, p := range parts() {
		all = append(all, p.mutants...)
	}
	return all
}
