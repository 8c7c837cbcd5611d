package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
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
	// forgotten calls were not answered at all.
	forgotten int
}

// underWay is one call.
type underWay struct {
	what    string
	in, key string
	began   time.Time
	noted   bool
}

func newWatch() *watch { return &watch{calls: map[*underWay]struct{}{}} }

// begin notes a call; the function that it returns notes its end.
func (w *watch) begin(client int, kind, in, key string) (end func(error)) {
	c := &underWay{what: fmt.Sprintf("client %d, %s of %s", client, kind, key), in: in, key: key, began: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[c] = struct{}{}
	return func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.calls, c)
		if errors.Is(err, context.DeadlineExceeded) {
			w.forgotten++
		}
		if took := time.Since(c.began); took > slow {
			w.slow = append(w.slow, fmt.Sprintf("%s %s: %v after %v", c.began.Format(clockLayout), c.what, err, took))
		}
	}
}

// run looks for slow calls until the context ends. The members' part in one is
// told by asking for its key: a member that answers that does not hold the call.
// Some versions of the Go client forget a call that meets a connection at the
// moment of its end, and then wait for an answer until the caller's time is over.
func (w *watch) run(ctx context.Context, t *testing.T, checker *hazelcast.Client) {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, c := range w.found() {
			file := filepath.Join(outputFolder(t), "slow-"+c.began.Format("150405.000")+".txt")
			text := c.began.Format(clockLayout) + " " + c.what + "\n" + metrics(ctx) + ownGoroutines()
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Error(err)
			}
			if err := answers(ctx, checker, c); err != nil && ctx.Err() == nil {
				t.Errorf("no answer since %s: %s, nor to another call for its key: %v, see %s", c.began.Format(clockLayout), c.what, err, file)
			}
		}
	}
}

// answers asks for the key of a call through another client, again where that one has lost its connection.
func answers(ctx context.Context, checker *hazelcast.Client, c *underWay) (err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if !awaitIn(ctx, callTimeout, func() bool {
		var m *hazelcast.Map
		if m, err = checker.GetMap(ctx, c.in); err == nil {
			_, err = m.Get(ctx, c.key)
		}
		return err == nil
	}) {
		return err
	}
	return nil
}

func (w *watch) found() (out []*underWay) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.calls {
		if !c.noted && time.Since(c.began) > slow {
			c.noted = true
			out = append(out, c)
		}
	}
	return out
}

// ownGoroutines are those of this process, which the clients are part of: one of them may wait for itself.
func ownGoroutines() string {
	var b strings.Builder
	b.WriteString("\n=== clients\n")
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a strings.Builder takes everything
	return b.String()
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
