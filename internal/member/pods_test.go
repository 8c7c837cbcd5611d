package member

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/migration"
)

// fakeAPI is a Kubernetes API that shows the ports of the loopback as pods.
type fakeAPI struct {
	mu     sync.Mutex
	status int
	shown  []uint16
	asked  int
}

func (f *fakeAPI) say(status int, shown ...uint16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.shown, f.asked = status, shown, 0
}

func (f *fakeAPI) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	var items []string
	for _, port := range f.shown {
		items = append(items, fmt.Sprintf(`{"ports":[{"port":%d}],"endpoints":[{"addresses":["127.0.0.1"],"nodeName":"n%d","zone":"z"}]}`, port, port))
	}
	w.WriteHeader(f.status)
	_, _ = fmt.Fprintf(w, `{"kind":"EndpointSliceList","items":[%s]}`, strings.Join(items, ","))
}

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// TestPodsFound starts two members whose API fails, then shows nobody, then
// both: neither founds before, and then one of them does.
func TestPodsFound(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	api := &fakeAPI{status: http.StatusInternalServerError}
	server := httptest.NewServer(api)
	defer server.Close()
	var log logBuffer
	var members []*Member
	for range 2 {
		o := options(t, "127.0.0.1")
		o.Config = podEnvironment(t, "KUBERNETES_MASTER="+server.URL, "HZ_NETWORK_PORT_PORT=0", "POD_IP=127.0.0.1",
			"HZ_PROPERTIES_HAZELCAST_LOCAL_LOCALADDRESS=127.0.0.1", "HZ_NETWORK_JOIN_KUBERNETES_KUBERNETESAPIRETRIES=0", "HZ_CLUSTERNAME="+t.Name())
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		m := begin(ctx, t, o)
		defer func() {
			m.cancel()
			<-m.Done()
		}()
		members = append(members, m)
	}
	alone := func(when string) {
		t.Helper()
		for _, m := range members {
			if m.node.Load().View().Joined {
				t.Fatalf("%s: a member has founded or joined", when)
			}
		}
	}
	until(ctx, t, "the API asked again", func() bool { return api.requests() >= 4 })
	alone("while the API fails")
	if n := log.count("fails (status 500)"); n != 2 {
		t.Errorf("the failure stands in the log %d times, for two members", n)
	}
	api.say(http.StatusOK)
	until(ctx, t, "the API asked again", func() bool { return api.requests() >= 4 })
	alone("while nobody is shown")
	api.say(http.StatusOK, members[0].ports.self.Port, members[1].ports.self.Port)
	until(ctx, t, "one cluster", func() bool {
		for _, m := range members {
			if v := m.node.Load().View(); !v.Joined || len(v.List.Members) != 2 {
				return false
			}
		}
		return true
	})
	if n := log.count("cause=founded"); n != 1 {
		t.Errorf("%d clusters were founded", n)
	}
	for _, shown := range members[0].node.Load().View().List.Members {
		want := []cluster.Attribute{{Key: migration.NodeAttribute, Value: "n" + strconv.Itoa(int(shown.Address.Port))}, {Key: migration.ZoneAttribute, Value: "z"}}
		if fmt.Sprint(shown.Attributes) != fmt.Sprint(want) {
			t.Errorf("member %v has the attributes %v", shown.Address, shown.Attributes)
		}
	}
}
