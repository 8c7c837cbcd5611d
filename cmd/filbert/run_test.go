package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/filbertgrid/filbert/internal/config"
)

// fake is a member that does what a test says.
type fake struct {
	done     chan struct{}
	err      error
	shutdown func(ctx context.Context) error
	asked    []func() // called when somebody waits for the end
}

func (f *fake) Done() <-chan struct{} {
	for _, call := range f.asked {
		call()
	}
	return f.done
}

func (f *fake) Err() error                         { return f.err }
func (f *fake) Shutdown(ctx context.Context) error { return f.shutdown(ctx) }

// A terminal holds what a command printed.
type terminal struct{ stdout, stderr bytes.Buffer }

// execute runs the command with a configuration that nobody else can change.
func execute(term *terminal, signals <-chan os.Signal, start startFunc, args ...string) int {
	return run(command{
		args: args, stdout: &term.stdout, stderr: &term.stderr, signals: signals, start: start,
		source: func(flags startFlags) config.Source {
			source := environment(flags)
			source.Env = nil
			return source
		},
	})
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args   []string
		status int
		stderr string
	}{
		{nil, 2, "filbert: a command is needed: bench, config, start, version\n"},
		{[]string{"stop"}, 2, `filbert: unknown command "stop": bench, config, start, version` + "\n"},
		{[]string{"start", "now"}, 2, `filbert: filbert start takes no arguments, got "now"` + "\n"},
		{[]string{"start", "--confg", "x"}, 2, "filbert: unknown flag: --confg\n"},
		{[]string{"start", "--config"}, 2, "filbert: flag needs an argument: --config\n"},
		{[]string{"config"}, 2, "filbert: a command is needed: check\n"},
		{[]string{"config", "chek"}, 2, `filbert: unknown command "chek": check` + "\n"},
		{[]string{"config", "check"}, 2, "filbert: usage: filbert config check FILE\n"},
		{[]string{"bench", "now"}, 2, `filbert: unknown command "now": echo-server` + "\n"},
		{[]string{"bench", "--keys", "many"}, 2, `filbert: invalid argument "many" for "--keys" flag: strconv.ParseInt: parsing "many": invalid syntax` + "\n"},
		{[]string{"bench", "--workload", "scan"}, 2, `filbert: bench: --workload "scan": allowed are get, set, mixed, putall, getall, lock` + "\n"},
		{[]string{"bench", "--plot", "x.gif"}, 2, `filbert: bench: --plot: the file's name ends in .svg or .png: "x.gif"` + "\n"},
		{[]string{"bench", "--compare", "a.json"}, 2, "filbert: usage: filbert bench --compare A.json B.json\n"},
		{[]string{"bench", "--compare", "/none/a.json", "b.json"}, 1, "filbert: bench: open /none/a.json: no such file or directory\n"},
		{[]string{"bench", "echo-server", "--listen", "here"}, 1, "filbert: bench echo-server: listen tcp: address here: missing port in address\n"},
		{[]string{"bench", "--help"}, 0, ""},
		{[]string{"version"}, 0, ""},
		{[]string{"--help"}, 0, ""},
		{[]string{"start", "--help"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var term terminal
			status := execute(&term, nil, nil, tt.args...)
			if status != tt.status || term.stderr.String() != tt.stderr {
				t.Errorf("status %d, stderr %q; want %d, %q", status, term.stderr.String(), tt.status, tt.stderr)
			}
			if status == 0 && term.stdout.Len() == 0 {
				t.Error("nothing on standard output")
			}
		})
	}
}

func TestVersionNamesTheBuild(t *testing.T) {
	var term terminal
	if status := execute(&term, nil, nil, "version"); status != 0 {
		t.Fatalf("status %d", status)
	}
	if line := term.stdout.String(); !strings.HasPrefix(line, "filbert ") || !strings.Contains(line, " go1.") || strings.Count(line, "\n") != 1 {
		t.Errorf("version line %q", line)
	}
}

func TestStartPassesOnWhatItWasTold(t *testing.T) {
	file := write(t, "hazelcast.yaml", "hazelcast:\n  cluster-name: ${name}\n")
	var got *config.Config
	start := func(ctx context.Context, cfg *config.Config, logger *slog.Logger) (runningMember, error) {
		got = cfg
		logger.LogAttrs(ctx, slog.LevelInfo, "member line")
		f := &fake{done: make(chan struct{})}
		close(f.done)
		return f, nil
	}
	var term terminal
	if status := execute(&term, nil, start, "start", "--config", file, "-Dname=orders", "-D", "empty"); status != 0 {
		t.Fatalf("status %d, stderr %q", status, term.stderr.String())
	}
	if got.ClusterName != "orders" {
		t.Errorf("cluster name %q, want that of the property", got.ClusterName)
	}
	for _, want := range []string{" INFO  [start] starting version=", " cluster_name=orders ", " INFO  member line\n"} {
		if !strings.Contains(term.stdout.String(), want) {
			t.Errorf("log %q lacks %q", term.stdout.String(), want)
		}
	}
}

func TestStartFailsInOneLine(t *testing.T) {
	refuse := func(context.Context, *config.Config, *slog.Logger) (runningMember, error) {
		return nil, errors.New("port 5701 is in use:\nbind: address already in use")
	}
	tests := []struct {
		name   string
		args   []string
		stderr []string
	}{
		{"port in use", []string{"start"}, []string{"port 5701 is in use:; bind: address already in use"}},
		{"no such file", []string{"start", "--config", filepath.Join(t.TempDir(), "absent.yaml")}, []string{"absent.yaml"}},
		{"not yaml", []string{"start", "--config", write(t, "a.yaml", "hazelcast: [")}, []string{"a.yaml"}},
		{"wrong value", []string{"start", "--config", write(t, "b.yaml", "hazelcast:\n  network:\n    port:\n      port: many\n")}, []string{"b.yaml:4", "port", "many"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var term terminal
			if status := execute(&term, nil, refuse, tt.args...); status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			line := term.stderr.String()
			if !strings.HasPrefix(line, "filbert: ") || strings.Count(line, "\n") != 1 {
				t.Errorf("stderr %q, want one line", line)
			}
			for _, want := range tt.stderr {
				if !strings.Contains(line, want) {
					t.Errorf("stderr %q lacks %q", line, want)
				}
			}
		})
	}
}

func TestEndOfAMember(t *testing.T) {
	signals := func(n int) <-chan os.Signal {
		ch := make(chan os.Signal, 2)
		for range n {
			ch <- syscall.SIGTERM
		}
		return ch
	}
	leaves := func(context.Context) error { return nil }
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	tests := []struct {
		name    string
		signals int
		ended   bool  // by itself, before any signal
		err     error // why, or what Shutdown says
		leave   func(context.Context) error
		args    []string
		status  int
		stderr  string
	}{
		{name: "by itself", ended: true, status: 0},
		{name: "by itself, badly", ended: true, err: errors.New("lost its port"), status: 1, stderr: "filbert: lost its port\n"},
		{name: "asked to leave", signals: 1, leave: leaves, status: 0},
		{name: "asked to hurry", signals: 2, leave: func(ctx context.Context) error { <-ctx.Done(); return nil }, status: 1, stderr: "filbert: ended by a signal\n"},
		{
			name: "out of time", signals: 1, leave: hangs, args: []string{"-Dhazelcast.graceful.shutdown.max.wait=1"},
			status: 1, stderr: "filbert: leaving: context deadline exceeded\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests := make(chan os.Signal, 2)
			start := func(context.Context, *config.Config, *slog.Logger) (runningMember, error) {
				f := &fake{done: make(chan struct{}), err: tt.err, shutdown: tt.leave}
				if tt.ended {
					close(f.done)
				}
				for range tt.signals {
					f.asked = append(f.asked, func() { requests <- syscall.SIGTERM })
				}
				return f, nil
			}
			var term terminal
			status := execute(&term, requests, start, append([]string{"start"}, tt.args...)...)
			if status != tt.status || term.stderr.String() != tt.stderr {
				t.Errorf("status %d, stderr %q; want %d, %q", status, term.stderr.String(), tt.status, tt.stderr)
			}
			if left := strings.Contains(term.stdout.String(), "left the cluster"); left != (tt.signals > 0 && tt.status == 0) {
				t.Errorf("the log says that the member left: %v\n%s", left, term.stdout.String())
			}
		})
	}
	t.Run("before it has started", func(t *testing.T) {
		start := func(ctx context.Context, _ *config.Config, _ *slog.Logger) (runningMember, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		var term terminal
		if status := execute(&term, signals(1), start, "start"); status != 1 || term.stderr.String() != "filbert: ended by a signal\n" {
			t.Errorf("status %d, stderr %q", status, term.stderr.String())
		}
	})
	t.Run("before it has started, twice, deaf", func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		start := func(context.Context, *config.Config, *slog.Logger) (runningMember, error) {
			<-never
			return nil, errInterrupted
		}
		var term terminal
		if status := execute(&term, signals(2), start, "start"); status != 1 {
			t.Errorf("status %d, want 1", status)
		}
	})
	t.Run("while it starts, too late", func(t *testing.T) {
		left := false
		start := func(ctx context.Context, _ *config.Config, _ *slog.Logger) (runningMember, error) {
			<-ctx.Done()
			return &fake{done: make(chan struct{}), shutdown: func(ctx context.Context) error {
				left = true
				return ctx.Err()
			}}, nil
		}
		var term terminal
		if status := execute(&term, signals(1), start, "start"); status != 0 || !left {
			t.Errorf("status %d, left %v, stderr %q; want 0 and true", status, left, term.stderr.String())
		}
	})
}

func TestConfigCheck(t *testing.T) {
	tests := []struct {
		name, file, text string
		status           int
		stdout           []string
	}{
		{"good", "hazelcast.yaml", "hazelcast:\n  cluster-name: orders\n", 0, []string{`: ok, cluster "orders", 0 warnings`}},
		{"unknown element", "hazelcast.yaml", "hazelcast:\n  colour: red\n", 0, []string{"warning: ", "hazelcast.yaml:2", "colour", "1 warnings"}},
		{"wrong value", "hazelcast.yaml", "hazelcast:\n  network:\n    port:\n      port: many\n", 1, []string{"error: ", "hazelcast.yaml:4", "many"}},
		{"xml", "hazelcast.xml", "<hazelcast><cluster-name>x</cluster-name></hazelcast>", 0, []string{`: ok, cluster "x", 0 warnings`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var term terminal
			if status := execute(&term, nil, nil, "config", "check", write(t, tt.file, tt.text)); status != tt.status {
				t.Errorf("status %d, want %d; stderr %q", status, tt.status, term.stderr.String())
			}
			for _, want := range tt.stdout {
				if !strings.Contains(term.stdout.String(), want) {
					t.Errorf("stdout %q lacks %q", term.stdout.String(), want)
				}
			}
		})
	}
}

// write puts text into a file of its own and returns the path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
