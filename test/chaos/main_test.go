package chaos

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// What a run can be told.
var (
	duration   = flag.Duration("duration", time.Minute, "how long faults are injected")
	seed       = flag.Uint64("seed", 0, "seed of the schedule; 0 draws one")
	backups    = flag.Int("backups", 1, "sync backups of the maps")
	onlyFaults = flag.String("faults", "", "names of the faults to inject, separated by commas; all when empty")
	partitions = flag.Bool("partitions", false, "cut members off for longer than the heartbeat timeout")
	protection = flag.Bool("protection", false, "protect the maps by a majority of the members")
	ballast    = flag.Int("ballast", 50_000, "entries of 200 bytes that lie still")
	heldBytes  = flag.Int64("held", 1<<30, "bytes of data that TestHandOver moves")
	logLevel   = flag.String("log-level", "INFO", "logging level of the members")
)

// Variables by which the first process tells the second one what there is.
const (
	envFolder = "CHAOS_FOLDER" // the run's own folder
	envWires  = "CHAOS_WIRES"  // ids of the keepers, see network.String
	envBinary = "FILBERT_BIN"
	envOutput = "CHAOS_OUTPUT" // where logs of failed runs go
)

// world is the network that the tests run in. It is set before the first test.
var world struct {
	net    *network
	folder string
	binary string
}

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(envWires) != "" {
		if err := enter(); err != nil {
			fmt.Fprintln(os.Stderr, "chaos:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	// Children are told to end with the thread that started them: this one
	// lives as long as the process.
	runtime.LockOSThread()
	code, err := supervise()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		code = 1
	}
	os.Exit(code)
}

var (
	errNotRoot  = errors.New("needs root, for network namespaces")
	errNoBinary = errors.New("FILBERT_BIN is not a file: run make build")
)

// supervise makes the network, runs the tests in it and removes everything. It
// returns the exit code of the tests.
func supervise() (code int, err error) {
	if os.Geteuid() != 0 {
		return 1, errNotRoot
	}
	binary, err := filepath.Abs(os.Getenv(envBinary))
	if info, statErr := os.Stat(binary); err != nil || statErr != nil || info.IsDir() {
		return 1, fmt.Errorf("%w: %s", errNoBinary, os.Getenv(envBinary))
	}
	ctx, stop := signal.NotifyContext(context.Background(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	defer stop()
	sweep()
	folder, err := newFolder()
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	wires, err := newNetwork(ctx, folder)
	if err != nil {
		return 1, err
	}
	defer wires.close()

	args := append([]string{"--target", strconv.Itoa(wires.Clients), "--net", "--", os.Args[0]}, os.Args[1:]...)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	cmd.Env = append(os.Environ(), envWires+"="+wires.String(), envFolder+"="+folder, envBinary+"="+binary)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	err = cmd.Run()
	if ctx.Err() != nil {
		return 1, fmt.Errorf("interrupted: %w", ctx.Err())
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, exit.ExitCode()), nil
	}
	return 0, err
}

// enter reads what the first process made.
func enter() error {
	wires, err := parseNetwork(os.Getenv(envWires), os.Getenv(envFolder))
	if err != nil {
		return err
	}
	world.net, world.folder, world.binary = wires, os.Getenv(envFolder), os.Getenv(envBinary)
	return nil
}
