package bench

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/socket"
)

// flush writes what the connection takes without waiting. The rest is for a goroutine: who waited here would not read
// answers, and a server that waits for that would never read on.
func (l *loop) flush() {
	if l.writing || len(l.out) == 0 {
		return
	}
	if l.raw != nil {
		if err := l.raw.Write(l.onWritable); err != nil || l.writeErr != nil {
			return // reading tells
		}
		if len(l.out) == 0 {
			return
		}
	}
	l.writing = true
	l.writers.Go(l.drain)
}

// writable writes once.
func (l *loop) writable(fd uintptr) bool {
	n, err := socket.Write(fd, l.out)
	if errors.Is(err, socket.ErrAgain) {
		n, err = 0, nil
	}
	l.writeErr = err
	l.out = l.out[:copy(l.out, l.out[max(n, 0):])]
	return true
}

// drain writes until nothing is left to write.
func (l *loop) drain() {
	for {
		l.mu.Lock()
		if len(l.out) == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		b := l.out
		l.out, l.other = l.other[:0], b
		l.mu.Unlock()
		if _, err := l.conn.Write(b); err != nil {
			return // reading tells; writing stays set, so nothing more is written
		}
	}
}
