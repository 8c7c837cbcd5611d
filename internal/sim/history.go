package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what clients asked and were answered, by key.
type history struct {
	keys  []string
	byKey map[string][]record
}

// record is one operation on one key.
type record struct {
	operation
	outcome
	client string
	ended  time.Duration
}

func (h *history) add(c *client, o *operation, out outcome, now time.Duration) {
	switch {
	case o.kind == opSize, o.ttl != 0:
		return
	case o.kind == opTryLock, o.kind == opUnlock:
		one := *o
		one.key = lockPrefix + o.key
		h.put(record{one, out, c.name, now})
		return
	case o.kind != opGetAll && o.kind != opEntrySet:
		h.put(record{*o, out, c.name, now})
		return
	case out.unknown:
		return
	}
	for _, key := range o.keys { // each key is a read of its own
		one := operation{kind: opGet, key: key, began: o.began}
		h.put(record{one, outcome{value: out.values[key]}, c.name, now})
	}
}

// lockPrefix begins the keys under which the histories of locks are.
const lockPrefix = "lock of "

// release notes that a client's locks may be released from now on, since the cluster may miss it.
func (h *history) release(c *client, now time.Duration) {
	for _, key := range h.keys {
		mayHold := strings.HasPrefix(key, lockPrefix) && slices.ContainsFunc(h.byKey[key], func(r record) bool {
			return r.kind == opTryLock && r.client == c.name && (r.yes || r.unknown)
		})
		if mayHold {
			h.put(record{operation{kind: opRelease, key: key, began: now}, outcome{unknown: true}, c.name, now})
		}
	}
}

func (h *history) put(r record) {
	if h.byKey == nil {
		h.byKey = map[string][]record{}
	}
	if r.unknown && (r.kind == opGet || r.kind == opContains) {
		return // before the key is noted: it would be noted again
	}
	if h.byKey[r.key] == nil {
		h.keys = append(h.keys, r.key)
	}
	h.byKey[r.key] = append(h.byKey[r.key], r)
}

// checkPatience bounds the search for an order of one key's history. It is wall time, and far beyond what is needed.
const checkPatience = 15 * time.Second

// Check tells whether the history of every key is linearizable.
func (w *World) Check() error {
	for _, key := range w.history.keys {
		records := w.history.byKey[key]
		w.Figures.Keys++
		w.Figures.Checked += len(records)
		model := mapModel()
		switch {
		case strings.HasPrefix(key, lockPrefix):
			model = lockModel(w.options.Upgrade)
		case mapOf(key) == looseMap:
			model = looseModel(records)
		}
		switch w.linearizable(model, records) {
		case porcupine.Ok:
		case porcupine.Illegal:
			w.fail("the history of key %s is not linearizable:\n%s", key, describe(records))
			return w.failure
		case porcupine.Unknown:
			w.fail("the history of key %s, %d operations, takes too long to check:\n%s", key, len(records), describe(records))
			return w.failure
		}
	}
	return w.failure
}

// linearizable searches for an order of one key's records. What had an unknown outcome may have happened never, so an order of the others is
// enough, and is searched for first: with some dozens that may stand anywhere the search would take for ever.
func (w *World) linearizable(model porcupine.Model, records []record) porcupine.CheckResult {
	var known, all []porcupine.Operation
	for i := range records {
		r := &records[i]
		op := porcupine.Operation{ClientId: i, Input: r, Output: r, Call: int64(r.began), Return: int64(r.ended)}
		if r.unknown {
			op.Return = int64(w.now + time.Hour)
		} else {
			known = append(known, op)
		}
		all = append(all, op)
	}
	if len(known) < len(all) && porcupine.CheckOperationsTimeout(model, known, checkPatience) == porcupine.Ok {
		return porcupine.Ok
	}
	return porcupine.CheckOperationsTimeout(model, all, checkPatience)
}

// mapModel is one key of a map. The state is its value, 0 for none.
func mapModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return 0 },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.(int)
			r, _ := input.(*record)
			ok, after := r.step(before)
			return ok || r.unknown, after
		},
	}
}

// looseModel is one key of a map whose writes wait for no backup: when a member is lost, the key may fall back to any
// value that it had before, and to none. Without a loss it is like any other.
func looseModel(records []record) porcupine.Model {
	values := []any{0}
	for i := range records {
		if v := records[i].operation.value; v != 0 {
			values = append(values, v)
		}
	}
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{0} },
		Step: func(state, input, _ any) []any {
			before, _ := state.(int)
			r, _ := input.(*record)
			if r.kind == opLoss {
				return values
			}
			ok, after := r.step(before)
			if !ok && !r.unknown {
				return nil
			}
			return []any{after}
		},
	}
	return model.ToModel()
}

// lose notes that a member is lost from a time on, with what only it had.
func (h *history) lose(from, to time.Duration) {
	for _, key := range h.keys {
		if mapOf(key) == looseMap {
			h.put(record{operation{kind: opLoss, key: key, began: from}, outcome{}, "", to})
		}
	}
}

// holder is the state of a lock: who has it, how often.
type holder struct {
	client string
	times  int
}

// lockModel is one lock. In a world of two versions an unlock that was carried out may be refused all the same: it is sent again when
// its answer got lost, and a new primary of the version before does not know that, as in Hazelcast.
func lockModel(upgrade bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return holder{} },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.(holder)
			r, _ := input.(*record)
			ok, after := r.lockStep(before)
			if r.refused && after != before && !upgrade {
				ok = false
			}
			return ok || r.unknown, after
		},
	}
}

// lockStep is what the operation does with a lock, and whether the answer is what it must be, whatever an unlock of the holder
// is answered.
func (r *record) lockStep(before holder) (ok bool, after holder) {
	mine := before.client == r.client
	switch {
	case r.kind == opTryLock && (mine || before.times == 0):
		return r.yes, holder{r.client, before.times + 1}
	case r.kind == opTryLock:
		return !r.yes, before
	case !mine:
		return r.refused || r.kind == opRelease, before
	case before.times == 1 || r.kind == opRelease:
		return true, holder{}
	}
	return true, holder{r.client, before.times - 1}
}

// step is what the operation does with a value, and whether the answer is what it must be.
func (r *record) step(before int) (ok bool, after int) {
	switch r.kind {
	case opPut:
		return r.outcome.value == before, r.operation.value
	case opSet:
		return true, r.operation.value
	case opRemove:
		return r.outcome.value == before, 0
	case opDelete:
		return true, 0
	case opPutIfAbsent:
		if before != 0 {
			return r.outcome.value == before, before
		}
		return r.outcome.value == 0, r.operation.value
	case opReplace:
		if before == 0 {
			return r.outcome.value == 0, 0
		}
		return r.outcome.value == before, r.operation.value
	case opReplaceIf:
		if before != 0 && before == r.test {
			return r.yes, r.operation.value
		}
		return !r.yes, before
	case opRemoveIf:
		if before != 0 && before == r.test {
			return r.yes, 0
		}
		return !r.yes, before
	case opContains:
		return r.yes == (before != 0), before
	case opGet, opGetAll, opEntrySet, opSize, opTryLock, opUnlock, opRelease, opLoss:
	}
	return r.outcome.value == before, before
}

func describe(records []record) string {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, func(a, b record) int { return int(a.began - b.began) })
	var b strings.Builder
	for i := range sorted {
		r := &sorted[i]
		fmt.Fprintf(&b, "  %v … %v %s %v: %v\n", r.began, r.ended, r.client, &r.operation, r.outcome)
	}
	return b.String()
}
