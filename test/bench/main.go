package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A lab is what the rows measure with.
type lab struct {
	ctx       context.Context //nolint:containedctx // that of the whole run, in a program of one thread
	machine   machine
	filbert   string // the binary
	hazelcast string // the jar, "" for none
	heap      string // of the tuned JVM
	scratch   string // removed at the end
	output    string // logs and the report
	progress  io.Writer

	keys             int64
	rounds           int
	warmup, duration time.Duration
	jvmWarmup        time.Duration // until the JVM has compiled what it runs
	long             bool

	running []*process
}

func main() {
	runtime.LockOSThread() // children end with the thread that started them: parent_linux.go
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	l := &lab{progress: os.Stderr}
	filter := flag.String("run", ".", "regular expression of the rows to run")
	names := flag.Bool("list", false, "list the rows and run none")
	quick := flag.Bool("quick", false, "one short turn, few keys: to see that everything runs")
	flag.StringVar(&l.filbert, "filbert", "bin/filbert", "binary of Filbert")
	flag.StringVar(&l.hazelcast, "hazelcast", "", "jar of Hazelcast")
	flag.StringVar(&l.heap, "heap", "", "heap of the tuned JVM (default: 2 GiB, and 500 bytes a key)")
	flag.StringVar(&l.output, "output", "out/bench", "folder for the report and the servers' logs")
	flag.Int64Var(&l.keys, "keys", 1_000_000, "number of keys")
	flag.IntVar(&l.rounds, "rounds", 3, "turns of each server")
	flag.DurationVar(&l.duration, "duration", time.Second, "measured in each turn")
	flag.Parse()
	l.warmup, l.jvmWarmup, l.long = 300*time.Millisecond, 5*time.Second, l.keys >= 10_000_000
	if *quick {
		l.keys, l.rounds, l.duration, l.warmup, l.jvmWarmup = 100_000, 1, 500*time.Millisecond, 100*time.Millisecond, time.Second
	}
	if l.heap == "" {
		l.heap = fmt.Sprintf("%dm", 2<<10+l.keys*500>>20)
	}
	wanted, err := regexp.Compile(*filter)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if *names {
		for _, r := range rows() {
			fmt.Printf("%-16s %s\n", r.name, r.what)
		}
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	l.ctx = ctx
	if err := l.prepare(); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(l.scratch) }()
	defer l.stopAll()
	return l.measure(wanted)
}

// prepare looks whether there is what every row needs.
func (l *lab) prepare() error {
	cpus, err := allowed()
	if err != nil {
		return err
	}
	l.machine = split(cpus)
	if _, err := exec.LookPath("taskset"); err != nil {
		return errors.New("there is no taskset (Debian: util-linux)")
	}
	if err := l.stepAside(); err != nil {
		return err
	}
	for _, file := range []*string{&l.filbert, &l.hazelcast, &l.output} {
		if *file != "" {
			if *file, err = filepath.Abs(*file); err != nil {
				return err
			}
		}
	}
	if _, err := os.Stat(l.filbert); err != nil {
		return fmt.Errorf("no binary to measure, run make build: %w", err)
	}
	if err := os.MkdirAll(l.output, 0o750); err != nil {
		return err
	}
	l.scratch, err = os.MkdirTemp("", "filbert-bench-")
	return err
}

// measure runs the rows and writes the report.
func (l *lab) measure(wanted *regexp.Regexp) error {
	r := report{
		Began: time.Now().UTC(), Commit: l.commit(), Machine: fmt.Sprintf("%d × %s", l.machine.cpus, model()),
		Keys: l.keys, Rounds: l.rounds, Seconds: l.duration.Seconds(),
	}
	r.head(os.Stdout, l.machine)
	failed := 0
	for _, row := range rows() {
		if !wanted.MatchString(row.name) {
			continue
		}
		began := time.Now()
		err := row.run(l, func(f figure) { r.add(os.Stdout, row.name, f) })
		l.stopAll()
		_, _ = fmt.Fprintf(l.progress, "bench: %s took %.0f s\n", row.name, time.Since(began).Seconds())
		switch {
		case l.ctx.Err() != nil:
			return errors.New("interrupted")
		case errors.Is(err, errAbsent):
			r.add(os.Stdout, row.name, figure{What: row.what, Note: err.Error()})
		case err != nil: // one row less is no reason to lose the others
			failed++
			_, _ = fmt.Fprintf(l.progress, "bench: %s: %v\n", row.name, err)
			r.add(os.Stdout, row.name, figure{What: row.what, Note: "failed: see the output"})
		}
	}
	r.Took = time.Since(r.Began).Seconds()
	if err := r.write(filepath.Join(l.output, "report.json")); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d rows failed", failed)
	}
	return nil
}

// commit is what the binary says of itself.
func (l *lab) commit() string {
	out, err := exec.CommandContext(l.ctx, l.filbert, "version").Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 2 {
		return "unknown"
	}
	return fields[1]
}

// wait lets a time pass, for figures of what is at rest.
func (l *lab) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.ctx.Done():
	case <-timer.C:
	}
}
