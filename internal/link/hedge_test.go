package link

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestHedge: a connection that does not come about is tried again beside that; what comes first counts, and the rest is ended.
func TestHedge(t *testing.T) {
	const never = time.Hour
	tests := []struct {
		name  string
		after []time.Duration // of each attempt, until it ends
		err   error           // of the attempt that ends first
		want  time.Duration
	}{
		{"at once", []time.Duration{0}, nil, 0},
		{"refused", []time.Duration{time.Millisecond}, syscall.ECONNREFUSED, time.Millisecond},
		{"the first packet is lost", []time.Duration{time.Second, time.Millisecond}, nil, firstHedge + time.Millisecond},
		{"far away", []time.Duration{400 * time.Millisecond, 400 * time.Millisecond}, nil, 400 * time.Millisecond},
		{"two are lost, then refused", []time.Duration{never, never, 0}, syscall.ECONNREFUSED, 3 * firstHedge},
		{"nobody", []time.Duration{never, never, never, never}, context.DeadlineExceeded, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				var made, closed atomic.Int32
				conn, err := hedge(ctx, func(ctx context.Context) (net.Conn, error) {
					after := tt.after[made.Add(1)-1]
					select {
					case <-ctx.Done():
						if after < never { // it came about just then
							return countedConn{closed: &closed}, nil
						}
						return nil, ctx.Err()
					case <-time.After(after):
					}
					if tt.err != nil {
						return nil, tt.err
					}
					return countedConn{closed: &closed}, nil
				})
				if took := time.Since(began); took != tt.want || !errors.Is(err, tt.err) || (conn == nil) != (tt.err != nil) {
					t.Errorf("after %v: %v, %v; want %v after %v", took, conn, err, tt.err, tt.want)
				}
				if int(made.Load()) != len(tt.after) {
					t.Errorf("%d attempts, want %d", made.Load(), len(tt.after))
				}
				if late := len(tt.after) - 1; tt.err == nil && int(closed.Load()) != late {
					t.Errorf("%d connections were closed, want %d", closed.Load(), late)
				}
			})
		})
	}
}

// countedConn counts how many of its kind are closed.
type countedConn struct {
	net.Conn
	closed *atomic.Int32
}

// Close implements net.Conn.
func (c countedConn) Close() error {
	c.closed.Add(1)
	return nil
}
