//go:build node

package conformance

import (
	"context"
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

// startNode starts the table in the folder node. The returned function waits
// for its end and reports what failed.
func startNode(t *testing.T, c *cluster, r routing, churn bool) (stdin io.Closer, wait func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodeTimeout)
	t.Cleanup(cancel)
	args := []string{"main.js", "--cluster", c.name, "--members", strings.Join(c.addresses(), ","), "--routing", string(r)}
	if churn {
		args = append(args, "--churn")
	}
	cmd := exec.CommandContext(ctx, nodeProgram(), args...)
	cmd.Dir = "node"
	if _, err := os.Stat(filepath.Join(cmd.Dir, "node_modules", "hazelcast-client")); err != nil {
		t.Fatalf("the client is not installed: run scripts/node-client.sh (%v)", err)
	}
	var out memberLog
	cmd.Stdout, cmd.Stderr = &out, &out
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run scripts/node-client.sh", err)
	}
	return pipe, func() {
		if err := cmd.Wait(); err != nil {
			t.Errorf("the Node.js client (%s): %v\n%s", r, err, out.text())
			return
		}
		t.Log(out.tail(1))
	}
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
					_, wait := startNode(t, c, r, false)
					wait()
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
			stdin, wait := startNode(t, c, r, true)
			defer wait()
			defer func() { _ = stdin.Close() }()
			c.start()
			c.settle()
			c.leave(leaver)
			c.settle()
			c.crash(victim)
			c.settle()
		})
	}
}
