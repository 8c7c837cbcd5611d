// Package mutants shows that the tests of Filbert's promises can fail: for each
// promise it has a change of one line which breaks it, and the test that finds out.
//
// The steps for one mutant (mutants_test.go):
//
//  1. Its line must stand in its file, once: a list that is older than the code fails here.
//  2. A copy of the file with the line changed is handed to the Go tool as an overlay, so the tree itself stays as it is.
//  3. The test runs against the overlay and must fail. A mutant that does not compile shows nothing, and is an error;
//     so is a test that was not found.
//
// Each test also runs once without any change, and must pass then.
//
// `make mutants` runs all of them, `make mutants RUN=regexp` some. The list (promises_*_test.go) is in the order of the
// promises: what a write is worth, who may answer, who is a member, where replicas stand, clients, the whole.
package mutants
