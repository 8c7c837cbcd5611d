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

// All returns every mutant.
func All() []Mutant {
	var all []Mutant
	for _, some := range [][]Mutant{replication(), moving(), membership(), placement(), doors()} {
		all = append(all, some...)
	}
	return all
}
