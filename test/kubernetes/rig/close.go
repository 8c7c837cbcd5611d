package rig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// stopOrder is the order in which parts are stopped: first who would start
// something again, last what the others write to.
func stopOrder() []string {
	return []string{
		"coredns", "kubelet", "kube-proxy", "kube-scheduler", "kube-controller-manager",
		"kube-apiserver", "etcd", "containerd", keeperName,
	}
}

// Close removes the rig: its pods, its processes, their namespaces, control
// groups and files. It may be called after a part died, after Start failed
// half-way, and by another process than the one that started the rig.
func (r *Rig) Close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // an interrupted run cleans up too
	r.deleteWorkloads(ctx)
	for _, name := range stopOrder() {
		if process, alive := r.state.process(name); alive {
			process.stop(ctx, stopTimeout)
			r.log.Debug("stopped", slog.String("part", name))
		}
	}
	// Containers and their shims are children of nobody that is recorded.
	err := until(ctx, stopTimeout, func() bool {
		left := r.leftovers()
		for _, process := range left {
			process.kill(ctx)
		}
		return len(left) == 0
	})
	if err != nil {
		return fmt.Errorf("close %s: processes do not end: %v", r.state.Name, r.leftovers())
	}
	if err := r.removeControlGroups(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(r.state.Dir); err != nil {
		return fmt.Errorf("close %s: %w", r.state.Name, err)
	}
	removeShared(filepath.Dir(r.state.Dir))
	r.log.Info("closed")
	return nil
}

// removeShared removes what several rigs use, when this was the last one: empty
// folders that mounts cover, and an empty group that runc makes when it cleans
// up after a container that has gone. What is not empty is somebody else's.
func removeShared(dir string) {
	if left, err := states(dir); err != nil || len(left) > 0 {
		return
	}
	_ = os.Remove(dir)
	if dir != DefaultDir {
		return // there may be rigs in the usual place, and they use the rest
	}
	_ = os.Remove("/var/lib/kubelet")
	mounts, err := controlGroupMounts()
	if err != nil {
		return
	}
	for _, mount := range mounts {
		_ = os.Remove(filepath.Join(mount, "k8s.io"))
	}
}

// Sweep closes the rigs below a folder whose owners died without doing so.
func Sweep(ctx context.Context, options Options) error {
	options = options.withDefaults()
	all, err := states(options.Dir)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Detached || s.Owner.alive() {
			continue
		}
		r := &Rig{state: s, log: options.Log.With(slog.String("rig", s.Name))}
		r.log.Warn("sweeping a rig that was left behind")
		if err := r.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// deleteWorkloads ends all pods in the way Kubernetes does it, so that the
// kubelet unmounts their volumes. What does not end in time is killed later.
func (r *Rig) deleteWorkloads(ctx context.Context) {
	_, server := r.state.process("kube-apiserver")
	_, kubelet := r.state.process("kubelet")
	if !server || !kubelet {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if _, err := r.Kubectl(ctx, "delete", "rc,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs",
		"--all", "--all-namespaces", "--wait=false", "--ignore-not-found"); err != nil {
		r.log.Warn("workloads are not deleted", slog.Any("error", err))
		return
	}
	if _, err := r.Kubectl(ctx, "delete", "pods", "--all", "--all-namespaces", "--grace-period=1", "--ignore-not-found"); err != nil {
		r.log.Warn("pods are not deleted", slog.Any("error", err))
		return
	}
	if err := until(ctx, drainTimeout, func() bool { return len(r.controlGroupProcesses()) == 0 }); err != nil {
		r.log.Warn("containers have not ended", slog.Any("error", err))
	}
}

// leftovers are the processes that belong to the rig without being recorded:
// those in its control groups, and those, such as containerd's shims, whose
// command line names its folder.
func (r *Rig) leftovers() []Process {
	ids := r.controlGroupProcesses()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	mark := r.state.Dir + string(filepath.Separator)
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err == nil && strings.Contains(string(line), mark) && r.belongs(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var left []Process
	for _, id := range slices.Compact(ids) {
		if process, err := processOf("leftover", id); err == nil && process.alive() {
			left = append(left, process)
		}
	}
	return left
}

// belongs tells a part of the rig from somebody who only looks at its files, an
// editor or `tail -f`: parts are not in the machine's mount namespace.
func (*Rig) belongs(id int) bool {
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", id))
	if err != nil {
		return false
	}
	ours, err := os.Readlink("/proc/self/ns/mnt")
	return err == nil && theirs != ours
}

// errBusy says that a control group could not be removed.
var errBusy = errors.New("control groups are busy")
