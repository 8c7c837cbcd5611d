package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// size is the number of members.
	size     = 5
	majority = size/2 + 1
)

// network is one bridge with a wire to every member and to the clients. The
// namespaces have no names on the machine: each ends with the last process in
// it, and a wire with either of its ends.
type network struct {
	Hub     int   // keeper of the bridge's namespace
	Clients int   // keeper of the clients' namespace
	Members []int // keepers of the members' namespaces
	folder  string
	keepers []*exec.Cmd // in the first process only
}

// memberIP is the address of the member with that index.
func memberIP(index int) string { return fmt.Sprintf("10.77.0.%d", 11+index) }

const (
	clientIP   = "10.77.0.2"
	memberPort = 5701
	// setupTimeout bounds one command that changes the network.
	setupTimeout = 20 * time.Second
)

func (n *network) String() string {
	text, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return string(text)
}

func parseNetwork(text, folder string) (*network, error) {
	n := &network{folder: folder}
	if err := json.Unmarshal([]byte(text), n); err != nil {
		return nil, fmt.Errorf("%s: %w", envWires, err)
	}
	return n, nil
}

// newNetwork makes the namespaces and the wires.
func newNetwork(ctx context.Context, folder string) (n *network, err error) {
	n = &network{folder: folder}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.Hub, err = n.keep(ctx); err != nil {
		return nil, err
	}
	if err := n.in(ctx, n.Hub, "ip link set lo up", "ip link add br0 type bridge", "ip link set br0 up"); err != nil {
		return nil, err
	}
	if n.Clients, err = n.keep(ctx); err != nil {
		return nil, err
	}
	if err := n.wire(ctx, n.Clients, "clients", clientIP); err != nil {
		return nil, err
	}
	for i := range size {
		keeper, err := n.keep(ctx)
		if err != nil {
			return nil, err
		}
		n.Members = append(n.Members, keeper)
		if err := n.wire(ctx, keeper, memberWire(i), memberIP(i)); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// memberWire is the name of the hub's end of a member's wire.
func memberWire(index int) string { return "member" + strconv.Itoa(index) }

// keep starts a keeper and returns its id once its namespace is there. Linux
// makes the namespace before the program runs, so a started one has it.
func (n *network) keep(ctx context.Context) (int, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sleep", "infinity")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL, Setpgid: true,
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("network namespace: %w", err)
	}
	n.keepers = append(n.keepers, cmd)
	return cmd.Process.Pid, nil
}

// wire leads from the bridge to a namespace.
func (n *network) wire(ctx context.Context, keeper int, name, ip string) error {
	if err := n.in(ctx, n.Hub,
		fmt.Sprintf("ip link add %s type veth peer name eth0 netns %d", name, keeper),
		"ip link set "+name+" master br0", "ip link set "+name+" up"); err != nil {
		return err
	}
	return n.in(ctx, keeper, "ip link set lo up", "ip address add "+ip+"/24 dev eth0", "ip link set eth0 up")
}

// in runs commands in a namespace, one after the other, and fails with the
// output of the first that does.
func (n *network) in(ctx context.Context, keeper int, lines ...string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), setupTimeout)
	defer cancel()
	for _, line := range lines {
		cmd := exec.CommandContext(ctx, "nsenter", append(inside(keeper), strings.Fields(line)...)...)
		// iptables would use the machine's lock.
		cmd.Env = append(os.Environ(), "XTABLES_LOCKFILE="+filepath.Join(n.folder, "xtables.lock"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// inside are the arguments of nsenter that lead into a keeper's network. It
// executes the command in its own process: the id of one is that of the other.
func inside(keeper int) []string {
	return []string{"--target", strconv.Itoa(keeper), "--net", "--"}
}

// close ends the keepers, and with them the namespaces. Only the first process
// has any.
func (n *network) close() {
	for _, keeper := range n.keepers {
		_ = keeper.Process.Kill()
		_ = keeper.Wait()
	}
}
