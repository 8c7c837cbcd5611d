module github.com/filbertgrid/filbert/test/mutants

go 1.26.0
