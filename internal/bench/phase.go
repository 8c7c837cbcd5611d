package bench

import (
	"context"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A phase is one round of all loops: the fill, or warm-up and measured time together.
type phase struct {
	options *Options
	target  *target
	kinds   []kind
	batch   int // keys in a message of many
	depth   int // operations in flight on a connection

	base        time.Time // when the phase began: its clock shows 0 then
	from, until int64     // the measured time
	end         atomic.Int64

	recorders []*recorder
	loops     []*loop
}

// newPhase returns a phase with a loop for each connection; nothing runs yet.
func newPhase(o *Options, t *target, used []kind, batch, depth int) *phase {
	p := &phase{options: o, target: t, kinds: used, batch: batch, depth: depth, until: forever, from: forever}
	shared := p.templates()
	width := 1
	if slices.Contains(used, kindPutAll) || slices.Contains(used, kindGetAll) {
		width = batch
	}
	p.base = time.Now()
	for _, c := range t.conns {
		p.loops = append(p.loops, newLoop(c.conn, p.dialect(shared), depth, width, since(p.base)))
	}
	return p
}

// templates encodes the requests of the phase's kinds.
func (p *phase) templates() *templates {
	o := p.options
	var all templates
	for _, k := range p.kinds {
		n := 1
		if k == kindPutAll || k == kindGetAll {
			n = p.batch
		}
		all[k] = newTemplate(o.shape(), n, k == kindSet || k == kindPutAll, func(keys, values [][]byte) []byte {
			if o.Protocol == RESP {
				return o.respRequest(k, keys, values)
			}
			return clientRequest(k, o.firstMap(), keys, values)
		})
	}
	return &all
}

// dialect returns a connection's own.
func (p *phase) dialect(shared *templates) dialect {
	o := p.options
	switch o.Protocol {
	case RESP:
		return &respDialect{templates: shared, shape: o.shape(), out: newFIFO(p.depth)}
	case EchoOnly:
		return &echoDialect{templates: shared, kinds: p.kinds, sizes: o.echoSizes(), out: newFIFO(p.depth)}
	}
	return &clientDialect{
		templates: shared, shape: o.shape(), keys: p.target.keys,
		maps: uint32(o.Maps), mapDigits: o.mapDigits(), nameSize: len(o.firstMap()),
	}
}

// measure sets the measured time, from now.
func (p *phase) measure(warmup, duration time.Duration) {
	p.base = time.Now()
	for _, l := range p.loops {
		l.now = since(p.base)
	}
	p.from, p.until = int64(warmup), int64(warmup+duration)
}

// prepare makes the recorders, which others may look at from then on.
func (p *phase) prepare() {
	p.end.Store(p.until)
	for range p.loops {
		p.recorders = append(p.recorders, newRecorder(p.kinds, p.from, &p.end))
	}
}

// run lets all loops run to their end; sourceOf returns what connection i does. When ctx ends, nothing begins any more.
func (p *phase) run(ctx context.Context, sourceOf func(i int) source) {
	if p.until < forever {
		p.deadline(p.base.Add(time.Duration(p.until) + p.options.Timeout))
	}
	stop := context.AfterFunc(ctx, func() {
		p.end.Store(min(p.end.Load(), int64(time.Since(p.base))))
		p.deadline(time.Now().Add(p.options.Timeout))
	})
	defer stop()
	var wg sync.WaitGroup
	for i, l := range p.loops {
		wg.Go(func() {
			var schedule *pace
			if p.until < forever && p.options.Rate > 0 {
				schedule = newPace(p.options.Rate, i, len(p.loops), runtime.GOMAXPROCS(0), 0)
			}
			_ = l.run(sourceOf(i), p.recorders[i], schedule) // the recorder tells what an error has cost
		})
	}
	wg.Wait()
}

// deadline ends the waiting of all connections at a time.
func (p *phase) deadline(at time.Time) {
	for _, l := range p.loops {
		_ = l.conn.SetDeadline(at) // a connection that is closed waits for nothing
	}
}

// seen sums up what the loops have done so far.
func (p *phase) seen() (answers, latency, failures int64) {
	for _, r := range p.recorders {
		answers += r.live.answers.Load()
		latency += r.live.latency.Load()
		failures += r.live.failures.Load()
	}
	return answers, latency, failures
}

// placerOf returns what narrows the keys of connection i down.
func (p *phase) placerOf(i int) placer {
	if p.target.table == nil {
		return placer{}
	}
	return placer{table: p.target.table, me: p.target.conns[i].member, keys: p.target.keys}
}

// A target is a server, or a cluster of them, with all connections open.
type target struct {
	conns   []connection
	members []string // their addresses
	// keys and table are nil where keys have no partitions; table is nil too where all connections take all keys.
	keys  *keyFormat
	table *owners
	close func()
}

// A connection leads to one member, by its place in target.members.
type connection struct {
	conn   net.Conn
	member int32
}
