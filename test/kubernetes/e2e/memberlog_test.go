//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
)

// line is one line that a container wrote, with the time the runtime took it.
type line struct {
	at   time.Time
	text string
}

// memberLog reads what a pod has written so far, from the file that kubectl logs
// shows too: reading it costs the machine nothing, so it may be polled.
func memberLog(namespace string, p pod) []line {
	files, _ := filepath.Glob(filepath.Join(world.rig.Dir(), "pods", namespace+"_"+p.Name+"_"+p.UID, "*", "*.log"))
	var lines []line
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for row := range strings.Lines(string(text)) {
			// 2026-01-02T15:04:05.999999999Z stdout F text
			parts := strings.SplitN(strings.TrimSuffix(row, "\n"), " ", 4)
			if len(parts) < 4 {
				continue
			}
			if at, err := time.Parse(time.RFC3339Nano, parts[0]); err == nil {
				lines = append(lines, line{at, parts[3]})
			}
		}
	}
	return lines
}

// memberList is one list of members in a log.
type memberList struct {
	at      time.Time
	members []string // "[ip]:port - uuid", sorted
}

var (
	listHead  = regexp.MustCompile(`^Members \{size:(\d+), ver:\d+\} \[$`)
	listEntry = regexp.MustCompile(`^\tMember (\[[^\]]+\]:\d+ - [0-9a-f-]{36})( this)?$`)
)

// memberLists finds all lists in a log. One that says another size than it has
// members is an error.
func memberLists(log []line) ([]memberList, error) {
	var lists []memberList
	for i := 0; i < len(log); i++ {
		head := listHead.FindStringSubmatch(log[i].text)
		if head == nil {
			continue
		}
		var list memberList
		end := i + 1
		for ; end < len(log) && log[end].text != "]"; end++ {
			if entry := listEntry.FindStringSubmatch(log[end].text); entry != nil {
				list.members = append(list.members, entry[1])
			}
		}
		if end == len(log) {
			break // still being written
		}
		if head[1] != strconv.Itoa(len(list.members)) {
			return nil, fmt.Errorf("%w: %s with %d members", errLog, log[i].text, len(list.members))
		}
		list.at = log[end].at
		slices.Sort(list.members)
		lists = append(lists, list)
		i = end
	}
	return lists, nil
}

var (
	errLog    = errors.New("log")
	errAnswer = errors.New("wrong answer")
)

// lastList is the list in force.
func lastList(namespace string, p pod) (memberList, error) {
	lists, err := memberLists(memberLog(namespace, p))
	if err != nil {
		return memberList{}, err
	}
	if len(lists) == 0 {
		return memberList{}, fmt.Errorf("%w: %s has no list of members yet", errLog, p.Name)
	}
	return lists[len(lists)-1], nil
}

// oneCluster says why the pods are not one cluster of exactly themselves, by
// their own logs.
func oneCluster(namespace string, pods []pod) error {
	var first memberList
	for i, p := range pods {
		list, err := lastList(namespace, p)
		if err != nil {
			return err
		}
		if len(list.members) != len(pods) {
			return fmt.Errorf("%w: %s sees %d members of %d", errLog, p.Name, len(list.members), len(pods))
		}
		if i == 0 {
			first = list
		} else if !slices.Equal(list.members, first.members) {
			return fmt.Errorf("%w: %s sees %v, %s sees %v", errLog, p.Name, list.members, pods[0].Name, first.members)
		}
		if !slices.ContainsFunc(list.members, func(m string) bool { return strings.HasPrefix(m, "["+p.IP+"]:") }) {
			return fmt.Errorf("%w: %s is not in %v by its pod's address %s", errLog, p.Name, list.members, p.IP)
		}
	}
	return nil
}

// founders counts how many of the pods ever founded a cluster.
func founders(namespace string, pods []pod) (names []string) {
	for _, p := range pods {
		if slices.ContainsFunc(memberLog(namespace, p), func(l line) bool {
			return strings.Contains(l.text, "cause=founded")
		}) {
			names = append(names, p.Name)
		}
	}
	return names
}

// running returns a pod's members of the wanted number: up, with an address.
func (k *kube) running(selector string, n int) []pod {
	k.t.Helper()
	var pods []pod
	k.eventually(settle, fmt.Sprintf("%d pods run", n), func() error {
		pods = slices.DeleteFunc(k.pods(selector), func(p pod) bool { return p.Leaving })
		if len(pods) != n {
			return fmt.Errorf("%w: %d pods", rig.ErrNotReady, len(pods))
		}
		for _, p := range pods {
			if p.Phase != "Running" || p.IP == "" {
				return fmt.Errorf("%w: %s is %s", rig.ErrNotReady, p.Name, p.Phase)
			}
		}
		return nil
	})
	slices.SortFunc(pods, func(a, b pod) int { return strings.Compare(a.Name, b.Name) })
	return pods
}

// joined waits until n pods run and are one cluster.
func (k *kube) joined(selector string, n int, limit time.Duration) []pod {
	k.t.Helper()
	pods := k.running(selector, n)
	k.eventually(limit, fmt.Sprintf("%d pods are one cluster", n), func() error { return oneCluster(k.namespace, pods) })
	return pods
}

// listedIn checks with kubectl logs, as a person would, that a pod's last list
// of members has the size.
func (k *kube) listedIn(p pod, size int) {
	k.t.Helper()
	head := regexp.MustCompile(`(?m)^Members \{size:(\d+), ver:\d+\} \[$`)
	found := head.FindAllStringSubmatch(k.do("logs", p.Name), -1)
	if len(found) == 0 || found[len(found)-1][1] != strconv.Itoa(size) {
		k.t.Errorf("kubectl logs %s: lists %v, want the last of size %d", p.Name, found, size)
	}
}

// startedAt is when the kernel started the container's first process: earlier
// than the pod's own "running", which the kubelet reports in whole seconds.
func startedAt(t *testing.T, p pod) time.Time {
	t.Helper()
	at, err := world.rig.ContainerStarted(p.UID, p.ContainerID)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
