package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Load: few keys at a time, so that clients meet, and new keys every few
// seconds, so that histories stay short enough to be checked.
const (
	keysAtOnce = 4
	locks      = 2
	passing    = 20 // keys whose entries expire

	longestLife = 5 * time.Second
	generation  = 4 * time.Second
	thinkLeast  = time.Millisecond
	thinkMost   = 40 * time.Millisecond
)

// work makes a client ask one operation after another until the world stops them.
func (c *client) work() {
	c.idle = func() {
		c.w.after(c.w.between(thinkLeast, thinkMost), func() {
			if c.w.stopped || c.gone || c.pending != nil {
				return
			}
			if c.w.random.IntN(12) == 0 {
				c.begin(c.lockOperation())
				return
			}
			c.begin(c.w.anyOperation())
		})
	}
	c.idle()
}

func (w *World) key(prefix string, generation int) string {
	return fmt.Sprintf("%sk%d-%d", prefix, generation, w.random.IntN(keysAtOnce))
}

// prefix draws a map.
func (w *World) prefix() string {
	switch w.random.IntN(6) {
	case 0:
		return strictMap + ":"
	case 1:
		return looseMap + ":"
	}
	return ""
}

// lockOperation locks one of a few keys, or unlocks it. Locks are of keys without values.
func (c *client) lockOperation() *operation {
	w := c.w
	w.serial++
	o := &operation{kind: opTryLock, key: fmt.Sprintf("lock%d-%d", w.now/generation, w.random.IntN(locks)), reference: int64(w.serial)}
	if len(c.holds) > 0 && w.random.IntN(2) == 0 {
		o.key = slices.Min(slices.Collect(maps.Keys(c.holds)))
	}
	if c.holds[o.key] {
		o.kind = opUnlock
	} else if w.random.IntN(2) == 0 {
		o.value = w.random.IntN(1000) // ms that it waits
	}
	return o
}

// anyOperation draws an operation on one of the present keys, or a look at an earlier one.
func (w *World) anyOperation() *operation {
	now := int(w.now / generation)
	w.serial++
	prefix := w.prefix()
	o := &operation{key: w.key(prefix, now), value: int(w.serial)}
	if w.random.IntN(30) == 0 {
		o.kind, o.key = opSet, fmt.Sprintf("passing%d", w.random.IntN(passing))
		o.ttl = 1 + w.random.Int64N(longestLife.Milliseconds())
		return o
	}
	if w.random.IntN(8) == 0 {
		o.kind, o.key = opGet, w.key(prefix, w.random.IntN(now+1))
		return o
	}
	kinds := []kind{
		opPut, opPut, opPut, opSet, opSet, opGet, opGet, opGet, opGet, opRemove, opDelete, opPutIfAbsent, opPutIfAbsent,
		opReplace, opReplaceIf, opReplaceIf, opRemoveIf, opContains, opGetAll, opEntrySet,
	}
	o.kind = kinds[w.random.IntN(len(kinds))]
	if o.kind == opReplaceIf || o.kind == opRemoveIf {
		o.test = w.guess(o.key)
	}
	if o.kind == opGetAll || o.kind == opEntrySet {
		for i := range keysAtOnce {
			o.keys = append(o.keys, fmt.Sprintf("%sk%d-%d", prefix, now, i))
		}
		o.key = o.keys[0]
	}
	return o
}

// guess is a value that the key may have: the last one that somebody has read or written.
func (w *World) guess(key string) int {
	records := w.history.byKey[key]
	for i := len(records) - 1; i >= 0 && i > len(records)-4; i-- {
		r := &records[i]
		switch {
		case r.unknown:
		case r.kind == opPut, r.kind == opSet, r.kind == opReplaceIf && r.yes:
			return r.operation.value
		case r.kind == opGet && r.outcome.value != 0:
			return r.outcome.value
		}
	}
	return 1
}

// stop lets the clients end what they have begun, and nothing more.
func (w *World) stop() bool {
	w.stopped = true
	return w.until(answerLimit, func() bool {
		for _, c := range w.clients {
			if c.pending != nil {
				return false
			}
		}
		return true
	})
}

// resume lets the clients go on.
func (w *World) resume() {
	w.stopped = false
	for _, c := range w.clients {
		c.idle()
	}
}

// ask lets a client do one operation and returns what came of it.
func (w *World) ask(c *client, o *operation) outcome {
	var got outcome
	done := false
	idle := c.idle
	c.idle = func() {}
	o.done = func(out outcome) { got, done = out, true }
	c.begin(o)
	w.until(answerLimit+time.Second, func() bool { return done })
	c.idle = idle
	return got
}
