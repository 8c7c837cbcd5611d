package rig

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Which namespaces of the rig a command enters. nsenter executes the command
// in its own process, so that the id of one is the id of the other; `ip netns
// exec` would remount /sys, and the kubelet then finds no cgroups.
type namespaces []string

// inNetwork is for clients: the machine's files, the rig's addresses.
func inNetwork() namespaces { return namespaces{"--net"} }

// inside is for the parts themselves.
func inside() namespaces { return namespaces{"--net", "--mount"} }

// command prepares a program to run in the rig.
func (r *Rig) command(ctx context.Context, where namespaces, program string, args ...string) *exec.Cmd {
	keeper, _ := r.state.process(keeperName)
	line := append([]string{"--target", strconv.Itoa(keeper.PID)}, where...)
	line = append(line, "--", program)
	cmd := exec.CommandContext(ctx, "nsenter", append(line, args...)...)
	cmd.Env = r.environment()
	return cmd
}

// environment gives programs the tools and nothing that could lead them to
// another cluster.
func (r *Rig) environment() []string {
	return []string{
		"PATH=" + r.state.Tools + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + r.state.Dir,
		"KUBECONFIG=" + r.Kubeconfig(),
		"TMPDIR=" + os.TempDir(),
	}
}

// start runs one part of the rig until stop, with its output in a file, and
// records it.
func (r *Rig) start(ctx context.Context, name, program string, args ...string) error {
	return r.launch(name, r.command(context.WithoutCancel(ctx), inside(), program, args...))
}

func (r *Rig) launch(name string, cmd *exec.Cmd) error {
	output, err := os.OpenFile(r.logFile(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = output.Close() }()
	cmd.Stdout, cmd.Stderr = output, output
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// A session of its own: Ctrl-C at the terminal is for us alone.
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	go func() { _ = cmd.Wait() }() // reaps it; how it ended is in its log
	process, err := processOf(name, cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("start %s: it ended at once, see %s: %w", name, r.logFile(name), err)
	}
	r.state.Processes = append(r.state.Processes, process)
	r.log.Debug("started", slog.String("part", name), slog.Int("pid", process.PID))
	return r.state.save()
}

func (r *Rig) logFile(name string) string {
	return filepath.Join(r.state.Dir, "log", name+".log")
}

// stop ends a process: politely, and after a while by force.
func (p Process) stop(ctx context.Context, patience time.Duration) {
	if !p.signal(syscall.SIGTERM) {
		return
	}
	if until(ctx, patience, func() bool { return !p.alive() }) == nil {
		return
	}
	p.kill(ctx)
}

// kill ends a process by force and waits until it is gone.
func (p Process) kill(ctx context.Context) {
	if p.signal(syscall.SIGKILL) {
		_ = until(ctx, stopTimeout, func() bool { return !p.alive() })
	}
}

// signal reports whether the process still was there to get one. The handle is
// taken before the start time is compared, so that the id cannot pass to
// another process in between.
func (p Process) signal(sig syscall.Signal) bool {
	handle, err := os.FindProcess(p.PID)
	if err != nil || p.PID <= 1 {
		return false
	}
	defer func() { _ = handle.Release() }()
	return p.alive() && handle.Signal(sig) == nil
}

// until polls a condition, at once and then on a ticker, for at most the limit.
func until(ctx context.Context, limit time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(probePeriod)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}
