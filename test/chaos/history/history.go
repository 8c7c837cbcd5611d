// Package history judges what clients were told: whether one map could have
// given all the answers, in some order of the calls that agrees with their times.
//
// A call that failed may have had its effect at any time after it began, or
// never. Calls of one key are judged together, each key by itself: a history of
// a map is linearizable exactly if those of its keys are.
package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Kind is what a call asks for.
type Kind string

// The calls of a map that are judged.
const (
	Get           Kind = "get"
	Put           Kind = "put"
	Set           Kind = "set"
	PutIfAbsent   Kind = "putIfAbsent"
	Replace       Kind = "replace"
	ReplaceIfSame Kind = "replaceIfSame"
	Remove        Kind = "remove"
	RemoveIfSame  Kind = "removeIfSame"
	Delete        Kind = "delete"
)

// Call is one call and its answer. Values are never 0, which means no value,
// and never written twice.
type Call struct {
	Kind    Kind
	Value   int64 // to be written
	Test    int64 // to be compared with
	Got     int64 // the value in the answer
	Yes     bool  // the answer of a comparison
	Unknown bool  // failed: it may have been done, and may still be
	Worker  int
	Begin   time.Duration
	End     time.Duration
	Err     error
}

// Patience bounds the search for an order of one key's calls.
const Patience = 60 * time.Second

// Judge tells whether some order of the calls explains all answers. A failed
// call may have its effect at any time after it began, or never.
func Judge(calls []Call) porcupine.CheckResult {
	ops := operations(calls)
	return porcupine.CheckOperationsTimeout(registerModel(), ops, Patience)
}

func operations(calls []Call) []porcupine.Operation {
	var last time.Duration
	for i := range calls {
		last = max(last, calls[i].End)
	}
	ops := make([]porcupine.Operation, len(calls))
	for i := range calls {
		c := &calls[i]
		end := c.End
		if c.Unknown {
			end = last + time.Hour
		}
		ops[i] = porcupine.Operation{ClientId: i, Input: c, Output: c, Call: int64(c.Begin), Return: int64(end)}
	}
	return ops
}

// registerModel is one key of a map: its value, 0 for none.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return int64(0) },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.(int64)
			c, _ := input.(*Call)
			ok, after := c.step(before)
			return ok || c.Unknown, after
		},
	}
}

// step is what the call does with a value, and whether the answer fits.
func (c *Call) step(before int64) (ok bool, after int64) {
	switch c.Kind {
	case Get:
		return c.Got == before, before
	case Put:
		return c.Got == before, c.Value
	case Set:
		return true, c.Value
	case PutIfAbsent:
		if before != 0 {
			return c.Got == before, before
		}
		return c.Got == 0, c.Value
	case Replace:
		if before == 0 {
			return c.Got == 0, 0
		}
		return c.Got == before, c.Value
	case ReplaceIfSame:
		if before == c.Test {
			return c.Yes, c.Value
		}
		return !c.Yes, before
	case Remove:
		return c.Got == before, 0
	case RemoveIfSame:
		if before == c.Test {
			return c.Yes, 0
		}
		return !c.Yes, before
	case Delete:
		return true, 0
	}
	return false, before
}

// NearFault returns the calls around the end of the longest part from the
// beginning that is still explained.
func NearFault(calls []Call) string {
	byEnd := slices.Clone(calls)
	slices.SortStableFunc(byEnd, func(a, b Call) int { return int(a.End - b.End) })
	low, high := 0, len(byEnd) // the first low ends are explained, the first high are not
	for high-low > 1 {
		middle := (low + high) / 2
		until := byEnd[middle-1].End
		if Judge(before(calls, until)) == porcupine.Ok {
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
func before(calls []Call, until time.Duration) []Call {
	var out []Call
	for _, c := range calls {
		if c.Begin > until {
			continue
		}
		if c.End > until {
			c.Unknown = true
		}
		if !c.Unknown || c.Kind != Get {
			out = append(out, c)
		}
	}
	return out
}

// String describes a call for people.
func (c *Call) String() string {
	what := fmt.Sprintf("%10.6f … %10.6f worker %2d %s", c.Begin.Seconds(), c.End.Seconds(), c.Worker, c.Kind)
	switch c.Kind {
	case ReplaceIfSame:
		what += fmt.Sprintf("(%d, %d)", c.Test, c.Value)
	case RemoveIfSame:
		what += fmt.Sprintf("(%d)", c.Test)
	case Put, Set, PutIfAbsent, Replace:
		what += fmt.Sprintf("(%d)", c.Value)
	case Get, Remove, Delete:
	}
	switch {
	case c.Err != nil:
		return what + ": unknown: " + c.Err.Error()
	case c.Unknown:
		return what + ": under way"
	case c.Kind == ReplaceIfSame || c.Kind == RemoveIfSame:
		return fmt.Sprintf("%s: %v", what, c.Yes)
	}
	return fmt.Sprintf("%s: %d", what, c.Got)
}
