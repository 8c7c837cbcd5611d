// Package metric holds the counters and histograms that the hot paths write
// and that the management listener reads.
//
// It stands on the ground floor and knows nothing of Prometheus: a partition
// or a session embeds a Counter, a Gauge or a Histogram by value, writes to it
// with atomic additions, and a scrape reads it through Load or Snapshot. What a
// number is called, and in which unit it leaves the member, is decided in
// package admin.
//
// Invariants:
//   - The zero value of every type is ready for use.
//   - Writing never allocates, locks or blocks.
//   - A value must not be copied after its first use (vet's copylocks says so).
//   - A Snapshot is not one instant: its buckets are read one after another.
//     Its count is the sum of its own buckets, so the two always agree.
package metric
