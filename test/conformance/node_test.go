//go:build node

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nodeTimeout bounds one run of the Node.js client.
const nodeTimeout = 8 * time.Minute

// errNodeEnded is returned when the client ends although more is asked of it.
var errNodeEnded = errors.New("the Node.js client has ended")

// nodeProgram is the interpreter: NODE, the one that scripts/node-client.sh
// installed because the system has none that is new enough, or the system's.
func nodeProgram() string {
	if path := os.Getenv("NODE"); path != "" {
		return path
	}
	installed, err := filepath.Abs(filepath.Join("..", "..", ".cache", "node", "bin", "node"))
	if err == nil {
		if _, err = os.Stat(installed); err == nil {
			return installed
		}
	}
	return "node"
}

// nodeRun is a run of the table in the folder node.
type nodeRun struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer // its end ends the churn
	out   memberLog
	ended chan struct{} // closed when the process has ended, with err
	err   error
}

// startNode starts the table.
func startNode(t *testing.T, c *cluster, r routing, churn bool) *nodeRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodeTimeout)
	t.Cleanup(cancel)
	args := []string{"main.js", "--cluster", c.name, "--members", strings.Join(c.addresses(), ","), "--routing", string(r)}
	if churn {
		args = append(args, "--churn")
	}
	n := &nodeRun{t: t, ended: make(chan struct{}), cmd: exec.CommandContext(ctx, nodeProgram(), args...)}
	n.cmd.Dir = "node"
	if _, err := os.Stat(filepath.Join(n.cmd.Dir, "node_modules", "hazelcast-client")); err != nil {
		t.Fatalf("the client is not installed: run scripts/node-client.sh (%v)", err)
	}
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.out
	pipe, err := n.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.stdin = pipe
	if err := n.cmd.Start(); err != nil {
		t.Fatalf("%v: run scripts/node-client.sh", err)
	}
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	return n
}

// awaitPlayed waits until some more operations have ended.
func (n *nodeRun) awaitPlayed() {
	n.t.Helper()
	const some = 12
	played := func() int { return strings.Count(n.out.text(), "played ") }
	want := played() + some
	if err := eventually(n.t.Context(), leaveTimeout, func() error {
		select {
		case <-n.ended:
			return errNodeEnded
		default:
			return same("operations were played", played() >= want, true)
		}
	}); err != nil {
		n.t.Fatal(err)
	}
}

// wait waits for the end of the run and reports what failed.
func (n *nodeRun) wait() {
	n.t.Helper()
	_ = n.stdin.Close()
	<-n.ended
	if n.err != nil {
		n.t.Errorf("the Node.js client: %v", n.err)
		for _, line := range n.out.lines() {
			if !strings.HasPrefix(line, "played ") {
				n.t.Log(line)
			}
		}
		return
	}
	n.t.Log(n.out.tail(1))
}

// TestNodeMapOperations runs the table of the Node.js client against clusters
// at rest.
func TestNodeMapOperations(t *testing.T) {
	t.Parallel()
	for _, members := range []int{1, 3} {
		t.Run(fmt.Sprintf("members=%d", members), func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, members)
			for _, r := range bothRoutings {
				t.Run(string(r), func(t *testing.T) {
					startNode(t, c, r, false).wait()
				})
			}
		})
	}
}

// TestNodeMapOperationsUnderChurn runs it while a member is added, another one
// leaves and a third one is killed.
func TestNodeMapOperationsUnderChurn(t *testing.T) {
	t.Parallel()
	for _, r := range bothRoutings {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, 3)
			leaver, victim := c.members[1], c.members[2]
			n := startNode(t, c, r, true)
			defer n.wait()
			n.awaitPlayed()
			c.start()
			c.settle()
			n.awaitPlayed()
			c.leave(leaver)
			c.settle()
			n.awaitPlayed()
			c.crash(victim)
			c.settle()
			n.awaitPlayed()
		})
	}
}
