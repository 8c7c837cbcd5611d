package admin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// probeFunc is a Probe made of a function.
type probeFunc func() Health

func (f probeFunc) Health() Health { return f() }

// fixed is a Probe that always says the same.
func fixed(health Health) Probe { return probeFunc(func() Health { return health }) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

var (
	healthy  = Health{NodeState: NodeActive, ClusterState: ClusterActive, ClusterSafe: true, ClusterSize: 3}
	starting = Health{NodeState: NodeStarting, ClusterState: ClusterActive}
	leaving  = Health{NodeState: NodePassive, ClusterState: ClusterActive, MigrationQueueSize: 271, ClusterSize: 2}
	gone     = Health{NodeState: NodeShutDown, ClusterState: ClusterActive, ClusterSize: 1}
)

func TestHealthFamily(t *testing.T) {
	tests := []struct {
		name   string
		health Health
		path   string
		code   int
		body   string
	}{
		{"whole", healthy, "/hazelcast/health", 200, `{"nodeState":"ACTIVE","clusterState":"ACTIVE","clusterSafe":true,"migrationQueueSize":0,"clusterSize":3}`},
		{"whole, trailing slash", leaving, "/hazelcast/health/", 200, `{"nodeState":"PASSIVE","clusterState":"ACTIVE","clusterSafe":false,"migrationQueueSize":271,"clusterSize":2}`},
		{"state while starting", starting, "/hazelcast/health/node-state", 200, `"STARTING"`},
		{"state while serving", healthy, "/hazelcast/health/node-state", 200, `"ACTIVE"`},
		{"state after the end", gone, "/hazelcast/health/node-state", 503, ``},
		{"cluster state", healthy, "/hazelcast/health/cluster-state", 200, `"ACTIVE"`},
		{"safe", healthy, "/hazelcast/health/cluster-safe", 200, ``},
		{"not safe", leaving, "/hazelcast/health/cluster-safe", 503, ``},
		{"queue", leaving, "/hazelcast/health/migration-queue-size", 200, `271`},
		{"size", healthy, "/hazelcast/health/cluster-size", 200, `3`},
		{"ready once joined", healthy, "/hazelcast/health/ready", 200, ``},
		{"not ready before", starting, "/hazelcast/health/ready", 503, ``},
		{"not ready while leaving", leaving, "/hazelcast/health/ready", 503, ``},
		{"query is ignored", healthy, "/hazelcast/health/ready?full=1", 200, ``},
		{"unknown below health", healthy, "/hazelcast/health/nonsense", 400, ``},
		{"health only as a prefix", healthy, "/hazelcast/healthy", 404, "404 page not found\n"},
		{"elsewhere", healthy, "/", 404, "404 page not found\n"},
		{"clients are off", healthy, "/filbert/debug/clients", 404, "404 page not found\n"},
		{"metrics are not on this port", healthy, "/metrics", 404, "404 page not found\n"},
		{"nor profiles", healthy, "/debug/pprof/", 404, "404 page not found\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			door := NewDoor(DoorOptions{Probe: fixed(tt.health), Logger: quiet()})
			got := httptest.NewRecorder()
			door.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, http.NoBody))
			if got.Code != tt.code || got.Body.String() != tt.body {
				t.Errorf("GET %s: %d %q, want %d %q", tt.path, got.Code, got.Body, tt.code, tt.body)
			}
		})
	}
}

func TestHealthHeadPutsTheStateIntoTheHeader(t *testing.T) {
	door := NewDoor(DoorOptions{Probe: fixed(leaving), Logger: quiet()})
	got := httptest.NewRecorder()
	door.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/hazelcast/health", http.NoBody))
	for name, want := range map[string]string{
		"NodeState": "PASSIVE", "ClusterState": "ACTIVE", "MigrationQueueSize": "271", "ClusterSize": "2",
	} {
		if values := got.Header()[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
}

func TestHealthRefusesWrites(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		door := NewDoor(DoorOptions{Probe: fixed(healthy), Logger: quiet()})
		got := httptest.NewRecorder()
		door.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), method, "/hazelcast/health/ready", http.NoBody))
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q; want 405 and GET, HEAD", method, got.Code, got.Header().Get("Allow"))
		}
	}
}

// clientList is a ClientSource that always says the same.
type clientList []Client

func (l clientList) Clients() []Client { return l }

func TestDebugClients(t *testing.T) {
	tests := []struct {
		name    string
		clients []Client
		want    string
	}{
		{"none", nil, `[]`},
		{
			"one",
			[]Client{{UUID: "u-1", Name: "x", Type: "PYH", Attributes: "a=1", Metrics: []byte{1, 2, 255}}},
			`[{"uuid":"u-1","name":"x","type":"PYH","labels":[],"attributes":"a=1","metrics":"AQL/"}]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			door := NewDoor(DoorOptions{Probe: fixed(healthy), Clients: clientList(tt.clients), Logger: quiet()})
			got := httptest.NewRecorder()
			door.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, clientsPath, http.NoBody))
			if got.Code != http.StatusOK || got.Body.String() != tt.want {
				t.Errorf("%d %s, want 200 %s", got.Code, got.Body, tt.want)
			}
		})
	}
}
