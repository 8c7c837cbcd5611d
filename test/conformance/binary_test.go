package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// longRuns asks for the repetitions that docs/figures.md records instead of
// those that fit into CI.
var longRuns = flag.Bool("long", false, "run the full number of repetitions")

// onlyOperations narrows the table, to find which of them shows a fault.
var onlyOperations = flag.String("ops", "", "play only operations whose name matches this expression")

// buildTimeout bounds one cold build of the server.
const buildTimeout = 10 * time.Minute

// scratch is a folder for the binary under test; TestMain removes it.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "filbert-conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// errNoBinary is returned by buildBinary when FILBERT_BIN names no file.
var errNoBinary = errors.New("FILBERT_BIN is not a file")

// buildBinary returns the path of the server: FILBERT_BIN, or a fresh build of
// the main module. It runs once for all tests.
var buildBinary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("FILBERT_BIN"); path != "" {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return "", fmt.Errorf("%w: %s", errNoBinary, path)
		}
		return filepath.Abs(path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	path := filepath.Join(scratch, "filbert")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/filbert")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the server does not build: %w\n%s", err, out)
	}
	return path, nil
})

func serverBinary(t testing.TB) string {
	t.Helper()
	path, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// figure prints one measurement in the form that docs/figures.md is made of.
func figure(name string, value any, unit string) {
	fmt.Printf("figure: %s %v %s\n", name, value, unit)
}

// milliseconds is a duration as figures show it.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
}
