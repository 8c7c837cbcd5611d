package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkPatience bounds the search for an order of one key's calls.
const checkPatience = 60 * time.Second

// verdict is what the check of all registers found.
type verdict struct {
	keys, calls, unknown int
	illegal, undecided   []string
}

// finish reads every register once more, so that a value that was lost after
// its last reader is missed, and checks all histories.
func (l *load) finish() verdict {
	l.t.Helper()
	m := named(l.t, l.checker, registerMapName)
	for _, key := range l.registers.keys() {
		ctx, cancel := context.WithTimeout(l.t.Context(), callTimeout)
		c := call{kind: opGet, worker: -1, begin: time.Since(l.began)}
		c.do(ctx, m, key)
		cancel()
		if c.err != nil {
			l.t.Errorf("register %s cannot be read at the end: %v", key, c.err)
			continue
		}
		c.end = time.Since(l.began)
		l.registers.add(key, c)
	}
	return l.registers.check(l.t)
}

func (r *registers) check(t *testing.T) verdict {
	t.Helper()
	v := verdict{}
	keys := make(chan string)
	var mu sync.Mutex
	var checkers sync.WaitGroup
	for range 2 {
		checkers.Go(func() {
			for key := range keys {
				result := judge(r.histories[key])
				mu.Lock()
				switch result {
				case porcupine.Illegal:
					v.illegal = append(v.illegal, key)
				case porcupine.Unknown:
					v.undecided = append(v.undecided, key)
				case porcupine.Ok:
				}
				mu.Unlock()
			}
		})
	}
	for _, key := range r.keys() {
		v.keys++
		for i := range r.histories[key] {
			v.calls++
			if r.histories[key][i].unknown {
				v.unknown++
			}
		}
		keys <- key
	}
	close(keys)
	checkers.Wait()
	for _, key := range slices.Concat(v.illegal, v.undecided) {
		r.write(t, key)
	}
	return v
}

// judge tells whether some order of the calls explains all answers. A failed
// call may have its effect at any time after it began, or never.
func judge(calls []call) porcupine.CheckResult {
	ops := operations(calls)
	return porcupine.CheckOperationsTimeout(registerModel(), ops, checkPatience)
}

func operations(calls []call) []porcupine.Operation {
	var last time.Duration
	for i := range calls {
		last = max(last, calls[i].end)
	}
	ops := make([]porcupine.Operation, len(calls))
	for i := range calls {
		c := &calls[i]
		end := c.end
		if c.unknown {
			end = last + time.Hour
		}
		ops[i] = porcupine.Operation{ClientId: i, Input: c, Output: c, Call: int64(c.begin), Return: int64(end)}
	}
	return ops
}

// registerModel is one key of a map: its value, 0 for none.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return int64(0) },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.(int64)
			c, _ := input.(*call)
			ok, after := c.step(before)
			return ok || c.unknown, after
		},
	}
}

// step is what the call does with a value, and whether the answer fits.
func (c *call) step(before int64) (ok bool, after int64) {
	switch c.kind {
	case opGet:
		return c.got == before, before
	case opPut:
		return c.got == before, c.value
	case opSet:
		return true, c.value
	case opPutIfAbsent:
		if before != 0 {
			return c.got == before, before
		}
		return c.got == 0, c.value
	case opReplace:
		if before == 0 {
			return c.got == 0, 0
		}
		return c.got == before, c.value
	case opReplaceIfSame:
		if before == c.test {
			return c.yes, c.value
		}
		return !c.yes, before
	case opRemove:
		return c.got == before, 0
	case opRemoveIfSame:
		if before == c.test {
			return c.yes, 0
		}
		return !c.yes, before
	case opDelete:
		return true, 0
	}
	return false, before
}

// write keeps a history that does not fit for people.
func (r *registers) write(t *testing.T, key string) {
	t.Helper()
	calls := slices.Clone(r.histories[key])
	slices.SortStableFunc(calls, func(a, b call) int { return int(a.begin - b.begin) })
	var b strings.Builder
	for i := range calls {
		fmt.Fprintln(&b, &calls[i])
	}
	file := filepath.Join(outputFolder(t), "history-"+key+".txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("the history of register %s is in %s; it goes wrong near\n%s", key, file, nearFault(calls))
}

// nearFault returns the calls around the end of the longest part from the
// beginning that is still explained.
func nearFault(calls []call) string {
	byEnd := slices.Clone(calls)
	slices.SortStableFunc(byEnd, func(a, b call) int { return int(a.end - b.end) })
	low, high := 0, len(byEnd) // the first low ends are explained, the first high are not
	for high-low > 1 {
		middle := (low + high) / 2
		until := byEnd[middle-1].end
		if judge(before(calls, until)) == porcupine.Ok {
			low = middle
		} else {
			high = middle
		}
	}
	var b strings.Builder
	for i := range byEnd[max(0, low-12):min(len(byEnd), high+3)] {
		fmt.Fprintln(&b, "  ", &byEnd[max(0, low-12)+i])
	}
	return b.String()
}

// before cuts a history off at a moment: calls under way are unknown then.
func before(calls []call, until time.Duration) []call {
	var out []call
	for _, c := range calls {
		if c.begin > until {
			continue
		}
		if c.end > until {
			c.unknown = true
		}
		if !c.unknown || c.kind != opGet {
			out = append(out, c)
		}
	}
	return out
}

// String describes a call for people.
func (c *call) String() string {
	what := fmt.Sprintf("%10.6f … %10.6f worker %2d %s", c.begin.Seconds(), c.end.Seconds(), c.worker, c.kind)
	switch c.kind {
	case opReplaceIfSame:
		what += fmt.Sprintf("(%d, %d)", c.test, c.value)
	case opRemoveIfSame:
		what += fmt.Sprintf("(%d)", c.test)
	case opPut, opSet, opPutIfAbsent, opReplace:
		what += fmt.Sprintf("(%d)", c.value)
	case opGet, opRemove, opDelete:
	}
	switch {
	case c.err != nil:
		return what + ": unknown: " + c.err.Error()
	case c.unknown:
		return what + ": under way"
	case c.kind == opReplaceIfSame || c.kind == opRemoveIfSame:
		return fmt.Sprintf("%s: %v", what, c.yes)
	}
	return fmt.Sprintf("%s: %d", what, c.got)
}
