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

// TestNoService starts members before their Service, or with one that selects
// nothing. They must wait, say so once, not be ready, and become one cluster as
// soon as the Service is right.
func TestNoService(t *testing.T) {
	const elsewhere = "selector:\n    name: nobody"
	for _, c := range []struct {
		name        string
		role, empty bool
		says        string // a part of the line
	}{
		{"absent with Role", true, false, "there is no "},
		{"absent without Role", false, false, "DNS knows no "},
		{"selects nothing with Role", true, true, "shows no pod"},
		{"selects nothing without Role", false, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKube(t)
			if c.role {
				k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
			}
			if c.empty {
				k.create("hazelcast-service.yaml", "selector:\n    name: hazelcast", elsewhere)
			}
			k.create("hazelcast-controller.yaml", "replicas: 1", "replicas: 2")
			pods := k.running(tutorialLabel, 2)
			if c.says != "" {
				for _, p := range pods {
					k.saysOnce(p, c.says)
					k.ready(p, false)
				}
				if who := founders(k.namespace, pods); len(who) > 0 {
					t.Errorf("%v founded clusters without having seen themselves", who)
				}
			}
			if c.empty {
				k.do("patch", "service", "hazelcast", "--patch", `{"spec":{"selector":{"name":"hazelcast"}}}`)
			} else {
				k.create("hazelcast-service.yaml")
			}
			k.joined(tutorialLabel, 2, settle)
			served(t, k, pods, time.Now())
			for _, p := range pods {
				k.ready(p, true)
			}
		})
	}
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
	for _, role := range []string{"without Role", "with Role"} {
		t.Run(role, func(t *testing.T) {
			k := newKube(t)
			if role == "with Role" {
				k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
			}
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
			if role == "with Role" {
				k.saysOnce(pods[0], foreign[0].IP)
			}
		})
	}
}

// TestServicePorts gives the Service several ports, none of them called
// hazelcast, and one that leads nowhere.
func TestServicePorts(t *testing.T) {
	for _, role := range []string{"without Role", "with Role"} {
		t.Run(role, func(t *testing.T) {
			k := newKube(t)
			if role == "with Role" {
				k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
			}
			k.create("hazelcast-service.yaml", "    - port: 5701",
				"    - {name: metrics, port: 8080}\n    - {name: data, port: 5701}")
			k.create("hazelcast-controller.yaml", "replicas: 1", "replicas: 2")
			pods := k.joined(tutorialLabel, 2, settle)
			served(t, k, pods, time.Now())
			if who := founders(k.namespace, pods); len(who) != 1 {
				t.Errorf("%d members founded a cluster: %v", len(who), who)
			}
			if role == "with Role" {
				for _, p := range pods {
					k.saysOnce(p, "service-port")
				}
			}
		})
	}
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
					k.saysOnce(p, "a Role with the verb list on endpointslices")
				}
			}
		})
	}
}

// saysOnce waits until a pod's log has a line with the text, and wants no
// second one.
func (k *kube) saysOnce(p pod, text string) {
	k.t.Helper()
	var found []string
	k.eventually(settle, fmt.Sprintf("%s says %q", p.Name, text), func() error {
		found = found[:0]
		for _, l := range memberLog(k.namespace, p) {
			if strings.Contains(l.text, text) {
				found = append(found, l.text)
			}
		}
		if len(found) == 0 {
			return fmt.Errorf("%w: no such line", errLog)
		}
		return nil
	})
	if len(found) != 1 {
		k.t.Errorf("%s says %q %d times:\n%s", p.Name, text, len(found), strings.Join(found, "\n"))
	}
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
