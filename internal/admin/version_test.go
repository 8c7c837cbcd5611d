package admin

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// stubVersion is a cluster that may be raised to 0.2 by those who know its name.
type stubVersion struct{ version string }

func (s *stubVersion) ClusterVersion() string { return s.version }

func (s *stubVersion) ChangeClusterVersion(_ context.Context, name, password, version string) error {
	switch {
	case name != "de&v" || password != "p":
		return ErrForbidden
	case version != "0.2":
		return errors.New("not every member speaks that version: 0.3")
	}
	s.version = version
	return nil
}

func TestClusterVersion(t *testing.T) {
	s := &stubVersion{}
	door := NewDoor(DoorOptions{Probe: fixed(healthy), Version: s, Logger: quiet()})
	for _, c := range []struct {
		name, method, body string
		code               int
		want               string
	}{
		{"before joining", "GET", "", 503, `{"status":"fail","message":"this member has not joined a cluster"}`},
		{"read", "GET", "", 200, `{"status":"success","version":"0.1"}`},
		{"wrong name", "POST", "prod&p&0.2", 403, `{"status":"forbidden"}`},
		{"wrong password", "POST", "de%26v&&0.2", 403, `{"status":"forbidden"}`},
		{"refused", "POST", "de%26v&p&0.3", 500, `{"status":"fail","message":"not every member speaks that version: 0.3"}`},
		{"too few words", "POST", "de%26v&p", 400, `{"status":"fail","message":"the body is not clusterName\u0026password\u0026version"}`},
		{"bad encoding", "POST", "de%2&p&0.2", 400, `{"status":"fail","message":"the body is not clusterName\u0026password\u0026version"}`},
		{"raised", "POST", "de%26v&p&0.2\n", 200, `{"status":"success","version":"0.2"}`},
		{"too large", "POST", strings.Repeat("x", maxBodyBytes+1), 400, `{"status":"fail","message":"the body is not clusterName\u0026password\u0026version"}`},
		{"method", "PUT", "", 405, ""},
	} {
		if c.name == "read" {
			s.version = "0.1"
		}
		got := httptest.NewRecorder()
		door.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), c.method, versionPath, strings.NewReader(c.body)))
		if got.Code != c.code || got.Body.String() != c.want {
			t.Errorf("%s: %d %s, want %d %s", c.name, got.Code, got.Body, c.code, c.want)
		}
	}
	off := NewDoor(DoorOptions{Probe: fixed(healthy), Logger: quiet()})
	got := httptest.NewRecorder()
	off.server.Handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, versionPath, http.NoBody))
	if got.Code != http.StatusNotFound {
		t.Errorf("without a source: %d", got.Code)
	}
}
