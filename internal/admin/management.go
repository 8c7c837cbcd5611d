package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many scrapes are answered at a time. One Prometheus, or a
// pair of them, asks once every few seconds; the rest gets 503.
const maxScrapes = 4

// ManagementOptions are what a management listener is made of.
type ManagementOptions struct {
	Probe   Probe          // required
	Source  Source         // required
	Cluster ClusterVersion // nil: the cluster's version is 404
	Version string         // build of this member, a label of filbert_build_info
	Logger  *slog.Logger   // required
}

// Management is the management listener: /metrics, /debug/pprof and the health
// family. It is meant for operators: whoever reaches its address may profile
// the process.
type Management struct {
	server *http.Server
}

// NewManagement returns a management listener. It serves once Serve is called.
func NewManagement(opts ManagementOptions) (*Management, error) {
	registry := prometheus.NewRegistry()
	for _, collector := range []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(opts.Source, opts.Version),
	} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	logger := opts.Logger
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError, // half the metrics are better than none
		MaxRequestsInFlight: maxScrapes,
	}))
	health := healthHandler{probe: opts.Probe}
	mux.Handle(healthPath, health)
	mux.Handle(healthPath+"/", health)
	if opts.Cluster != nil {
		mux.Handle(versionPath, versionHandler{cluster: opts.Cluster})
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &Management{server: newServer(mux, profileTimeout, logger)}, nil
}

// Serve answers on listener until Close or Shutdown, which close it. It blocks,
// and is called once.
func (m *Management) Serve(listener net.Listener) error {
	if err := m.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("management listener: %w", err)
	}
	return nil
}

// Shutdown closes the listener and waits, bounded by ctx, for the answers under
// way.
func (m *Management) Shutdown(ctx context.Context) error {
	if err := m.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("closing the management listener: %w", err)
	}
	return nil
}

// Close closes the listener and its connections.
func (m *Management) Close() error { return m.server.Close() }
