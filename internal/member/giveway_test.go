//go:build unix

package member

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
)

// TestGiveWay: on one processor, news of the network is heard while a goroutine always has another step, if that gives way.
func TestGiveWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	g := newGiveWay()
	defer g.close()
	var heard atomic.Int32
	go func() {
		var b [1]byte
		for {
			if _, err := r.Read(b[:]); err != nil {
				return
			}
			heard.Add(1)
		}
	}()
	for i := range int32(100) {
		g.now() // the reader waits
		if _, err := w.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		steps := 0
		for ; heard.Load() == i; steps++ {
			g.now()
			runtime.Gosched() // the reader was told, and is to run
		}
		if steps > 10 {
			t.Fatalf("news was heard after %d steps", steps)
		}
	}
}
