package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A run against the echo, from the command line to the files that it writes.
func TestBench(t *testing.T) {
	signals := make(chan os.Signal, 1)
	printed, echoOut := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(command{args: []string{"bench", "echo-server", "--listen", "127.0.0.1:0"}, stdout: echoOut, stderr: io.Discard, signals: signals})
	}()
	line := make([]byte, 100)
	n, err := printed.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on "))

	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a", "b"} {
		var term terminal
		status := execute(&term, nil, nil, "bench", "--protocol", "echo", "--address", address, "--warmup", "0s", "--duration", "100ms",
			"--keys", "100", "--connections", "2", "--json", file(name+".json"), "--plot", file(name+".svg"))
		if status != 0 || !strings.Contains(term.stdout.String(), "p99.99") || term.stderr.Len() > 0 {
			t.Fatalf("status %d, stdout %q, stderr %q", status, term.stdout.String(), term.stderr.String())
		}
		if svg, err := os.ReadFile(file(name + ".svg")); err != nil || !strings.HasPrefix(string(svg), "<svg") {
			t.Errorf("plot: %v", err)
		}
	}
	var term terminal
	if status := execute(&term, nil, nil, "bench", "--compare", file("a.json"), file("b.json")); status != 0 || !strings.Contains(term.stdout.String(), "B/A") {
		t.Errorf("status %d, stdout %q, stderr %q", status, term.stdout.String(), term.stderr.String())
	}
	signals <- syscall.SIGTERM
	if status := <-ended; status != 0 {
		t.Errorf("the echo ended with %d", status)
	}
}
