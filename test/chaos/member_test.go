package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	clusterName = "chaos"
	// silence is the heartbeat timeout of members: small, so that a run has
	// many recoveries.
	silence = 4 * time.Second
	// patience bounds how long a cluster may take to recover from a fault.
	patience = 60 * time.Second
	// pollEvery is the step of every wait on something that sends no signal.
	pollEvery = 10 * time.Millisecond
)

// member is one address with a namespace of its own, and the process that runs
// there at the moment. It is used by the goroutine that injects faults.
type member struct {
	t      *testing.T
	index  int
	ip     string
	keeper int
	log    *os.File // all its lives
	config string
	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has ended
	http   *http.Client
}

func newMember(t *testing.T, index int) *member {
	t.Helper()
	m := &member{t: t, index: index, ip: memberIP(index), keeper: world.net.Members[index]}
	m.config = filepath.Join(world.folder, fmt.Sprintf("member%d.yaml", index))
	if err := os.WriteFile(m.config, []byte(m.configuration()), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(outputFolder(t), fmt.Sprintf("member%d.log", index)))
	if err != nil {
		t.Fatal(err)
	}
	m.log = log
	t.Cleanup(func() { _ = log.Close() })
	m.http = &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return m
}

// configuration is the member's file: a list of all addresses, a small
// heartbeat timeout, and the backups of the run.
func (m *member) configuration() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hazelcast:\n  cluster-name: %s\n  properties:\n", clusterName)
	fmt.Fprintf(&b, "    hazelcast.local.localAddress: %s\n", m.ip)
	fmt.Fprintf(&b, "    hazelcast.heartbeat.interval.seconds: 1\n")
	fmt.Fprintf(&b, "    hazelcast.max.no.heartbeat.seconds: %d\n", int(silence.Seconds()))
	fmt.Fprintf(&b, "    filbert.acknowledge.timeout.seconds: %d\n", int(3*silence.Seconds()))
	fmt.Fprintf(&b, "    hazelcast.partition.backup.sync.interval: 5\n")
	fmt.Fprintf(&b, "    filbert.management.address: %s:%d\n", m.ip, managementPort)
	fmt.Fprintf(&b, "    filbert.founding.silence.seconds: 2\n")
	fmt.Fprintf(&b, "  network:\n    port:\n      port: %d\n      auto-increment: false\n", memberPort)
	fmt.Fprintf(&b, "    join:\n      auto-detection:\n        enabled: false\n      tcp-ip:\n        enabled: true\n        member-list:\n")
	for i := range size {
		fmt.Fprintf(&b, "          - %s:%d\n", memberIP(i), memberPort)
	}
	fmt.Fprintf(&b, "  map:\n    default:\n      backup-count: %d\n", *backups)
	if *protection {
		fmt.Fprintf(&b, "      split-brain-protection-ref: majority\n")
		fmt.Fprintf(&b, "  split-brain-protection:\n    majority:\n      enabled: true\n")
		fmt.Fprintf(&b, "      minimum-cluster-size: %d\n      protect-on: READ_WRITE\n", majority)
	}
	return b.String()
}

// start starts a process and returns at once.
func (m *member) start() {
	m.t.Helper()
	args := append(inside(m.keeper), world.binary, "start", "--config", m.config)
	// The process ends by signals of the test, not with a context.
	cmd := exec.CommandContext(context.Background(), "nsenter", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LOGGING_LEVEL=" + *logLevel, "GORACE=halt_on_error=1"}
	cmd.Stdout, cmd.Stderr = m.log, m.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	m.note("start")
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	exited := make(chan struct{})
	m.cmd, m.exited = cmd, exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
}

// note writes into the log what is done to the member.
func (m *member) note(what string) {
	_, _ = fmt.Fprintf(m.log, "--- %s: %s\n", time.Now().Format(clockLayout), what)
}

// signal sends one to the process and notes it in its log.
func (m *member) signal(s syscall.Signal) {
	m.note(s.String())
	_ = m.cmd.Process.Signal(s)
}

// kill ends the process as a crash does and returns when it is gone.
func (m *member) kill() {
	m.signal(syscall.SIGKILL)
	<-m.exited
}

func (m *member) running() bool {
	if m.cmd == nil {
		return false
	}
	select {
	case <-m.exited:
		return false
	default:
		return true
	}
}

// health is what the member says of itself; ok is false without an answer.
type health struct {
	NodeState   string `json:"nodeState"`
	ClusterSafe bool   `json:"clusterSafe"`
	ClusterSize int    `json:"clusterSize"`
}

func (m *member) health(ctx context.Context) (h health, ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("http://%s:%d/hazelcast/health", m.ip, memberPort), nil)
	if err != nil {
		return health{}, false
	}
	res, err := m.http.Do(req)
	if err != nil {
		return health{}, false
	}
	defer func() { _ = res.Body.Close() }()
	err = json.NewDecoder(res.Body).Decode(&h)
	return h, err == nil
}

// outputFolder is where logs and histories go, also those of runs that pass.
func outputFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv(envOutput)
	if folder == "" {
		folder = world.folder
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
