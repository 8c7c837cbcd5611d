package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// versionPath is where Hazelcast's REST interface reads (GET) and raises (POST) the version of the cluster.
const versionPath = "/hazelcast/rest/management/cluster/version"

// raiseTimeout bounds a raise, which every member must have installed: less than answerTimeout.
const raiseTimeout = answerTimeout - time.Second

// Errors of ClusterVersion.
var (
	// ErrForbidden is returned by ChangeClusterVersion for a wrong cluster name, user or password.
	ErrForbidden = errors.New("wrong cluster name, user or password")
	// ErrNotJoined is the answer of a member that has no cluster yet.
	ErrNotJoined = errors.New("this member has not joined a cluster")
)

// ClusterVersion is the version of the cluster. Its methods are called from many goroutines.
type ClusterVersion interface {
	// ClusterVersion is major.minor, "" before the member has joined.
	ClusterVersion() string
	// ChangeClusterVersion raises it and returns when every member has installed that. Name is that of the cluster or,
	// where clients must have one, of a user, with its password.
	ChangeClusterVersion(ctx context.Context, name, password, version string) error
}

// versionHandler answers versionPath, in Hazelcast's words.
type versionHandler struct{ cluster ClusterVersion }

// versionAnswer is the body of all answers.
type versionAnswer struct {
	Status  string `json:"status"` // success, fail, forbidden
	Version string `json:"version,omitempty"`
	Message string `json:"message,omitempty"`
}

// ServeHTTP implements http.Handler.
func (h versionHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		if v := h.cluster.ClusterVersion(); v != "" {
			writeJSON(w, versionAnswer{Status: "success", Version: v})
			return
		}
		writeJSONStatus(w, http.StatusServiceUnavailable, versionAnswer{Status: "fail", Message: ErrNotJoined.Error()})
	case http.MethodPost:
		h.change(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		status(w, http.StatusMethodNotAllowed)
	}
}

// change takes clusterName&password&version, each of them URL-encoded.
func (h versionHandler) change(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // bounded by maxBodyBytes
	words := strings.Split(strings.TrimSpace(string(body)), "&")
	for i := range words {
		var bad error
		words[i], bad = url.QueryUnescape(words[i])
		err = errors.Join(err, bad)
	}
	if err != nil || len(words) != 3 {
		writeJSONStatus(w, http.StatusBadRequest, versionAnswer{Status: "fail", Message: "the body is not clusterName&password&version"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), raiseTimeout)
	defer cancel()
	switch err := h.cluster.ChangeClusterVersion(ctx, words[0], words[1], words[2]); {
	case err == nil:
		writeJSON(w, versionAnswer{Status: "success", Version: h.cluster.ClusterVersion()})
	case errors.Is(err, ErrForbidden):
		writeJSONStatus(w, http.StatusForbidden, versionAnswer{Status: "forbidden"})
	default:
		writeJSONStatus(w, http.StatusInternalServerError, versionAnswer{Status: "fail", Message: err.Error()})
	}
}
