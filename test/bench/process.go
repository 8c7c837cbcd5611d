package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Times that nothing but a fault exceeds.
const (
	startTime = 60 * time.Second // a JVM on a busy machine
	stopTime  = 20 * time.Second // then it is killed
	pollTime  = 2 * time.Millisecond
)

// A process is a server that runs.
type process struct {
	name string
	pid  int
	log  string // file of its output
	cmd  *exec.Cmd
	done chan struct{}
	// took is the time from its start until it served.
	took time.Duration
}

// start runs a command on processors, and waits until ready says that it serves at an address where nobody did before.
func (l *lab) start(name, cpus, address string, ready func(context.Context) error, env []string, command ...string) (*process, error) {
	if listens(address)(l.ctx) == nil {
		return nil, fmt.Errorf("%s: another program listens at %s: what it does would be measured", name, address)
	}
	log, err := os.Create(filepath.Join(l.output, name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	p := &process{name: name, log: log.Name(), done: make(chan struct{})}
	p.cmd = exec.CommandContext(l.ctx, "taskset", append([]string{"-c", cpus}, command...)...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = log, log, l.scratch
	p.cmd.Env, p.cmd.SysProcAttr = append(os.Environ(), env...), dieWithParent()
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.pid = p.cmd.Process.Pid // taskset becomes the command
	go func() {
		_ = p.cmd.Wait() // how it ended is nobody's business but the log's
		close(p.done)
	}()
	if err := p.await(l.ctx, ready); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s: %w\n%s", name, err, tail(p.log))
	}
	p.took = time.Since(began)
	l.running = append(l.running, p)
	return p, nil
}

// await asks ready until it finds nothing wrong.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	ticks := time.NewTicker(pollTime)
	defer ticks.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not serve: %w", err)
		case <-p.done:
			return errors.New("ended instead of serving")
		case <-ticks.C:
		}
	}
}

// stop ends a process: kindly, and if that does not help by force.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	wait := time.NewTimer(stopTime)
	defer wait.Stop()
	select {
	case <-p.done:
	case <-wait.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// pause lets a process stand still until resume.
func (p *process) pause() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

func (p *process) resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) } // one that has ended is found out by the next load

// stopAll ends what is running.
func (l *lab) stopAll() {
	for _, p := range l.running {
		p.stop()
	}
	l.running = nil
}

// resident is the memory of a process, in bytes.
func resident(pid int) (int64, error) {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// cpuSeconds is what a process has used so far; /proc counts it in hundredths.
func cpuSeconds(pid int) (float64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100, errors.Join(err1, err2)
}

// tail is the end of a log, for errors.
func tail(file string) string {
	text, _ := os.ReadFile(file) // an error says no more than nothing does
	return string(text[max(0, len(text)-1000):])
}
