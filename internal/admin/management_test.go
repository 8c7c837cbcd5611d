package admin

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/filbertgrid/filbert/internal/metric"
)

// sourceFunc is a Source made of a function.
type sourceFunc func() Snapshot

func (f sourceFunc) Snapshot() Snapshot { return f() }

// sample is a Snapshot in which every number is different from zero.
func sample() Snapshot {
	var latency metric.Histogram
	latency.Observe(time.Microsecond)
	latency.Observe(3 * time.Millisecond)
	latency.Observe(time.Minute)
	return Snapshot{
		Cluster: ClusterStats{DataMembers: 3, LiteMembers: 1, ListVersion: 7, Version: "0.2", VersionRaisesTotal: 1, Coordinator: true, Joined: true, Safe: true},
		Partitions: PartitionStats{
			Count: 271, Owned: 91, BackedUp: 90, WithoutBackup: 2, InOneGroup: 3, LostTotal: 1, PromotionsTotal: 5,
			MigrationsActive: 1, MigrationsQueued: 4, MigrationsTotal: 180, MigrationsFailedTotal: 2,
			UnacknowledgedEffects: 6, ParkedOperations: 8, HandOvers: latency.Snapshot(), ComparisonsTotal: 9, DifferencesTotal: 1,
		},
		Clients:    ClientStats{Connections: 2, ConnectionsTotal: 20, RefusedTotal: 3, ReceivedBytesTotal: 1000, SentBytesTotal: 2000},
		Memory:     MemoryStats{Budget: 5000, Used: 4000, Resident: 4500, RefusedTotal: 23, EvictedTotal: 24},
		Operations: []OperationStats{{Name: "Map.put", ErrorsTotal: 1, Latency: latency.Snapshot()}},
		Maps: []MapStats{{
			Name: "orders", OwnedEntries: 10, BackupEntries: 11, OwnedBytes: 1200, BackupBytes: 1300, LockedEntries: 1,
			HitsTotal: 14, MissesTotal: 15, GetsTotal: 29, PutsTotal: 16, SetsTotal: 17, RemovesTotal: 18,
			EvictionsTotal: 19, ExpirationsTotal: 20, MergedTotal: 21, MergeDroppedTotal: 22,
		}},
		Protections: []ProtectionStats{{Name: "majority", Minimum: 3, Met: true}},
	}
}

// runManagement returns the address of a management listener on the loopback.
func runManagement(t *testing.T, source Source) string {
	t.Helper()
	management, err := NewManagement(ManagementOptions{Probe: fixed(healthy), Source: source, Version: "1.2.3", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- management.Serve(listener) }()
	t.Cleanup(func() {
		if err := management.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return listener.Addr().String()
}

// get returns status code and body of a page.
func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestMetricsPage(t *testing.T) {
	address := runManagement(t, sourceFunc(sample))
	code, body := get(t, address, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("GET /metrics: %d", code)
	}
	for _, line := range []string{
		`filbert_cluster_members{kind="data"} 3`,
		`filbert_cluster_members{kind="lite"} 1`,
		`filbert_member_coordinator 1`,
		`filbert_cluster_version{version="0.2"} 1`,
		`filbert_cluster_version_raises_total 1`,
		`filbert_partitions_without_backup 2`,
		`filbert_partitions_in_one_group 3`,
		`filbert_partitions_lost_total 1`,
		`filbert_migrations_active 1`,
		`filbert_unacknowledged_effects 6`,
		`filbert_parked_operations 8`,
		`filbert_client_connections 2`,
		`filbert_operation_duration_seconds_bucket{operation="Map.put",le="1e-06"} 1`,
		`filbert_operation_duration_seconds_bucket{operation="Map.put",le="0.002"} 1`,
		`filbert_operation_duration_seconds_bucket{operation="Map.put",le="0.005"} 2`,
		`filbert_operation_duration_seconds_bucket{operation="Map.put",le="10"} 2`,
		`filbert_operation_duration_seconds_bucket{operation="Map.put",le="+Inf"} 3`,
		`filbert_operation_duration_seconds_sum{operation="Map.put"} 60.003001`,
		`filbert_operation_duration_seconds_count{operation="Map.put"} 3`,
		`filbert_operation_errors_total{operation="Map.put"} 1`,
		`filbert_map_owned_entries{map="orders"} 10`,
		`filbert_split_brain_protection_met{protection="majority"} 1`,
		`filbert_split_brain_protection_minimum_members{protection="majority"} 3`,
		`filbert_map_backup_bytes{map="orders"} 1300`,
		`filbert_map_hits_total{map="orders"} 14`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if !regexp.MustCompile(`\nfilbert_build_info\{go_version="go[^"]+",version="1.2.3"\} 1\n`).MatchString(body) {
		t.Error("no filbert_build_info with both labels")
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if !strings.Contains(body, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
	if strings.Contains(body, "filbert_"+"map_owned_entries 0") {
		t.Error("a map series without a map")
	}
}

func TestManagementServesHealthAndProfiles(t *testing.T) {
	address := runManagement(t, sourceFunc(sample))
	for path, want := range map[string]int{
		"/hazelcast/health/ready":              http.StatusOK,
		"/debug/pprof/":                        http.StatusOK,
		"/debug/pprof/goroutine?debug=1":       http.StatusOK,
		"/debug/pprof/profile?seconds=1":       http.StatusOK,
		"/":                                    http.StatusNotFound,
		"/filbert/debug/clients":               http.StatusNotFound,
		"/metrics/" + strings.Repeat("x", 100): http.StatusNotFound,
	} {
		if code, _ := get(t, address, path); code != want {
			t.Errorf("GET %s: %d, want %d", path, code, want)
		}
	}
}

func TestManagementShutdownWaitsForAnswers(t *testing.T) {
	management, err := NewManagement(ManagementOptions{Probe: fixed(healthy), Source: sourceFunc(sample), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := management.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := management.Serve(listener); err != nil {
		t.Errorf("Serve after Shutdown: %v, want nil", err)
	}
}

// gather returns the metrics that belong to the collector alone.
func gather(t *testing.T, source Source) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(newCollector(source, "test")); err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestMetricNamesFollowTheConventions(t *testing.T) {
	families, err := gather(t, sourceFunc(sample)).Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestEveryNumberReachesItsMetric(t *testing.T) {
	families, err := gather(t, sourceFunc(sample)).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetGauge().GetValue() == 0 && m.GetCounter().GetValue() == 0 && m.GetHistogram().GetSampleCount() == 0 {
				t.Errorf("%s is 0, though no number of the snapshot is", family.GetName())
			}
		}
	}
}

func TestMapSeriesAreBounded(t *testing.T) {
	source := sourceFunc(func() Snapshot {
		var s Snapshot
		for i := range MaxMapSeries + 10 {
			s.Maps = append(s.Maps, MapStats{Name: fmt.Sprintf("map-%04d", MaxMapSeries+9-i)})
		}
		return s
	})
	families, err := gather(t, source).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		switch family.GetName() {
		case "filbert_map_owned_entries":
			if n := len(family.GetMetric()); n != MaxMapSeries {
				t.Errorf("%d maps have series, want %d", n, MaxMapSeries)
			}
			if name := family.GetMetric()[MaxMapSeries-1].GetLabel()[0].GetValue(); name != fmt.Sprintf("map-%04d", MaxMapSeries-1) {
				t.Errorf("the last map is %s, want the first ones by name", name)
			}
		case "filbert_maps":
			if n := family.GetMetric()[0].GetGauge().GetValue(); n != MaxMapSeries+10 {
				t.Errorf("filbert_maps %v, want all", n)
			}
		}
	}
}

// TestOperationPageListsEveryMetric compares the table in docs/operation.md
// with what a scrape shows.
func TestOperationPageListsEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, served []string
	for _, match := range regexp.MustCompile("(?m)^\\| `(filbert_[a-z_]+)").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, match[1])
	}
	families, err := gather(t, sourceFunc(sample)).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		served = append(served, family.GetName())
	}
	for _, name := range served {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/operation.md does not list %s", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(served, name) {
			t.Errorf("docs/operation.md lists %s, which no scrape shows", name)
		}
	}
}
