package conformance

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// joinTimeout bounds the way from the start of a process to a joined member.
	joinTimeout = 60 * time.Second
	// leaveTimeout bounds a graceful leave: the data of the tests moves in seconds.
	leaveTimeout = 120 * time.Second
	// pollEvery is the step of every wait on something that sends no signal.
	pollEvery = 5 * time.Millisecond
)

// member is one server process. Its fields are set by startMember and do not
// change; the state of the process is read from its log, its health endpoint
// and exited.
type member struct {
	t           testing.TB
	port        int
	clusterName string
	log         *memberLog
	cmd         *exec.Cmd
	started     time.Time
	exited      chan struct{} // closed after exitErr is set
	exitErr     error
}

// memberSpec says how a member is started.
type memberSpec struct {
	cluster string
	port    int
	join    []string          // addresses for the tcp-ip join; empty: no join variables at all
	env     map[string]string // more variables; they win
	config  string            // file for --config, or empty
	binary  string            // the server; empty for the one under test
}

// freePort returns a loopback port that nothing listens on. Ports lie under the
// range from which systems pick ports for outgoing connections, and none is
// given out twice by one run.
func freePort(t testing.TB) int {
	t.Helper()
	for range portTries {
		port := nextPort()
		l, err := listen(t.Context(), address(port))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", addr)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// startMember starts the process and returns at once. The process is killed at
// the end of the test if it still runs.
func startMember(t testing.TB, spec memberSpec) *member {
	t.Helper()
	args := []string{"start"}
	if spec.config != "" {
		args = append(args, "--config", spec.config)
	}
	m := &member{t: t, port: spec.port, clusterName: spec.cluster, log: &memberLog{}, exited: make(chan struct{})}
	// The process ends by signals of the test, not with a context.
	binary := spec.binary
	if binary == "" {
		binary = serverBinary(t)
	}
	m.cmd = exec.CommandContext(context.Background(), binary, args...)
	m.cmd.Env = environment(spec)
	m.cmd.Dir = t.TempDir()
	m.cmd.Stdout, m.cmd.Stderr = m.log, m.log
	m.cmd.SysProcAttr = dieWithParent()
	m.started = time.Now()
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		m.exitErr = m.cmd.Wait()
		close(m.exited)
	}()
	t.Cleanup(func() {
		m.kill()
		if t.Failed() {
			t.Logf("member %d, end of its log:\n%s", m.port, m.log.tail(40))
		}
	})
	return m
}

// environment is the caller's, without what could configure a member, plus the
// variables by which deployments configure one.
func environment(spec memberSpec) []string {
	env := []string{}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "HZ_") && !strings.HasPrefix(kv, "JAVA_OPTS=") {
			env = append(env, kv)
		}
	}
	set := map[string]string{"HZ_CLUSTERNAME": spec.cluster}
	if spec.port != 0 {
		set["HZ_NETWORK_PORT_PORT"] = strconv.Itoa(spec.port)
		set["HZ_NETWORK_PORT_AUTOINCREMENT"] = "false"
		set["HZ_NETWORK_PUBLICADDRESS"] = address(spec.port)
	}
	if len(spec.join) > 0 {
		set["HZ_NETWORK_JOIN_AUTODETECTION_ENABLED"] = "false"
		set["HZ_NETWORK_JOIN_MULTICAST_ENABLED"] = "false"
		set["HZ_NETWORK_JOIN_TCPIP_ENABLED"] = "true"
		set["HZ_NETWORK_JOIN_TCPIP_MEMBERS"] = strings.Join(spec.join, ",")
	}
	maps.Copy(set, spec.env)
	for k, v := range set {
		if v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// kill ends the process as a crash does and returns when it is gone.
func (m *member) kill() {
	_ = m.cmd.Process.Kill()
	<-m.exited
}

// terminate asks the process to leave and returns at once.
func (m *member) terminate() { _ = m.cmd.Process.Signal(syscall.SIGTERM) }

// awaitExit waits for the process to end by itself.
func (m *member) awaitExit(limit time.Duration) error {
	m.t.Helper()
	select {
	case <-m.exited:
		return m.exitErr
	case <-time.After(limit):
		m.t.Fatalf("member %d still runs after %v", m.port, limit)
		return nil
	}
}

// awaitReady waits until the member says over HTTP that it has joined.
func (m *member) awaitReady() {
	m.t.Helper()
	m.await("readiness", joinTimeout, func() bool { return m.health("/ready") == http.StatusOK })
}

// awaitSafe waits until the member says that every backup is complete.
func (m *member) awaitSafe() {
	m.t.Helper()
	m.await("a safe cluster", leaveTimeout, func() bool { return m.health("/cluster-safe") == http.StatusOK })
}

// awaitLine waits for a line of the log with all of the words: what a member does is in its log a moment later.
func (m *member) awaitLine(words ...string) {
	m.t.Helper()
	m.await("a line with "+strings.Join(words, ", "), joinTimeout, func() bool {
		return slices.ContainsFunc(m.log.lines(), func(line string) bool {
			return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) })
		})
	})
}

// awaitMembers waits until the newest member list in the log has n members.
func (m *member) awaitMembers(n int) {
	m.t.Helper()
	m.await(fmt.Sprintf("a list of %d members", n), joinTimeout, func() bool {
		return len(m.log.members().members) == n
	})
}

// await polls until done or the limit, and fails when the process ends.
func (m *member) await(what string, limit time.Duration, done func() bool) {
	m.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-m.exited:
			if !done() {
				m.t.Fatalf("member %d ended while waiting for %s: %v\n%s", m.port, what, m.exitErr, m.log.tail(20))
			}
			return
		case <-deadline:
			m.t.Fatalf("member %d: no %s after %v\n%s", m.port, what, limit, m.log.tail(20))
		}
	}
}

// health returns the HTTP status of a health resource, 0 without an answer.
func (m *member) health(path string) int {
	status, _ := m.healthBody(path)
	return status
}

func (m *member) healthBody(path string) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address(m.port)+"/hazelcast/health"+path, nil)
	if err != nil {
		return 0, ""
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, string(text)
}

// rss returns the resident memory of the process in bytes, 0 where the system
// does not tell.
func (m *member) rss() int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(m.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
