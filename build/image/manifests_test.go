package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const manifests = product + "/deploy/kubernetes"

// TestTutorial puts the tutorial's image back into its two files and compares
// them with the tutorial's own, byte for byte.
func TestTutorial(t *testing.T) {
	tests := []struct{ file, sum string }{
		{"hazelcast-controller.yaml", "851f8df94cff328db4e730aeeef79c82cf6518d6007dca84b46daa4c53d2f44c"},
		{"hazelcast-service.yaml", "2125ad984a0dcedfdf60e670cf815ba9a737d2d771f08cd61b01267b5e48783f"},
	}
	ours := regexp.MustCompile(`(?m)^( *image: )filbert:[0-9.]+$`)
	for _, tt := range tests {
		text := read(t, filepath.Join(manifests, tt.file))
		theirs := ours.ReplaceAll(text, []byte("${1}quay.io/pires/hazelcast-kubernetes:0.5"))
		if sum := sha256.Sum256(theirs); hex.EncodeToString(sum[:]) != tt.sum {
			t.Errorf("%s is not the tutorial's with another image:\n%s", tt.file, text)
		}
	}
}

// TestOneImage wants all manifests to name the same image, one that this
// command makes.
func TestOneImage(t *testing.T) {
	named := map[string][]string{}
	image := regexp.MustCompile(`(?m)^ *-? *image: *(\S+)`)
	for file, text := range manifestTexts(t) {
		for _, match := range image.FindAllSubmatch(text, -1) {
			named[string(match[1])] = append(named[string(match[1])], file)
		}
	}
	if len(named) != 1 {
		t.Errorf("images %v, want one", named)
	}
	for asked := range named {
		if ref, err := imageName(asked, ""); err != nil || ref.RepositoryStr() != "library/"+repository {
			t.Errorf("image %q: %v", asked, err)
		}
	}
}

// object is what the tests read of an object of Kubernetes.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	RoleRef  struct{ Kind, Name string } `yaml:"roleRef"`
	Subjects []struct{ Kind, Name, Namespace string }
	Spec     struct {
		ClusterIP                string         `yaml:"clusterIP"`
		PublishNotReadyAddresses bool           `yaml:"publishNotReadyAddresses"`
		ServiceName              string         `yaml:"serviceName"`
		PodManagementPolicy      string         `yaml:"podManagementPolicy"`
		MinReadySeconds          int            `yaml:"minReadySeconds"`
		MaxUnavailable           int            `yaml:"maxUnavailable"`
		Selector                 map[string]any `yaml:"selector"`
		Template                 struct{ Spec podSpec }
	}
}

type podSpec struct {
	ServiceAccountName            string `yaml:"serviceAccountName"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	Containers                    []struct {
		Env            []struct{ Name, Value string }
		StartupProbe   *probe `yaml:"startupProbe"`
		ReadinessProbe *probe `yaml:"readinessProbe"`
		LivenessProbe  *probe `yaml:"livenessProbe"`
		Lifecycle      struct {
			PreStop struct {
				Sleep struct{ Seconds int }
			} `yaml:"preStop"`
		}
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// TestStatefulSet checks what the StatefulSet promises beyond what the API
// server checks.
func TestStatefulSet(t *testing.T) {
	objects := map[string]object{}
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, manifests+"/statefulset/filbert.yaml")))
	for {
		var o object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		objects[o.Kind+"/"+o.Metadata.Name] = o
	}
	set := objects["StatefulSet/filbert"].Spec
	pod := set.Template.Spec
	if len(pod.Containers) != 1 || set.PodManagementPolicy != "Parallel" {
		t.Fatalf("StatefulSet %+v, want one container, Parallel", set)
	}
	container := pod.Containers[0]
	env := map[string]string{}
	for _, e := range container.Env {
		env[e.Name] = e.Value
	}

	members := objects["Service/"+env["HZ_NETWORK_JOIN_KUBERNETES_SERVICENAME"]]
	if members.Metadata.Name != set.ServiceName || members.Spec.ClusterIP != "None" || !members.Spec.PublishNotReadyAddresses {
		t.Errorf("members look at %+v, want a headless Service with publishNotReadyAddresses", members)
	}
	clients := objects["Service/filbert"]
	if clients.Spec.PublishNotReadyAddresses || clients.Spec.ClusterIP == "None" {
		t.Errorf("clients connect to %+v, want ready members behind one address", clients)
	}
	binding := objects["RoleBinding/filbert"]
	if _, ok := objects["Role/"+binding.RoleRef.Name]; !ok || binding.Subjects[0].Name != pod.ServiceAccountName {
		t.Errorf("binding %+v gives %s nothing", binding, pod.ServiceAccountName)
	}
	if objects["PodDisruptionBudget/filbert"].Spec.MaxUnavailable != 1 {
		t.Error("more than one member may be evicted at a time")
	}

	if container.StartupProbe == nil || container.StartupProbe.HTTPGet.Path != "/hazelcast/health/node-state" ||
		container.ReadinessProbe == nil || container.ReadinessProbe.HTTPGet.Path != "/hazelcast/health/ready" || container.LivenessProbe != nil {
		t.Errorf("probes %+v", container)
	}
	wait, err := strconv.Atoi(env["HZ_PROPERTIES_HAZELCAST_GRACEFUL_SHUTDOWN_MAX_WAIT"])
	needed := time.Duration(wait+container.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	grace := time.Duration(pod.TerminationGracePeriodSeconds) * time.Second
	if err != nil || wait <= 0 || grace < needed+5*time.Second || grace > 600*time.Second {
		t.Errorf("grace period %v for %v of leaving (%v), want at least 5 s more, at most 600 s", grace, needed, err)
	}
}

// manifestTexts returns all manifests by their path.
func manifestTexts(t *testing.T) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{}
	if err := filepath.WalkDir(manifests, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(entry.Name(), ".yaml") {
			texts[file] = read(t, file)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(texts) < 6 {
		t.Fatalf("found %d manifests", len(texts))
	}
	return texts
}
