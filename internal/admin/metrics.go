package admin

import (
	"cmp"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filbertgrid/filbert/internal/metric"
)

// MaxMapSeries is how many maps get series of their own: the first by name. A
// client that creates maps without end must not take the monitoring with it;
// filbert_maps tells how many there are.
const MaxMapSeries = 500

// A series is one number of a T under a name, with at most one label.
type series[T any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*T) float64
}

// collector turns one Snapshot into metrics.
type collector struct {
	source Source

	member []series[Snapshot] // without a label
	perMap []series[MapStats] // label map
	// perProtection has the label protection.
	perProtection []series[ProtectionStats]

	build     prometheus.Metric // constant
	latency   *prometheus.Desc
	handOvers *prometheus.Desc
	errors    *prometheus.Desc
	members   *prometheus.Desc
	version   *prometheus.Desc
}

func newCollector(source Source, version string) *collector {
	build := prometheus.NewDesc("filbert_build_info", "Always 1; the labels say which build this member is.",
		[]string{"version", "go_version"}, nil)
	return &collector{
		source: source,
		member: slices.Concat(clusterSeries(), partitionSeries(), memorySeries(), clientSeries()),
		perMap: mapSeries(), perProtection: protectionSeries(),
		build: prometheus.MustNewConstMetric(build, prometheus.GaugeValue, 1, version, runtime.Version()),
		latency: prometheus.NewDesc("filbert_operation_duration_seconds",
			"Time from a decoded request to its released answer.", []string{"operation"}, nil),
		handOvers: prometheus.NewDesc("filbert_handover_pause_seconds",
			"How long requests to a partition stood still when this member handed it over.", nil, nil),
		errors: prometheus.NewDesc("filbert_operation_errors_total",
			"Requests answered with an error.", []string{"operation"}, nil),
		members: prometheus.NewDesc("filbert_cluster_members",
			"Members in this member's list.", []string{"kind"}, nil),
		version: prometheus.NewDesc("filbert_cluster_version", "1 for the version of the cluster.", []string{"version"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, s := range c.member {
		descs <- s.desc
	}
	for _, s := range c.perMap {
		descs <- s.desc
	}
	for _, s := range c.perProtection {
		descs <- s.desc
	}
	for _, desc := range []*prometheus.Desc{c.build.Desc(), c.latency, c.handOvers, c.errors, c.members, c.version} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(metrics chan<- prometheus.Metric) {
	snapshot := c.source.Snapshot()
	metrics <- c.build
	for _, s := range c.member {
		metrics <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&snapshot))
	}
	for kind, count := range [...]int{snapshot.Cluster.DataMembers, snapshot.Cluster.LiteMembers} {
		metrics <- prometheus.MustNewConstMetric(c.members, prometheus.GaugeValue, float64(count), [...]string{"data", "lite"}[kind])
	}
	if snapshot.Cluster.Version != "" {
		metrics <- prometheus.MustNewConstMetric(c.version, prometheus.GaugeValue, 1, snapshot.Cluster.Version)
	}
	metrics <- histogram(c.handOvers, &snapshot.Partitions.HandOvers)
	for i := range snapshot.Operations {
		operation := &snapshot.Operations[i]
		metrics <- histogram(c.latency, &operation.Latency, operation.Name)
		metrics <- prometheus.MustNewConstMetric(c.errors, prometheus.CounterValue, float64(operation.ErrorsTotal), operation.Name)
	}
	for i := range snapshot.Protections {
		for _, s := range c.perProtection {
			metrics <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&snapshot.Protections[i]), snapshot.Protections[i].Name)
		}
	}
	maps := snapshot.Maps
	if len(maps) > MaxMapSeries {
		slices.SortFunc(maps, func(a, b MapStats) int { return cmp.Compare(a.Name, b.Name) })
		maps = maps[:MaxMapSeries]
	}
	for i := range maps {
		for _, s := range c.perMap {
			metrics <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&maps[i]), maps[i].Name)
		}
	}
}

// histogram returns durations in cumulative buckets, as Prometheus wants them.
func histogram(desc *prometheus.Desc, observed *metric.HistogramSnapshot, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, metric.BoundCount)
	var cumulative uint64
	for i := range metric.BoundCount {
		cumulative += observed.Buckets[i]
		buckets[metric.Bound(i).Seconds()] = cumulative
	}
	return prometheus.MustNewConstHistogram(desc, observed.Count(), observed.Sum.Seconds(), buckets, labels...)
}

func gauge[T any, N int | bool](name, help string, read func(*T) N, labels ...string) series[T] {
	return series[T]{
		desc: prometheus.NewDesc(name, help, labels, nil),
		kind: prometheus.GaugeValue,
		read: func(stats *T) float64 { return number(read(stats)) },
	}
}

func counter[T any](name, help string, read func(*T) uint64, labels ...string) series[T] {
	return series[T]{
		desc: prometheus.NewDesc(name, help, labels, nil),
		kind: prometheus.CounterValue,
		read: func(stats *T) float64 { return float64(read(stats)) },
	}
}

// number turns what a Snapshot holds into what Prometheus wants; true is 1.
func number[N int | bool](n N) float64 {
	switch n := any(n).(type) {
	case int:
		return float64(n)
	case bool:
		if n {
			return 1
		}
	}
	return 0
}
