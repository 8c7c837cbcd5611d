package history_test

import (
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/filbertgrid/filbert/test/chaos/history"
)

// at places a call in time, in milliseconds.
func at(begin, end int, c history.Call) history.Call {
	c.Begin, c.End = time.Duration(begin)*time.Millisecond, time.Duration(end)*time.Millisecond
	return c
}

func set(value int64) history.Call { return history.Call{Kind: history.Set, Value: value} }
func get(got int64) history.Call   { return history.Call{Kind: history.Get, Got: got} }

func unsure(c history.Call) history.Call {
	c.Unknown = true
	return c
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		calls []history.Call
		want  porcupine.CheckResult
	}{
		"what was set is got":       {[]history.Call{at(0, 1, set(1)), at(2, 3, get(1))}, porcupine.Ok},
		"an acknowledged set lost":  {[]history.Call{at(0, 1, set(1)), at(2, 3, get(0))}, porcupine.Illegal},
		"an old value comes back":   {[]history.Call{at(0, 1, set(1)), at(2, 3, set(2)), at(4, 5, get(1))}, porcupine.Illegal},
		"a get beside a set":        {[]history.Call{at(0, 9, set(1)), at(1, 2, get(1)), at(3, 4, get(1))}, porcupine.Ok},
		"back and forth beside it":  {[]history.Call{at(0, 9, set(1)), at(1, 2, get(1)), at(3, 4, get(0))}, porcupine.Illegal},
		"a failed set shows late":   {[]history.Call{at(0, 1, unsure(set(1))), at(2, 3, get(0)), at(4, 5, get(1))}, porcupine.Ok},
		"a failed set never shows":  {[]history.Call{at(0, 1, unsure(set(1))), at(2, 3, get(0))}, porcupine.Ok},
		"a failed set shows twice":  {[]history.Call{at(0, 1, unsure(set(1))), at(2, 3, get(1)), at(4, 5, get(0)), at(6, 7, get(1))}, porcupine.Illegal},
		"a put executed twice":      {[]history.Call{at(0, 1, history.Call{Kind: history.Put, Value: 1, Got: 1})}, porcupine.Illegal},
		"a put answers the old one": {[]history.Call{at(0, 1, set(1)), at(2, 3, history.Call{Kind: history.Put, Value: 2, Got: 1}), at(4, 5, get(2))}, porcupine.Ok},
		"a remove leaves nothing":   {[]history.Call{at(0, 1, set(1)), at(2, 3, history.Call{Kind: history.Remove, Got: 1}), at(4, 5, get(1))}, porcupine.Illegal},
		"putIfAbsent meets a value": {[]history.Call{at(0, 1, set(1)), at(2, 3, history.Call{Kind: history.PutIfAbsent, Value: 2})}, porcupine.Illegal},
		"replaceIfSame of another":  {[]history.Call{at(0, 1, set(1)), at(2, 3, history.Call{Kind: history.ReplaceIfSame, Test: 9, Value: 2, Yes: true})}, porcupine.Illegal},
		"removeIfSame of the same":  {[]history.Call{at(0, 1, set(1)), at(2, 3, history.Call{Kind: history.RemoveIfSame, Test: 1}), at(4, 5, get(0))}, porcupine.Illegal},
		"replace of nothing":        {[]history.Call{at(0, 1, history.Call{Kind: history.Replace, Value: 1}), at(2, 3, get(1))}, porcupine.Illegal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := history.Judge(test.calls); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestNearFaultShowsTheFault(t *testing.T) {
	t.Parallel()
	var calls []history.Call
	for i := range 100 {
		calls = append(calls, at(4*i, 4*i+1, set(int64(i+1))), at(4*i+2, 4*i+3, get(int64(i+1))))
	}
	calls[101].Got = 7 // an old value
	shown := history.NearFault(calls)
	if !strings.Contains(shown, "get: 7") || strings.Contains(shown, "set(1)") {
		t.Errorf("shown:\n%s", shown)
	}
}
