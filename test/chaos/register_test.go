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

// kind is what a call asks for.
type kind string

const (
	opGet           kind = "get"
	opPut           kind = "put"
	opSet           kind = "set"
	opPutIfAbsent   kind = "putIfAbsent"
	opReplace       kind = "replace"
	opReplaceIfSame kind = "replaceIfSame"
	opRemove        kind = "remove"
	opRemoveIfSame  kind = "removeIfSame"
	opDelete        kind = "delete"
)

// mix is drawn from; reads are the most frequent.
func mix() []kind {
	return []kind{
		opGet, opGet, opGet, opGet, opPut, opPut, opPut, opSet, opSet, opPutIfAbsent, opPutIfAbsent,
		opReplace, opReplaceIfSame, opReplaceIfSame, opRemove, opRemoveIfSame, opDelete,
	}
}

// call is one call and its answer. Values are never 0, which means no value,
// and never written twice.
type call struct {
	kind    kind
	value   int64 // to be written
	test    int64 // to be compared with
	got     int64 // the value in the answer
	yes     bool  // the answer of a comparison
	unknown bool  // failed: it may have been done, and may still be
	worker  int
	begin   time.Duration
	end     time.Duration
	err     error
}

// registers are a few keys that all workers read and write, others in every
// round: the histories stay short enough to be checked.
type registers struct {
	round atomic.Int64
	value atomic.Int64

	mu        sync.Mutex
	histories map[string][]call
	calls     int
	unknown   map[string]int // failed calls by their error
}

func newRegisters() *registers {
	return &registers{histories: map[string][]call{}, unknown: map[string]int{}}
}

// next makes the workers turn to other keys.
func (r *registers) next() { r.round.Add(1) }

func (r *registers) add(key string, c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if c.err != nil {
		r.unknown[c.err.Error()]++
	}
	if !c.unknown || c.kind != opGet {
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
	random *rand.Rand
	seen   map[string]int64 // the last value met, by key
}

func (r *registers) worker(id int) *registerWorker {
	return &registerWorker{
		registers: r, id: id, seen: map[string]int64{},
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
		c := call{kind: kinds[w.random.IntN(len(kinds))], worker: w.id, test: w.seen[key]}
		if c.test == 0 && (c.kind == opReplaceIfSame || c.kind == opRemoveIfSame) {
			c.kind = opGet
		}
		c.value = w.value.Add(1)
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		c.begin = time.Since(began)
		c.do(one, m, key)
		c.end = time.Since(began)
		cancel()
		c.unknown = c.err != nil
		if !c.unknown {
			w.remember(key, &c)
		}
		w.add(key, c)
	}
}

func (w *registerWorker) remember(key string, c *call) {
	switch c.kind {
	case opGet:
		w.seen[key] = c.got
	case opPut, opSet:
		w.seen[key] = c.value
	case opRemove, opDelete:
		w.seen[key] = 0
	case opPutIfAbsent, opReplace, opReplaceIfSame, opRemoveIfSame:
	}
}

func (c *call) do(ctx context.Context, m *hazelcast.Map, key string) {
	var got any
	switch c.kind {
	case opGet:
		got, c.err = m.Get(ctx, key)
	case opPut:
		got, c.err = m.Put(ctx, key, c.value)
	case opSet:
		c.err = m.Set(ctx, key, c.value)
	case opPutIfAbsent:
		got, c.err = m.PutIfAbsent(ctx, key, c.value)
	case opReplace:
		got, c.err = m.Replace(ctx, key, c.value)
	case opReplaceIfSame:
		c.yes, c.err = m.ReplaceIfSame(ctx, key, c.test, c.value)
	case opRemove:
		got, c.err = m.Remove(ctx, key)
	case opRemoveIfSame:
		c.yes, c.err = m.RemoveIfSame(ctx, key, c.test)
	case opDelete:
		c.err = m.Delete(ctx, key)
	}
	c.got, _ = got.(int64)
}
