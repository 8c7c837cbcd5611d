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

	"github.com/filbertgrid/filbert/test/chaos/history"
)

// verdict is what the check of all registers found.
type verdict struct {
	keys, calls, unknown int
	illegal, undecided   []string
}

// rereadRegisters reads every register once more, so that a value that was lost
// after its last reader is missed.
func (l *load) rereadRegisters() {
	l.t.Helper()
	m := named(l.t, l.checker, registerMapName)
	for _, key := range l.registers.keys() {
		ctx, cancel := context.WithTimeout(l.t.Context(), callTimeout)
		c := history.Call{Kind: history.Get, Worker: -1, Begin: time.Since(l.began)}
		do(ctx, &c, m, key)
		cancel()
		if c.Err != nil {
			l.t.Errorf("register %s cannot be read at the end: %v", key, c.Err)
			continue
		}
		c.End = time.Since(l.began)
		l.registers.add(key, c)
	}
}

// check judges all histories.
func (r *registers) check(t *testing.T) verdict {
	t.Helper()
	v := verdict{}
	keys := make(chan string)
	var mu sync.Mutex
	var checkers sync.WaitGroup
	for range 2 {
		checkers.Go(func() {
			for key := range keys {
				result := history.Judge(r.histories[key])
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
			if r.histories[key][i].Unknown {
				v.unknown++
			}
		}
		keys <- key
	}
	close(keys)
	checkers.Wait()
	for _, key := range slices.Concat(v.illegal, v.undecided) {
		if twoTruths() {
			break
		}
		r.write(t, key)
	}
	return v
}

// write keeps a history that does not fit for people.
func (r *registers) write(t *testing.T, key string) {
	t.Helper()
	calls := slices.Clone(r.histories[key])
	slices.SortStableFunc(calls, func(a, b history.Call) int { return int(a.Begin - b.Begin) })
	var b strings.Builder
	for i := range calls {
		fmt.Fprintln(&b, &calls[i])
	}
	file := filepath.Join(outputFolder(t), "history-"+key+".txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("the history of register %s is in %s; it goes wrong near\n%s", key, file, history.NearFault(calls))
}
