package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

// operation is one entry of the table: what it does, the messages it sends, and
// a check of every answer.
type operation struct {
	name     string
	messages []string // of the Map service, by their names in the protocol
	run      func(*scene) error
	near     bool // works on a map with a near cache
	events   bool // waits for events, which members that die take with them
}

// scene is where one operation plays: a map that nobody else uses, seen by two
// clients of the same routing.
type scene struct {
	ctx    context.Context
	stage  *stage
	name   string
	m      *hazelcast.Map // by the first client
	second *hazelcast.Map // the same map by the second client
}

// stage is what the operations of one run share.
type stage struct {
	t       testing.TB
	cluster *cluster
	routing routing
	clients [2]*hazelcast.Client
	addrs   func() []string // members that run; read while they come and go
	played  atomic.Int64    // operations that ended
}

// newStage connects the clients of a run.
func newStage(c *cluster, r routing) *stage {
	c.t.Helper()
	addrs := c.running()
	return &stage{
		t: c.t, cluster: c, routing: r,
		clients: [2]*hazelcast.Client{c.client(r), c.client(r)},
		addrs:   func() []string { return addrs },
	}
}

const (
	// operationTimeout bounds one try of one operation, its waits included.
	operationTimeout = 60 * time.Second
	// eventTimeout bounds the wait for something that the cluster does by itself.
	eventTimeout = 20 * time.Second
	// tableWorkers is how many operations run at a time: most of them wait.
	tableWorkers = 8
	// churnTries is how often an operation may be repeated, on a new map, when
	// the member that it talked to went away.
	churnTries = 8
	// tableGivesUp is the number of failed operations after which the rest of a
	// table is left: a cluster that hangs fails every one of them, slowly.
	tableGivesUp = 5
)

// table lists every operation, or those that -ops names. Its parts stand in the
// table_*_test.go files.
func table() []operation {
	wanted := regexp.MustCompile(*onlyOperations)
	all := slices.Concat(basicOperations(), expiryOperations(), lockOperations(), listenerOperations(),
		nearCacheOperations(), bulkOperations(), rawOperations())
	return slices.DeleteFunc(all, func(op operation) bool { return !wanted.MatchString(op.name) })
}

// mapMessages is every message of the Map service that needs neither a query
// language nor code of the user's, nor a store behind the map.
var mapMessages = []string{
	"put", "get", "remove", "replace", "replaceIfSame", "containsKey", "containsValue", "removeIfSame", "delete", "flush",
	"tryRemove", "tryPut", "putTransient", "putIfAbsent", "set", "lock", "tryLock", "isLocked", "unlock",
	"addEntryListenerToKey", "addEntryListener", "removeEntryListener", "addPartitionLostListener",
	"removePartitionLostListener", "getEntryView", "evict", "evictAll", "loadAll", "loadGivenKeys", "keySet", "getAll",
	"values", "entrySet", "size", "isEmpty", "putAll", "clear", "forceUnlock", "fetchKeys", "fetchEntries",
	"fetchNearCacheInvalidationMetadata", "addNearCacheInvalidationListener", "setTtl", "putWithMaxIdle",
	"putTransientWithMaxIdle", "putIfAbsentWithMaxIdle", "setWithMaxIdle",
}

func TestTableSendsEveryMessage(t *testing.T) {
	t.Parallel()
	sent := map[string]bool{}
	names := map[string]bool{}
	for _, op := range table() {
		if names[op.name] {
			t.Errorf("two operations are called %q", op.name)
		}
		names[op.name] = true
		for _, m := range op.messages {
			sent[m] = true
			if !slices.Contains(mapMessages, m) {
				t.Errorf("%s: unknown message %q", op.name, m)
			}
		}
	}
	for _, m := range mapMessages {
		if !sent[m] && *onlyOperations == "" {
			t.Errorf("no operation sends %q", m)
		}
	}
}

var sceneCount atomic.Int64

// play runs one operation once.
func (st *stage) play(op operation) error {
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	prefix := "map"
	if op.near {
		prefix = "near"
	}
	s := &scene{ctx: ctx, stage: st, name: fmt.Sprintf("%s-%s-%d", prefix, op.name, sceneCount.Add(1))}
	var err error
	if s.m, err = st.clients[0].GetMap(ctx, s.name); err != nil {
		return err
	}
	if s.second, err = st.clients[1].GetMap(ctx, s.name); err != nil {
		return err
	}
	if err := op.run(s); err != nil {
		return err
	}
	return s.m.Destroy(ctx)
}

// playAll runs the whole table and reports by operation. Under churn an
// operation whose member went away is repeated on a new map.
func (st *stage) playAll(t *testing.T, ops []operation, churn bool) {
	t.Helper()
	errs := make([]error, len(ops))
	work := make(chan int)
	var workers sync.WaitGroup
	var failures atomic.Int32
	for range tableWorkers {
		workers.Go(func() {
			for i := range work {
				if failures.Load() >= tableGivesUp {
					errs[i] = errNotPlayed
					continue
				}
				if errs[i] = st.playUntilKnown(ops[i], churn); errs[i] != nil {
					failures.Add(1)
				}
				st.played.Add(1)
			}
		})
	}
	for i := range ops {
		work <- i
	}
	close(work)
	workers.Wait()
	for i, op := range ops {
		if errs[i] != nil && !errors.Is(errs[i], errNotPlayed) {
			t.Errorf("%s (%s): %v", op.name, st.routing, errs[i])
		}
	}
}

func (st *stage) playUntilKnown(op operation, churn bool) error {
	var err error
	for range churnTries {
		err = st.play(op)
		repeat := churn && err != nil && (outcomeUnknown(err) || op.events && errors.Is(err, errNoEvent))
		if !repeat && !errors.Is(err, errTooSlow) {
			return err
		}
	}
	return err
}

// errMismatch marks an answer that differs from the expected one.
var errMismatch = errors.New("wrong answer")

// errNoEvent marks something awaited that did not come in time.
var errNoEvent = errors.New("nothing came in time")

// errNotPlayed marks operations left out because too many others failed.
var errNotPlayed = errors.New("not played")

// errTooSlow is returned by a timed operation when its calls took so long that
// the answers say nothing. It is tried again.
var errTooSlow = errors.New("the machine stood still")

// same compares an answer.
func same(what string, got, want any) error {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%w: %s is %#v, want %#v", errMismatch, what, got, want)
}

// first returns the first error: checks read as a list. All of them have run,
// one after the other, when it is called.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// answer checks the result of a call that returns one.
func answer[T any](what string, want any) func(T, error) error {
	return func(got T, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return same(what, any(got), want)
	}
}

// eventually polls a check until it holds or the limit has passed. Errors of
// the check's calls end the wait, wrong answers do not.
func eventually(ctx context.Context, limit time.Duration, check func() error) error {
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil || !errors.Is(err, errMismatch) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errNoEvent, err)
		case <-deadline:
			return fmt.Errorf("%w: %w", errNoEvent, err)
		case <-tick.C:
		}
	}
}
