package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A server is one that a row puts load on.
type server struct {
	*process
	address string
	flags   []string // of `filbert bench`, for this server
}

// errAbsent is returned by whoever should start a server that is not on this machine. The row is then left out and
// says why.
var errAbsent = errors.New("not run")

// Ports of the servers, on the loopback. Members take further ones from the first on.
const (
	filbertPort   = 15701
	hazelcastPort = 16701
	redisPort     = 16379
	olricPort     = 13320
	echoPort      = 17777
)

func at(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// memberConfig is the configuration of a member of either product: the loopback, one cluster with those from the first
// port on, and no word to the outside.
func memberConfig(first, port, backups int, more string) string {
	return fmt.Sprintf(`hazelcast:
  cluster-name: dev
  properties:
    hazelcast.phone.home.enabled: false
    hazelcast.socket.bind.any: false
  network:
    port: {port: %d, auto-increment: false}
    interfaces: {enabled: true, interfaces: [127.0.0.1]}
    join:
      auto-detection: {enabled: false}
      multicast: {enabled: false}
      tcp-ip: {enabled: true, member-list: ["127.0.0.1:%d"]}
  map:
    default: {backup-count: %d%s}
`, port, first, backups, more)
}

// configFile writes a configuration.
func (l *lab) configFile(name, text string) (string, error) {
	file := filepath.Join(l.scratch, name+".yaml")
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// startFilbert starts member number, from 0, of the cluster whose first one has a port: it founds it or joins it.
func (l *lab) startFilbert(name string, first, number, backups int, cpus string, env ...string) (*server, error) {
	file, err := l.configFile(name, memberConfig(first, first+number, backups, ""))
	if err != nil {
		return nil, err
	}
	address := at(first + number)
	p, err := l.start(name, cpus, address, authenticated(address), env, l.filbert, "start", "--config", file)
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: address}, nil
}

// startEcho starts the limit.
func (l *lab) startEcho() (*server, error) {
	p, err := l.start("echo", l.machine.servers, at(echoPort), listens(at(echoPort)), nil, l.filbert, "bench", "echo-server", "--listen", at(echoPort))
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: at(echoPort), flags: []string{"--protocol", "echo"}}, nil
}

// startRedis starts redis-server without persistence, as a cache is run.
func (l *lab) startRedis() (*server, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("%w: there is no redis-server: scripts/install-bench.sh installs it", errAbsent)
	}
	p, err := l.start("redis", l.machine.servers, at(redisPort), pong(at(redisPort)), nil, binary, "--port", strconv.Itoa(redisPort), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", l.scratch)
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: at(redisPort), flags: []string{"--protocol", "resp"}}, nil
}

// startOlric starts the program in folder olric.
func (l *lab) startOlric() (*server, error) {
	binary := filepath.Join(l.scratch, "olric")
	build := exec.CommandContext(l.ctx, "go", "build", "-o", binary, "./olric")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: Olric could not be built: %s", errAbsent, out)
	}
	ready := func(context.Context) error { // it listens before it serves
		if text, err := os.ReadFile(filepath.Join(l.output, "olric.log")); err != nil || !strings.Contains(string(text), "ready") {
			return errNotReady
		}
		return nil
	}
	p, err := l.start("olric", l.machine.servers, at(olricPort), ready, nil, binary, "-port", strconv.Itoa(olricPort), "-gossip", strconv.Itoa(olricPort+2))
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: at(olricPort), flags: []string{
		"--protocol", "resp", "--set-command", "DM.PUT bench", "--get-command", "DM.GET bench",
	}}, nil
}

// javaAccess are what Hazelcast asks for since Java 9, in its own words at every start without them.
func javaAccess() []string {
	args := []string{"--add-modules", "java.se", "--add-exports", "java.base/jdk.internal.ref=ALL-UNNAMED"}
	for _, open := range []string{
		"java.base/java.lang", "java.base/sun.nio.ch", "java.management/sun.management", "jdk.management/com.sun.management.internal",
	} {
		args = append(args, "--add-opens", open+"=ALL-UNNAMED")
	}
	return args
}

// startHazelcast starts one member in a JVM. Tuned, it has a heap of a fixed size that is touched at the start, the
// collector for throughput, and a map without statistics.
func (l *lab) startHazelcast(name string, tuned bool) (*server, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("%w: there is no java", errAbsent)
	}
	if l.hazelcast == "" {
		return nil, fmt.Errorf("%w: there is no jar of Hazelcast: scripts/hazelcast-jar.sh tells why", errAbsent)
	}
	more, args := "", javaAccess()
	if tuned {
		more = ", statistics-enabled: false"
		args = append(args, "-Xms"+l.heap, "-Xmx"+l.heap, "-XX:+AlwaysPreTouch", "-XX:+UseParallelGC")
	}
	file, err := l.configFile(name, memberConfig(hazelcastPort, hazelcastPort, 1, more))
	if err != nil {
		return nil, err
	}
	args = append(args, "-Dhazelcast.config="+file, "-Dhazelcast.logging.type=jdk", "-cp", l.hazelcast, "com.hazelcast.core.server.HazelcastMemberStarter")
	p, err := l.start(name, l.machine.servers, at(hazelcastPort), authenticated(at(hazelcastPort)), nil, append([]string{java}, args...)...)
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: at(hazelcastPort)}, nil
}
