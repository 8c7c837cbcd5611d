//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
)

// longWait is more than a member at a Service's door that nobody answers
// waits before it founds a cluster alone: whoever does not found in it, waits.
const longWait = 13 * time.Second

// TestNoService starts members before their Service, or with one that selects
// nothing. They must wait, say so once, not be ready, and become one cluster as
// soon as the Service is right.
func TestNoService(t *testing.T) {
	for _, c := range []struct {
		name        string
		role, empty bool
		says        string // a part of the line
	}{
		{"absent with Role", true, false, "there is no "},
		{"absent without Role", false, false, "DNS knows no "},
		{"selects nothing with Role", true, true, "shows no pod"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKube(t)
			if c.role {
				k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
			}
			if c.empty {
				k.create("hazelcast-service.yaml", "selector:\n    name: hazelcast", "selector:\n    name: nobody")
			}
			k.create("hazelcast-controller.yaml", "replicas: 1", "replicas: 2")
			pods := k.running(tutorialLabel, 2)
			for _, p := range pods {
				k.says(p, c.says)
			}
			k.stays(longWait, "they wait", func() error {
				if who := founders(k.namespace, pods); len(who) > 0 {
					return fmt.Errorf("%w: %v founded without having seen themselves", errLog, who)
				}
				return nil
			})
			for _, p := range pods {
				k.saidOnce(p, c.says)
				k.ready(p, false)
			}
			if c.empty {
				k.do("patch", "service", "hazelcast", "--patch", `{"spec":{"selector":{"name":"hazelcast"}}}`)
			} else {
				k.create("hazelcast-service.yaml")
			}
			began := time.Now()
			k.joined(tutorialLabel, 2, settle)
			t.Logf("one cluster %s after the Service", served(t, k, pods, began))
			for _, p := range pods {
				k.ready(p, true)
			}
		})
	}
}

// TestEmptyDoor is a Service that selects nothing, without the right to ask for
// more: its address refuses everybody. A member cannot tell that from a network
// that is not ready yet, founds after a while, and warns.
func TestEmptyDoor(t *testing.T) {
	k := newKube(t)
	k.create("hazelcast-service.yaml", "selector:\n    name: hazelcast", "selector:\n    name: nobody")
	k.create("hazelcast-controller.yaml")
	pods := k.running(tutorialLabel, 1)
	k.ready(pods[0], false)
	k.joined(tutorialLabel, 1, settle)
	k.says(pods[0], "WARN")
	list, err := lastList(k.namespace, pods[0])
	if err != nil {
		t.Fatal(err)
	}
	if took := list.at.Sub(startedAt(t, pods[0])); took < 9*time.Second {
		t.Errorf("it founded after %s, without having heard itself at the door", took)
	}
	served(t, k, pods, time.Now())
	k.ready(pods[0], true)
	k.do("patch", "service", "hazelcast", "--patch", `{"spec":{"selector":{"name":"hazelcast"}}}`)
	k.do("scale", "rc", "hazelcast", "--replicas=3")
	pods = k.joined(tutorialLabel, 3, settle)
	served(t, k, pods, time.Now())
}

// TestForeignPods puts pods that are no members behind the Service.
func TestForeignPods(t *testing.T) {
	file := filepath.Join(t.TempDir(), "foreign.tar")
	const image = "rig.local/foreign:1"
	if err := rig.PackProgram(buildProgram(t, "foreign"), image, file); err != nil {
		t.Fatal(err)
	}
	if _, err := world.rig.LoadImage(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	eachRole(t, func(k *kube) {
		t := k.t
		// They have the label that the Service selects, and one that tells them from members.
		k.create("hazelcast-service.yaml")
		k.do("run", "foreign", "--image="+image, "--labels=name=hazelcast,kind=foreign", "--restart=Never")
		foreign := k.running("kind=foreign", 1)
		k.create("hazelcast-controller.yaml",
			"replicas: 1", "replicas: 2",
			"    name: hazelcast\n  template", "    name: hazelcast\n    kind: member\n  template",
			"        name: hazelcast\n    spec", "        name: hazelcast\n        kind: member\n    spec")
		pods := k.joined("kind=member", 2, settle)
		served(t, k, pods, time.Now())
		if who := founders(k.namespace, pods); len(who) != 1 {
			t.Errorf("%d members founded a cluster: %v", len(who), who)
		}
		for _, p := range pods {
			k.ready(p, true)
		}
		if k.hasRole {
			for _, p := range pods {
				k.saidOnce(p, foreign[0].IP)
			}
		}
	})
}

// TestServicePorts gives the Service several ports, none of them called
// hazelcast, and one that leads nowhere.
func TestServicePorts(t *testing.T) {
	eachRole(t, func(k *kube) {
		t := k.t
		k.create("hazelcast-service.yaml", "    - port: 5701",
			"    - {name: metrics, port: 8080}\n    - {name: data, port: 5701}")
		k.create("hazelcast-controller.yaml", "replicas: 1", "replicas: 2")
		pods := k.joined(tutorialLabel, 2, settle)
		served(t, k, pods, time.Now())
		if who := founders(k.namespace, pods); len(who) != 1 {
			t.Errorf("%d members founded a cluster: %v", len(who), who)
		}
		if k.hasRole {
			for _, p := range pods {
				k.saidOnce(p, "service-port")
			}
		}
	})
}

// TestWrongRights gives members a Role that does not help. The tutorial still
// works, and the log names the Role that would.
func TestWrongRights(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace []string
		hint    bool // whether anything is missed at all
	}{
		{"bound to another account", nil, true},
		{"another resource", []string{`["endpointslices"]`, `["services"]`, `["endpoints"]`, `["configmaps"]`}, true},
		{"no slices", []string{`["endpointslices"]`, `["services"]`}, false},
		{"another verb", []string{`["get", "list"]`, `["watch"]`}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKube(t)
			if c.replace != nil {
				c.replace = append(c.replace, "namespace: default", "namespace: "+k.namespace)
			}
			k.create("role.yaml", c.replace...)
			k.create("hazelcast-service.yaml")
			k.create("hazelcast-controller.yaml", "replicas: 1", "replicas: 3")
			pods := k.joined(tutorialLabel, 3, settle)
			served(t, k, pods, time.Now())
			if who := founders(k.namespace, pods); len(who) != 1 {
				t.Errorf("%d members founded a cluster: %v", len(who), who)
			}
			for _, p := range pods {
				if c.hint {
					k.saidOnce(p, "a Role with the verb list on endpointslices")
				}
			}
		})
	}
}

// says waits until a pod's log has a line with the text.
func (k *kube) says(p pod, text string) {
	k.t.Helper()
	k.eventually(settle, fmt.Sprintf("%s says %q", p.Name, text), func() error {
		if len(k.said(p, text)) == 0 {
			return fmt.Errorf("%w: no such line", errLog)
		}
		return nil
	})
}

// saidOnce wants exactly one such line in what the pod has said so far.
func (k *kube) saidOnce(p pod, text string) {
	k.t.Helper()
	if found := k.said(p, text); len(found) != 1 {
		k.t.Errorf("%s says %q %d times:\n%s", p.Name, text, len(found), strings.Join(found, "\n"))
	}
}

func (k *kube) said(p pod, text string) (found []string) {
	for _, l := range memberLog(k.namespace, p) {
		if strings.Contains(l.text, text) {
			found = append(found, l.text)
		}
	}
	return found
}

// ready checks what the pod's health page says about being ready.
func (k *kube) ready(p pod, want bool) {
	k.t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	request, err := http.NewRequestWithContext(k.t.Context(), http.MethodGet,
		"http://"+net.JoinHostPort(p.IP, port)+"/hazelcast/health/ready", http.NoBody)
	if err != nil {
		k.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		k.t.Errorf("health of %s: %v", p.Name, err)
		return
	}
	defer response.Body.Close()
	if got := response.StatusCode == http.StatusOK; got != want {
		k.t.Errorf("health of %s: %s, want ready: %v", p.Name, response.Status, want)
	}
}
