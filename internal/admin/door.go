package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// MaxDoorConns is how many HTTP connections the member port serves at a time.
// Probes need a handful; beyond that a connection is closed at once, so that
// HTTP callers cannot take the file descriptors that clients need.
const MaxDoorConns = 64

// DoorOptions are what a Door is made of.
type DoorOptions struct {
	Probe   Probe          // required
	Clients ClientSource   // nil: /filbert/debug/clients is 404
	Version ClusterVersion // nil: the cluster's version is 404
	Logger  *slog.Logger   // required
}

// A Door serves HTTP on connections of the member port.
//
// The member's listener reads the first bytes of a connection, sees an HTTP
// method and calls Serve; the Door's own server takes it from there. All methods
// may be called from any goroutine.
type Door struct {
	server *http.Server
	queue  *queue
}

// NewDoor returns a Door. It serves once Run is called.
func NewDoor(opts DoorOptions) *Door {
	mux := http.NewServeMux()
	health := healthHandler{probe: opts.Probe}
	mux.Handle(healthPath, health)
	mux.Handle(healthPath+"/", health)
	if opts.Version != nil {
		mux.Handle(versionPath, versionHandler{cluster: opts.Version})
	}
	if opts.Clients != nil {
		mux.Handle("GET "+clientsPath, clientsHandler(opts.Clients))
	}
	door := &Door{
		server: newServer(mux, answerTimeout, opts.Logger),
		queue:  newQueue(),
	}
	door.server.ConnState = door.queue.track
	return door
}

// Run serves the connections given to Serve until Close or Shutdown. It blocks,
// and is called once.
func (d *Door) Run() error {
	if err := d.server.Serve(d.queue); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http on the member port: %w", err)
	}
	return nil
}

// Serve takes over a connection of which the bytes in read were already taken.
// It returns at once and keeps conn but not read. It reports whether the
// connection is served: false when too many are, or when the Door is closed;
// then conn has been closed.
func (d *Door) Serve(conn net.Conn, read []byte) bool {
	prefix := make([]byte, len(read))
	copy(prefix, read)
	if d.queue.offer(&resumedConn{Conn: conn, prefix: prefix}) {
		return true
	}
	_ = conn.Close() // refused; there is nobody to tell
	return false
}

// Shutdown refuses new connections and waits, bounded by ctx, for the answers
// under way.
func (d *Door) Shutdown(ctx context.Context) error {
	if err := d.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("closing http on the member port: %w", err)
	}
	return d.queue.Close()
}

// Close refuses new connections and closes those there are.
func (d *Door) Close() error {
	return errors.Join(d.server.Close(), d.queue.Close())
}

// A resumedConn is a connection whose first bytes were read by someone else.
type resumedConn struct {
	net.Conn
	prefix []byte // what Read returns first
}

// Read returns what was read before, then what comes.
func (c *resumedConn) Read(p []byte) (int, error) {
	if len(c.prefix) > 0 {
		n := copy(p, c.prefix)
		c.prefix = c.prefix[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// A queue is the listener of a Door: Accept returns what offer was given.
type queue struct {
	conns  chan net.Conn
	closed chan struct{}

	mu struct {
		sync.Mutex
		open   int // connections offered and not yet closed; at most MaxDoorConns
		closed bool
	}
}

func newQueue() *queue {
	// As many places as connections may be open: a send never waits.
	return &queue{conns: make(chan net.Conn, MaxDoorConns), closed: make(chan struct{})}
}

// offer gives conn to the next Accept, and reports whether there was room.
func (q *queue) offer(conn net.Conn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mu.closed || q.mu.open == MaxDoorConns {
		return false
	}
	q.mu.open++
	q.conns <- conn // has room, see newQueue
	return true
}

// track counts the connections that the server is done with.
func (q *queue) track(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		q.mu.Lock()
		q.mu.open--
		q.mu.Unlock()
	}
}

// Accept implements net.Listener.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that were not accepted are closed.
func (q *queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.mu.closed {
		q.mu.closed = true
		close(q.closed)
	}
	for {
		select {
		case conn := <-q.conns:
			q.mu.open--
			_ = conn.Close() // never served; there is nobody to tell
		default:
			return nil
		}
	}
}

// Addr implements net.Listener. The address that counts is the member's.
func (*queue) Addr() net.Addr { return &net.TCPAddr{} }
