package chaos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// slow is longer than any recovery leaves a call without an answer: such a
	// call is looked into while it is under way.
	slow = 5 * silence / 2
	// managementPort is where members show their metrics.
	managementPort = 9090
)

// watch knows the calls that are under way.
type watch struct {
	mu    sync.Mutex
	calls map[*underWay]struct{}
	slow  []string // for people
}

// underWay is one call.
type underWay struct {
	what  string
	began time.Time
	noted bool
}

func newWatch() *watch { return &watch{calls: map[*underWay]struct{}{}} }

// begin notes a call; the function that it returns notes its end.
func (w *watch) begin(client int, kind, key string) (end func(error)) {
	c := &underWay{what: fmt.Sprintf("client %d, %s of %s", client, kind, key), began: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[c] = struct{}{}
	return func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.calls, c)
		if took := time.Since(c.began); took > slow {
			w.slow = append(w.slow, fmt.Sprintf("%s %s: %v after %v", c.began.Format(clockLayout), c.what, err, took))
		}
	}
}

// run looks for slow calls until the context ends, and keeps the metrics of all
// members at the time when it finds one.
func (w *watch) run(ctx context.Context, t *testing.T) {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if found := w.found(); len(found) > 0 {
			file := filepath.Join(outputFolder(t), "slow-"+time.Now().Format("150405")+".txt")
			text := strings.Join(found, "\n") + "\n" + metrics(ctx)
			t.Logf("slow: %s: %v, see %s", strings.Join(found, "; "), os.WriteFile(file, []byte(text), 0o644), file)
		}
	}
}

func (w *watch) found() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.calls {
		if !c.noted && time.Since(c.began) > slow {
			c.noted = true
			out = append(out, c.began.Format(clockLayout)+" "+c.what)
		}
	}
	return out
}

// metrics are what all members say of themselves.
func metrics(ctx context.Context) string {
	var b strings.Builder
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range size {
		for _, path := range []string{"metrics", "debug/pprof/goroutine?debug=1"} {
			fmt.Fprintf(&b, "\n=== %s %s\n", memberIP(i), path)
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/%s", memberIP(i), managementPort, path), nil)
			if err != nil {
				continue
			}
			res, err := client.Do(req)
			if err != nil {
				fmt.Fprintln(&b, err)
				continue
			}
			_, _ = io.Copy(&b, io.LimitReader(res.Body, 1<<20))
			_ = res.Body.Close()
		}
	}
	return b.String()
}
