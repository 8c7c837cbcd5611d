package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const keeperName = "keeper"

// startKeeper makes the rig's network and mount namespace: both belong to the
// keeper, and end when the last process in them does. Nothing of them has a
// name on the machine that could stay behind.
func (r *Rig) startKeeper(ctx context.Context) error {
	pause, err := r.tool("pause")
	if err != nil {
		return err
	}
	// The folder is not used; it makes the keeper known by its command line.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), pause, r.state.Dir+"/")
	cmd.Env = r.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	return r.launch(keeperName, cmd)
}

// privateFolders are written by the kubelet, containerd, runc and iptables
// whatever their configuration says. Inside the rig each is empty and in
// memory; the machine's own are neither seen nor changed.
func privateFolders() []string { return []string{"/run", "/var/log", "/var/lib/kubelet"} }

// prepareNamespace gives the namespaces what a node needs.
func (r *Rig) prepareNamespace(ctx context.Context) error {
	for _, folder := range privateFolders() {
		// A mount needs a folder to cover; only the kubelet's may be missing.
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("namespace: %w", err)
		}
		if err := r.inside(ctx, "mount", "-t", "tmpfs", "-o", "mode=0755", "rig", folder); err != nil {
			return err
		}
	}
	for _, line := range []string{
		"ip link set lo up",
		// The kernel may have no links of type dummy; a bridge without ports
		// does the same.
		"ip link add node0 type bridge",
		"ip address add " + NodeIP + "/32 dev node0",
		"ip link set node0 up",
		// Without a default route the apiserver and the kubelet refuse to start.
		"ip route add default dev node0",
		"sysctl -q -w net.ipv4.ip_forward=1",
		// Pods on one bridge reach a Service of each other: answers have to
		// pass the address translation too. The kernel may not know it.
		"sysctl -q -e -w net.bridge.bridge-nf-call-iptables=1",
	} {
		words := strings.Fields(line)
		if err := r.inside(ctx, words[0], words[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// inside runs a short command in the rig and fails with its output.
func (r *Rig) inside(ctx context.Context, program string, args ...string) error {
	output, err := r.command(ctx, inside(), program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}

// Dial connects to an address in the rig's network from this process. The
// address must be literal: a socket belongs to the network of the thread that
// makes it, and looking up a name would use others.
func (r *Rig) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	keeper, ok := r.state.process(keeperName)
	if !ok {
		return nil, fmt.Errorf("dial %s: %w", address, ErrNoRig)
	}
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", keeper.PID))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	defer func() { _ = there.Close() }()
	runtime.LockOSThread()
	here, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	defer func() { _ = here.Close() }()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	conn, dialErr := (&net.Dialer{}).DialContext(ctx, network, address)
	// A thread that cannot go back stays locked, and ends with its goroutine.
	if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err == nil {
		runtime.UnlockOSThread()
	}
	return conn, dialErr
}
