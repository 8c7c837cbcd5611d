package bench

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert"
)

// firstSample is closed when a progress line tells of a sample.
type firstSample chan struct{}

func (f firstSample) Write(line []byte) (int, error) {
	select {
	case <-f:
	default:
		if bytes.Contains(line, []byte("/s, mean")) {
			close(f)
		}
	}
	return len(line), nil
}

// startMember runs a real member until the test ends. A second one joins the first.
func startMember(t *testing.T, port string) *filbert.Member {
	t.Helper()
	m, err := filbert.Start(context.Background(), filbert.Options{
		ConfigFile: "bench.yaml", Logger: slog.New(slog.DiscardHandler),
		Config: []byte("hazelcast:\n  cluster-name: bench\n  network:\n    port:\n      port: " + port + "\n      port-count: 20\n" +
			"    join:\n      auto-detection:\n        enabled: false\n      tcp-ip:\n        enabled: true\n        member-list: [127.0.0.1:" + port + "]\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := m.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-m.Done()
	})
	return m
}

// awaitPartitions waits until a member owns its part of the partitions.
func awaitPartitions(t *testing.T, o *Options, address string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		cluster, err := o.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		place, owned := slices.Index(cluster.members, address), 0
		for _, owner := range cluster.table.load() {
			if owner == int32(place) {
				owned++
			}
		}
		cluster.close()
		if place >= 0 && owned >= 271/len(cluster.members)-1 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s owns %d partitions", address, owned)
		}
	}
}

// Every workload, against real members, as a smart client and as one that is not.
func TestMembers(t *testing.T) {
	const port = "15731"
	one := startMember(t, port)
	two := startMember(t, port)
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); one.Members() != 2 || two.Members() != 2; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the members did not find one another")
		}
	}
	for _, workload := range []string{Get, Set, Mixed, PutAll, GetAll, Lock} {
		for name, smart := range map[string]bool{"smart": true, "unisocket": false} {
			t.Run(workload+"/"+name, func(t *testing.T) {
				o := options(Client, one.Address(), workload)
				o.ClusterName, o.Smart, o.Distribution = "bench", smart, Zipf
				o.Warmup, o.Duration = 20*time.Millisecond, 200*time.Millisecond
				r, err := Run(t.Context(), o, nil)
				check(t, r, err)
				if smart != (len(r.Members) == 2) {
					t.Errorf("members %v", r.Members)
				}
			})
		}
	}
	t.Run("one of them", func(t *testing.T) {
		o := options(Client, two.Address(), Mixed)
		o.ClusterName, o.Only = "bench", true
		r, err := Run(t.Context(), o, nil)
		check(t, r, err)
		if len(r.Members) != 1 || r.Members[0] != two.Address() {
			t.Errorf("members %v, want %s", r.Members, two.Address())
		}
	})
	t.Run("many maps", func(t *testing.T) {
		o := options(Client, one.Address(), Get)
		o.ClusterName, o.Map, o.Maps = "bench", "one of many ", 37
		r, err := Run(t.Context(), o, nil)
		check(t, r, err)
		o.Maps, o.Map, o.Fill = 1, "one of many 36", false // it has a 37th of the keys
		if r, err = Run(t.Context(), o, nil); err != nil {
			t.Fatal(err)
		}
		if part := 1 - float64(r.Misses)/float64(r.Operations); part < 0.5/37 || part > 2.0/37 {
			t.Errorf("the last map has %.3f of the keys", part)
		}
	})
	t.Run("filled and nothing more", func(t *testing.T) {
		o := options(Client, one.Address(), Get)
		o.ClusterName, o.Duration = "bench", 0
		r, err := Run(t.Context(), o, nil)
		if err != nil || r.FillSeconds == 0 || r.Operations != 0 {
			t.Fatalf("%v: %+v", err, r)
		}
		var out bytes.Buffer
		if err := r.WriteText(&out); err != nil || !strings.Contains(out.String(), "all written in") || strings.Contains(out.String(), "operations") {
			t.Errorf("%v: %s", err, out.String())
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		o := options(Client, two.Address(), Get)
		o.ClusterName, o.Map, o.Fill = "bench", "empty", false
		r, err := Run(t.Context(), o, nil)
		if err != nil || r.Misses == 0 || r.Misses != r.Operations {
			t.Errorf("%v: %+v", err, r)
		}
	})
	t.Run("values of another size", func(t *testing.T) {
		o := options(Client, one.Address(), Get)
		o.ClusterName, o.Fill, o.ValueSize = "bench", false, 99
		r, err := Run(t.Context(), o, nil)
		if err != nil || r.Failures[wrongValue] == 0 || r.Failures[wrongValue] != r.Failed {
			t.Errorf("%v: failures %v", err, r.Failures)
		}
	})
	t.Run("one more joins", func(t *testing.T) {
		o := options(Client, one.Address(), Mixed)
		o.ClusterName, o.Duration = "bench", time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		type outcome struct {
			r   *Result
			err error
		}
		ended := make(chan outcome, 1)
		measured := make(firstSample)
		go func() {
			r, err := Run(ctx, o, measured)
			ended <- outcome{r, err}
		}()
		select { // a run that is cut off before it measures has no result
		case <-measured:
		case end := <-ended:
			t.Fatalf("ended: %v", end.err)
		}
		three := startMember(t, port)
		awaitPartitions(t, &o, three.Address())
		cancel()
		end := <-ended
		check(t, end.r, end.err)
		if end.r.TableChanges == 0 || len(end.r.Members) != 2 {
			t.Errorf("the table changed %d times, members %v", end.r.TableChanges, end.r.Members)
		}
	})
	t.Run("another cluster", func(t *testing.T) {
		o := options(Client, one.Address(), Get)
		if _, err := Run(t.Context(), o, nil); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), `"dev"`) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("Redis's protocol", func(t *testing.T) {
		o := options(RESP, one.Address(), Get)
		o.Timeout = 2 * time.Second
		if _, err := Run(t.Context(), o, nil); !errors.Is(err, errFill) {
			t.Errorf("error %v", err)
		}
	})
}

// result runs a short load, for those who look at results.
func result(t *testing.T, workload string) *Result {
	t.Helper()
	o := options(EchoOnly, startEcho(t), workload)
	o.PIDs = []int{os.Getpid() /* the echo's, too */, os.Getppid()}
	r, err := Run(t.Context(), o, nil)
	check(t, r, err)
	return r
}

func TestReport(t *testing.T) {
	r := result(t, Mixed)
	r.Repeats, r.TableChanges, r.Misses, r.Failed, r.Failures = 3, 2, 1, 5, map[string]int64{"some": 1, "more": 4}
	r.Options.Rate, r.Late = 2*r.Throughput, 7
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"mixed (80% get)", "1 k keys of 16 bytes", "p99.99", " set  ", " all  ", "of CPU an operation", "the schedule was not kept: 7 requests", "50.0% of the rate",
		"1 keys that were read are not there", "3 times an operation was refused", "changed 2 times", "5 failed:\n  4 × more\n  1 × some\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestPlot(t *testing.T) {
	r := result(t, Get)
	var svg, image bytes.Buffer
	if err := errors.Join(r.WritePlot(&svg, "svg"), r.WritePlot(&image, "png")); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"latency by percentile", "throughput over time", ">99%<", "echo get, 1 k keys"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %q in the SVG", want)
		}
	}
	if got, err := png.DecodeConfig(&image); err != nil || got.Width != plotWidth || got.Height != 2*plotHeight {
		t.Errorf("PNG of %d × %d, %v", got.Width, got.Height, err)
	}
	if _, err := PlotFormat("x.gif"); !errors.Is(err, ErrPlot) {
		t.Errorf("x.gif: %v", err)
	}
	if err := (&Result{}).WritePlot(io.Discard, "svg"); err == nil {
		t.Error("nothing was drawn")
	}
}

func TestCompare(t *testing.T) {
	a := result(t, Mixed)
	file := filepath.Join(t.TempDir(), "a.json")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.WriteJSON(out), out.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := Differences(a, b); len(d) > 0 {
		t.Errorf("what was written and read differs: %v", d)
	}
	for _, r := range Ratios(a, b) {
		if r.A != r.B || r.A != 0 && r.Of() != 1 {
			t.Errorf("%s: %g and %g", r.Name, r.A, r.B)
		}
	}
	b.Throughput, b.Latency.P99, b.Options.ValueSize, b.Options.Protocol = 3*a.Throughput, a.Latency.P99/2, 7, RESP
	var text bytes.Buffer
	if err := Compare(&text, "a", a, "b", b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3.000", "  value_size: 100 and 7\n", "get p99.9", "B: b: resp"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "protocol:") {
		t.Error("the protocol is what is compared, and no difference of the runs")
	}
}

func TestFilesThatAreNoResults(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "text": "hello", "list": "[]", "old": `{"format": 0}`, "new": `{"format": 2}`} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(file); !errors.Is(err, ErrResult) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestProcesses(t *testing.T) {
	u, name, err := usageOf(os.Getpid())
	if err != nil || name == "" || u.resident < 1<<20 {
		t.Errorf("%+v, %q, %v", u, name, err)
	}
	o := options(EchoOnly, "127.0.0.1:1", Get)
	o.PIDs = []int{1 << 30}
	if _, err := Run(t.Context(), o, nil); !errors.Is(err, ErrProcess) {
		t.Errorf("no such process: %v", err)
	}
	stat := "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 9 0 100 5000 3 18446744073709551615"
	if u, name, ok := parseStat([]byte(stat)); !ok || name != "a ) b" || u.user != 1.5 || u.system != 0.5 || u.resident != 3*int64(os.Getpagesize()) {
		t.Errorf("%+v, %q, %v", u, name, ok)
	}
	for _, bad := range []string{"", "42 (x", "42 (x) S 1 2", strings.Replace(stat, "150", "x", 1)} {
		if _, _, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1 k", 123456: "123 k", 999_600: "1 M", 2.5e9: "2.5 G"} {
		if got := count(n); got != want {
			t.Errorf("count(%g) = %q, want %q", n, got, want)
		}
	}
	for ns, want := range map[int64]string{0: "0s", 999: "999ns", 12_345: "12.35µs", 1_234_567: "1.23ms", 61e9: "1m1s"} {
		if got := duration(ns); got != want {
			t.Errorf("duration(%d) = %q, want %q", ns, got, want)
		}
	}
}
