package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// NodeState is the state of this member, by the names of Hazelcast's NodeState.
type NodeState string

// The states that a member goes through, in this order.
const (
	NodeStarting NodeState = "STARTING"  // listening, and looking for a cluster
	NodeActive   NodeState = "ACTIVE"    // joined
	NodePassive  NodeState = "PASSIVE"   // handing its partitions over before it leaves
	NodeShutDown NodeState = "SHUT_DOWN" // left; clients are refused
)

// ClusterState is the state of the cluster, by the names of Hazelcast's
// ClusterState.
type ClusterState string

// ClusterActive is the state in which everything is allowed.
const ClusterActive ClusterState = "ACTIVE"

// Health is what a member says of itself and of its cluster.
type Health struct {
	NodeState    NodeState    `json:"nodeState"`
	ClusterState ClusterState `json:"clusterState"`
	// ClusterSafe says that every partition this member knows of has all the
	// copies that the cluster has room for, and that none is moving.
	ClusterSafe bool `json:"clusterSafe"`
	// MigrationQueueSize is the number of moves planned and not done.
	MigrationQueueSize int `json:"migrationQueueSize"`
	// ClusterSize is the number of members, data and lite.
	ClusterSize int `json:"clusterSize"`
}

// A Probe says how a member is. Health is called once for each request, from
// many goroutines, and must not wait for the grid.
type Probe interface {
	Health() Health
}

const healthPath = "/hazelcast/health"

// healthHandler answers the health family.
type healthHandler struct{ probe Probe }

// ServeHTTP implements http.Handler for healthPath and what lies below it.
func (h healthHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		status(w, http.StatusMethodNotAllowed)
		return
	}
	health := h.probe.Health()
	switch strings.TrimPrefix(r.URL.Path, healthPath) {
	case "", "/":
		if r.Method == http.MethodHead {
			headerFields(w.Header(), &health)
		}
		writeJSON(w, health)
	case "/node-state":
		if health.NodeState == NodeShutDown {
			status(w, http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, health.NodeState)
	case "/cluster-state":
		writeJSON(w, health.ClusterState)
	case "/cluster-safe":
		okIf(w, health.ClusterSafe)
	case "/migration-queue-size":
		writeJSON(w, health.MigrationQueueSize)
	case "/cluster-size":
		writeJSON(w, health.ClusterSize)
	case "/ready":
		okIf(w, health.NodeState == NodeActive)
	default:
		status(w, http.StatusBadRequest) // as Hazelcast does below this path
	}
}

// headerFields puts the state into the header, where Hazelcast puts it for HEAD
// requests.
func headerFields(header http.Header, health *Health) {
	// Assigned, not Set: these names go out as Hazelcast spells them.
	header["NodeState"] = []string{string(health.NodeState)}
	header["ClusterState"] = []string{string(health.ClusterState)}
	header["MigrationQueueSize"] = []string{strconv.Itoa(health.MigrationQueueSize)}
	header["ClusterSize"] = []string{strconv.Itoa(health.ClusterSize)}
}

// okIf answers 200 or 503, both without a body.
func okIf(w http.ResponseWriter, ok bool) {
	if ok {
		status(w, http.StatusOK)
		return
	}
	status(w, http.StatusServiceUnavailable)
}

// status answers with a status code and no body.
func status(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(code)
}

// writeJSON answers 200 with value as JSON.
func writeJSON(w http.ResponseWriter, value any) { writeJSONStatus(w, http.StatusOK, value) }

// writeJSONStatus answers with a status code and value as JSON.
func writeJSONStatus(w http.ResponseWriter, code int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status(w, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	// A caller that is gone does not read an error either.
	_, _ = w.Write(body)
}
