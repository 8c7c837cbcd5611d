package metric

import "sync/atomic"

// Counter is a number that only grows.
type Counter struct{ n atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Load returns the number counted since the member started.
func (c *Counter) Load() uint64 { return c.n.Load() }

// Gauge is a number that goes up and down: things that are open, waiting or in
// flight right now.
type Gauge struct{ n atomic.Int64 }

// Add moves the gauge by delta, which may be negative.
func (g *Gauge) Add(delta int64) { g.n.Add(delta) }

// Set replaces the value.
func (g *Gauge) Set(value int64) { g.n.Store(value) }

// Load returns the value of now.
func (g *Gauge) Load() int64 { return g.n.Load() }
