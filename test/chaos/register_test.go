package chaos

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hazelcast/hazelcast-go-client"

	"github.com/filbertgrid/filbert/test/chaos/history"
)

const (
	registerMapName          = "registers"
	registerWorkersPerClient = 3
	// registersPerRound are used at a time: few, so that calls meet.
	registersPerRound = 12
	// registerPace is a worker's pause between two calls: a bound for the load
	// and for the histories.
	registerPace = 8 * time.Millisecond
)

// mix is drawn from; reads are the most frequent.
func mix() []history.Kind {
	return []history.Kind{
		history.Get, history.Get, history.Get, history.Get, history.Put, history.Put, history.Put, history.Set, history.Set, history.PutIfAbsent, history.PutIfAbsent,
		history.Replace, history.ReplaceIfSame, history.ReplaceIfSame, history.Remove, history.RemoveIfSame, history.Delete,
	}
}

// registers are a few keys that all workers read and write, others in every
// round: the histories stay short enough to be checked.
type registers struct {
	round atomic.Int64
	value atomic.Int64

	mu        sync.Mutex
	histories map[string][]history.Call
	calls     int
	unknown   map[string]int // failed calls by their error
}

func newRegisters() *registers {
	return &registers{histories: map[string][]history.Call{}, unknown: map[string]int{}}
}

// next makes the workers turn to other keys.
func (r *registers) next() { r.round.Add(1) }

func (r *registers) add(key string, c history.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if c.Err != nil {
		r.unknown[because(c.Err)]++
	}
	if !c.Unknown || c.Kind != history.Get {
		r.histories[key] = append(r.histories[key], c)
	}
}

func (r *registers) keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.histories))
}

// registerWorker is one goroutine with one call under way at most.
type registerWorker struct {
	*registers
	id     int
	client int
	watch  *watch
	random *rand.Rand
	seen   map[string]int64 // the last value met, by key
}

func (r *registers) worker(id, client int, w *watch) *registerWorker {
	return &registerWorker{
		registers: r, id: id, client: client, watch: w, seen: map[string]int64{},
		random: rand.New(rand.NewPCG(uint64(id), 1)),
	}
}

// run calls until the context ends.
func (w *registerWorker) run(ctx context.Context, m *hazelcast.Map, began time.Time) {
	kinds := mix()
	tick := time.NewTicker(registerPace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		key := fmt.Sprintf("r%d-%d", w.round.Load(), w.random.IntN(registersPerRound))
		c := history.Call{Kind: kinds[w.random.IntN(len(kinds))], Worker: w.id, Test: w.seen[key]}
		if c.Test == 0 && (c.Kind == history.ReplaceIfSame || c.Kind == history.RemoveIfSame) {
			c.Kind = history.Get
		}
		c.Value = w.value.Add(1)
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		end := w.watch.begin(w.client, string(c.Kind), registerMapName, key)
		c.Begin = time.Since(began)
		do(one, &c, m, key)
		c.End = time.Since(began)
		end(c.Err)
		cancel()
		c.Unknown = c.Err != nil
		if !c.Unknown {
			w.remember(key, &c)
		}
		w.add(key, c)
	}
}

func (w *registerWorker) remember(key string, c *history.Call) {
	switch c.Kind {
	case history.Get:
		w.seen[key] = c.Got
	case history.Put, history.Set:
		w.seen[key] = c.Value
	case history.Remove, history.Delete:
		w.seen[key] = 0
	case history.PutIfAbsent, history.Replace, history.ReplaceIfSame, history.RemoveIfSame:
	}
}

// do makes a call and notes its answer.
func do(ctx context.Context, c *history.Call, m *hazelcast.Map, key string) {
	var got any
	switch c.Kind {
	case history.Get:
		got, c.Err = m.Get(ctx, key)
	case history.Put:
		got, c.Err = m.Put(ctx, key, c.Value)
	case history.Set:
		c.Err = m.Set(ctx, key, c.Value)
	case history.PutIfAbsent:
		got, c.Err = m.PutIfAbsent(ctx, key, c.Value)
	case history.Replace:
		got, c.Err = m.Replace(ctx, key, c.Value)
	case history.ReplaceIfSame:
		c.Yes, c.Err = m.ReplaceIfSame(ctx, key, c.Test, c.Value)
	case history.Remove:
		got, c.Err = m.Remove(ctx, key)
	case history.RemoveIfSame:
		c.Yes, c.Err = m.RemoveIfSame(ctx, key, c.Test)
	case history.Delete:
		c.Err = m.Delete(ctx, key)
	}
	c.Got, _ = got.(int64)
}
