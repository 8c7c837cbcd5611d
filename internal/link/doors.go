package link

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/lograte"
)

// One port, three languages: the first bytes tell which. Serve reads them and
// hands the connection over to a door, with the bytes it has read. Whoever says
// nothing, or something else, is no matter to anybody: such connections are
// limited in time and number, and their log lines in rate.

// ClientPreamble is what connections of clients begin with (client protocol 2.x).
const ClientPreamble = "CP2"

// wrongDoor is what Hazelcast answers to one that speaks a known language at a
// port for another; clients then say so instead of waiting.
const wrongDoor = "HZX"

// partingTime bounds how long a client is listened to that came to the wrong port.
const partingTime = time.Second

// identification is how many bytes tell the language.
const identification = 3

// A Door takes over a connection: it closes it, and nobody else touches it
// again. It is called on a goroutine of the connection's own. Ahead has been
// read from the connection already; it stays valid.
type Door func(conn net.Conn, ahead []byte)

// Doors are where Serve leads. A nil door is closed: its language is refused.
type Doors struct {
	Client, Member, HTTP Door
}

// DoorLimits bound the connections that have not said which language they
// speak. The zero value of a field takes its default.
type DoorLimits struct {
	// Silence is how long a connection may say nothing: default 5 s, many round
	// trips, and the first bytes are sent with no wait by every client.
	Silence time.Duration
	// Silent is how many may say nothing at once; one more closes the oldest.
	// Default 4096: each costs a goroutine and a descriptor, some 50 MB at most.
	Silent int
}

// doorway is one Serve.
type doorway struct {
	doors  Doors
	limits DoorLimits
	logger *slog.Logger
	lines  *lograte.Limiter
	live   sync.WaitGroup // connections that have not gone through a door

	mu struct {
		sync.Mutex
		silent list.List // of net.Conn, oldest first
		closed bool
	}
}

// Serve accepts connections and leads each to its door until the listener is
// closed. It then closes those that have said nothing yet, and returns; those
// that went through a door are the door's. The error tells why accepting
// ended, nil when the listener was closed.
func Serve(listener net.Listener, doors Doors, limits DoorLimits, logger *slog.Logger) error {
	d := &doorway{doors: doors, limits: limits, logger: logger, lines: lograte.New(lograte.Options{})}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	d.limits.Silence = orDefault(d.limits.Silence, 5*time.Second)
	d.limits.Silent = orDefault(d.limits.Silent, 4096)
	err := d.accept(listener)
	d.close()
	d.live.Wait()
	return err
}

func (d *doorway) accept(listener net.Listener) error {
	const firstPause, lastPause = 5 * time.Millisecond, time.Second
	pause := firstPause
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			pause = firstPause
			if place := d.enter(conn); place != nil {
				go d.lead(conn, place)
			}
		case errors.Is(err, net.ErrClosed):
			return nil
		case isTemporary(err):
			// No descriptors left: those that say nothing go first, then time helps.
			d.closeOldest("out of descriptors")
			if left, ok := d.lines.Allow("accept"); ok {
				d.logger.Warn("cannot accept connections", slog.Any("reason", err), slog.Int64("left_out", left))
			}
			<-time.After(pause)
			pause = min(2*pause, lastPause)
		default:
			return fmt.Errorf("link: accepting connections: %w", err)
		}
	}
}

// isTemporary tells a shortage of the machine from a listener that is broken.
func isTemporary(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// enter notes a new connection as silent, nil when Serve ends.
func (d *doorway) enter(conn net.Conn) *list.Element {
	place, oldest := d.add(conn)
	if oldest != nil {
		d.evict(oldest, "too many")
	}
	if place == nil {
		_ = conn.Close() // nobody is there any more
	}
	return place
}

// add gives a connection its place among the silent, and returns the one that
// has to go for it, if any.
func (d *doorway) add(conn net.Conn) (place *list.Element, oldest net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.closed {
		return nil, nil
	}
	if d.mu.silent.Len() >= d.limits.Silent {
		oldest = d.removeOldest()
	}
	d.live.Add(1)
	return d.mu.silent.PushBack(conn), oldest
}

// leave notes that a connection is no longer silent; false if it was closed for
// being so.
func (d *doorway) leave(place *list.Element) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if place.Value == nil {
		return false
	}
	d.mu.silent.Remove(place)
	return true
}

// closeOldest closes the connection that has been silent for the longest time.
func (d *doorway) closeOldest(why string) {
	d.mu.Lock()
	oldest := d.removeOldest()
	d.mu.Unlock()
	if oldest != nil {
		d.evict(oldest, why)
	}
}

// removeOldest takes away the place of the connection that has been silent for
// the longest time, nil when there is none; d.mu must be held.
func (d *doorway) removeOldest() net.Conn {
	oldest := d.mu.silent.Front()
	if oldest == nil {
		return nil
	}
	conn, _ := d.mu.silent.Remove(oldest).(net.Conn)
	oldest.Value = nil
	return conn
}

// evict closes a silent connection that has lost its place.
func (d *doorway) evict(conn net.Conn, why string) {
	_ = conn.Close() // it said nothing, so nothing can be lost
	if left, ok := d.lines.Allow("evict"); ok {
		d.logger.Warn("closed a connection that said nothing", slog.String("remote", conn.RemoteAddr().String()),
			slog.String("reason", why), slog.Int64("left_out", left))
	}
}

// close closes all that are silent, and those that come.
func (d *doorway) close() {
	d.mu.Lock()
	d.mu.closed = true
	var silent []net.Conn
	for conn := d.removeOldest(); conn != nil; conn = d.removeOldest() {
		silent = append(silent, conn)
	}
	d.mu.Unlock()
	for _, conn := range silent {
		_ = conn.Close() // it said nothing, so nothing can be lost
	}
}

// lead reads the first bytes of a connection and goes through the door they mean.
func (d *doorway) lead(conn net.Conn, place *list.Element) {
	door, ahead := d.open(conn, place)
	d.live.Done()
	if door != nil {
		door(conn, ahead)
	}
}

// open returns the door that a connection asks for; nil when it was closed instead.
func (d *doorway) open(conn net.Conn, place *list.Element) (Door, []byte) {
	ahead, err := d.identify(conn)
	if !d.leave(place) {
		return nil, nil
	}
	if err != nil {
		d.turnAway(conn, ahead, err)
		return nil, nil
	}
	door, language := d.choose(ahead)
	if door != nil {
		return door, ahead
	}
	if language == ClientPreamble {
		_ = conn.SetDeadline(time.Now().Add(partingTime)) // a closed connection fails at the write
		if _, err := io.WriteString(conn, wrongDoor); err == nil {
			partingRead(conn)
		}
	}
	d.turnAway(conn, ahead, errNoDoor)
	return nil, nil
}

var (
	errNoDoor  = errors.New("nothing at this port speaks that")
	errSilence = errors.New("said nothing in time")
)

// identify reads the first bytes within the time for it.
func (d *doorway) identify(conn net.Conn) ([]byte, error) {
	ahead := make([]byte, identification)
	_ = conn.SetReadDeadline(time.Now().Add(d.limits.Silence)) // a closed connection fails at the read
	n, err := io.ReadFull(conn, ahead)
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			err = errSilence
		}
		return ahead[:n], err
	}
	return ahead, conn.SetReadDeadline(time.Time{})
}

// choose returns the door for a language, and the language's name.
func (d *doorway) choose(ahead []byte) (Door, string) {
	switch language := string(ahead); language {
	case ClientPreamble:
		return d.doors.Client, language
	case Preamble:
		return d.doors.Member, language
	case "GET", "HEA", "POS", "PUT", "DEL", "PAT", "OPT":
		return d.doors.HTTP, "HTTP"
	default:
		return nil, language
	}
}

// turnAway closes a connection and says what it was. A probe of the port that
// connects and closes is no matter.
func (d *doorway) turnAway(conn net.Conn, ahead []byte, err error) {
	remote := conn.RemoteAddr().String()
	_ = conn.Close() // nobody waits for what was not asked
	if errors.Is(err, io.EOF) {
		return
	}
	what := describe(ahead)
	if left, ok := d.lines.Allow(what); ok {
		d.logger.Warn("connection refused", slog.String("remote", remote), slog.String("what", what),
			slog.Any("reason", err), slog.Int64("left_out", left))
	}
}

// describe names what begins with these bytes, as far as one can tell. The
// number of its results is bounded, since they are keys of the log's limits.
func describe(ahead []byte) string {
	first := string(ahead)
	switch {
	case first == "":
		return "nothing"
	case strings.HasPrefix(first, "\x16\x03"):
		return "a TLS handshake, and TLS is off"
	case first == ClientPreamble:
		return "a client, and this port is not for clients"
	case first == Preamble:
		return "a member, and this port is not for members"
	case first == "CB1", first == "CB2", first == "CP1":
		return "a client of protocol 1.x (Hazelcast 3), which is not served: 2.x is (Hazelcast 4 and 5)"
	case first == "HZC":
		return "a member of a Hazelcast cluster, which cannot be joined"
	case first == "SSH":
		return "an SSH client"
	case len(first) == identification && strings.Trim(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return "text that is no served protocol"
	}
	return "unknown bytes"
}
