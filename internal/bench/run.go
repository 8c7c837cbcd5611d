package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Run does what the options say and returns what came of it. Progress is written to progress as a line that is
// written over again and again; nil for none. When ctx ends, the run ends with what was measured until then, if
// anything. Operations that fail are part of the result and no error.
func Run(ctx context.Context, o Options, progress io.Writer) (*Result, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	processes, err := openProcesses(o.PIDs)
	if err != nil {
		return nil, err
	}
	t, err := o.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer t.close()
	r := newResult(&o, t)
	line := newLine(progress)
	defer line.end()

	lists := o.lists(t)
	if o.Fill && o.Protocol != EchoOnly {
		if err := o.fill(ctx, t, lists, r, line); err != nil {
			return nil, err
		}
	}
	if o.Duration == 0 {
		return r, nil
	}
	if !o.batched() {
		lists = nil // 8 bytes a key
	}
	p := newPhase(&o, t, o.kinds(), o.Batch, o.InFlight)
	p.measure(o.Warmup, o.Duration)
	watched := make(chan struct{})
	over, stop := context.WithCancel(ctx)
	w := watcher{phase: p, processes: processes, result: r, line: line}
	p.prepare()
	go func() {
		defer close(watched)
		w.watch(over)
	}()
	p.run(ctx, func(i int) source { return o.sourceOf(p, lists, i) })
	stop()
	<-watched
	r.sum(p)
	if r.Operations == 0 && r.Failed == 0 {
		return nil, fmt.Errorf("bench: nothing was measured: %w", cmp.Or(ctx.Err(), errNothing))
	}
	return r, nil
}

// errNothing is returned by Run when no operation began in the measured time.
var errNothing = errors.New("no operation began in the measured time")

// lists sorts the keys into partitions, if the run needs that.
func (o *Options) lists(t *target) *partitions {
	if t.keys == nil || !o.batched() && !o.Fill {
		return nil
	}
	return newPartitions(t.keys, o.Keys)
}

// sourceOf returns what connection i does in the measured phase.
func (o *Options) sourceOf(p *phase, lists *partitions, i int) source {
	if o.batched() {
		return &batches{placer: p.placerOf(i), drawer: o.newDrawer(i), kind: o.kinds()[0], size: o.Batch, total: o.Keys, lists: lists}
	}
	return newSingle(o, i, p.placerOf(i))
}

// Operations in flight on each connection while all keys are written.
const (
	fillBatches = 2  // of putAll, each of many entries
	fillSets    = 64 // of SET
)

// errFill is returned by Run when not all keys could be written.
var errFill = errors.New("bench: writing all keys first")

// fill writes all keys. It goes on for as long as something gets on.
func (o *Options) fill(ctx context.Context, t *target, lists *partitions, r *Result, line *line) error {
	k, size, depth := kindPutAll, o.fillBatch(), fillBatches
	if o.Protocol == RESP || o.Maps > 1 {
		k, size, depth = kindSet, 1, fillSets
	}
	p := newPhase(o, t, []kind{k}, size, depth)
	p.prepare()
	fillings := make([]*filling, len(t.members))
	table := t.table
	for m := range fillings {
		fillings[m] = newFilling(k, size, o.Keys, lists, func(partition int32) bool {
			if table == nil {
				return true
			}
			owner := table.load()[partition]
			// What belongs to a member without connections is passed on by the first one.
			return owner == int32(m) || owner < 0 && m == 0 && !o.Only
		})
	}
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		p.patience(ended, int64(size), line)
	}()
	p.run(ctx, func(i int) source { return filler{fillings[t.conns[i].member]} })
	close(ended)
	<-watched
	r.FillSeconds = time.Since(p.base).Seconds()
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errFill, ctx.Err())
	}
	failures := map[string]int64{}
	for _, rec := range p.recorders {
		for reason, n := range rec.failures {
			failures[reason] += n
		}
	}
	for reason := range failures {
		return fmt.Errorf("%w: %d messages failed, such as: %s", errFill, total(failures), reason)
	}
	return nil
}

// patience moves the deadline of all connections on while answers come, and shows the progress of a fill.
func (p *phase) patience(ended <-chan struct{}, size int64, line *line) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	p.deadline(time.Now().Add(p.options.Timeout))
	for before := int64(0); ; {
		select {
		case <-ended:
			p.deadline(time.Time{})
			return
		case <-ticks.C:
			answers, _, _ := p.seen()
			if answers > before {
				p.deadline(time.Now().Add(p.options.Timeout))
			}
			done := min(answers*size, p.options.Keys)
			line.show(fmt.Sprintf("filling: %d of %d keys, %s/s", done, p.options.Keys, count(float64((answers-before)*size))))
			before = answers
		}
	}
}

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}
