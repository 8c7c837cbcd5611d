package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// serve lets a gateway of one member, with workers, serve connections of a real listener.
func serve(t *testing.T) (g *Gateway, address string) {
	t.Helper()
	var clock atomic.Int64
	w := newWorld(t, 1, func(o *Options) {
		o.Run = func(job func()) { go job() }
		o.Clock = func() time.Duration { return time.Duration(clock.Add(int64(time.Microsecond))) }
	})
	g = w.nodes[0].g
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var live sync.WaitGroup
	live.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			live.Go(func() { g.Serve(conn, []byte("CP2")) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		g.Close()
		live.Wait()
	})
	return g, l.Addr().String()
}

// tcpClient is a connection of a client.
type tcpClient struct {
	tb   testing.TB
	conn net.Conn
	r    *wire.Reader
}

func dial(tb testing.TB, address string) *tcpClient {
	tb.Helper()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &tcpClient{tb: tb, conn: conn, r: wire.NewReader(wire.Limits{})}
}

func (s *tcpClient) write(messages ...[]byte) {
	s.tb.Helper()
	for _, m := range messages {
		if _, err := s.conn.Write(m); err != nil {
			s.tb.Fatal(err)
		}
	}
}

// next returns the next message, or why there is none.
func (s *tcpClient) next() (wire.Message, error) {
	for {
		if m, err := s.r.Next(); m != nil || err != nil {
			return m, err
		}
		n, err := s.conn.Read(s.r.Buffer())
		if err != nil {
			return nil, err
		}
		s.r.Advance(n)
	}
}

func (s *tcpClient) authenticate() {
	s.tb.Helper()
	s.write(authentication(1, "dev", "", "", [16]byte{1}))
	if m, err := s.next(); err != nil || m.Type() != protocol.ClientAuthenticationResponseType {
		s.tb.Fatalf("authentication: %v", err)
	}
}

func TestServePipelined(t *testing.T) {
	_, address := serve(t)
	var clients sync.WaitGroup
	for id := range int64(4) {
		s := dial(t, address)
		s.authenticate()
		clients.Go(func() {
			const count = 2000
			clients.Go(func() {
				for i := range int64(count) {
					key := keyAt(int32((id + i) % int64(partitions)))
					m := protocol.AppendMapSetRequest(nil, i, place(key), &protocol.MapSetRequest{Name: []byte("m"), Key: key, Value: key, TTL: -1})
					if i%100 == 0 {
						m = protocol.AppendMapSizeRequest(nil, i, -1, &protocol.MapSizeRequest{Name: []byte("m")})
					}
					if _, err := s.conn.Write(m); err != nil {
						t.Error(err)
						return
					}
				}
			})
			seen := make([]bool, count)
			for range count {
				m, err := s.next()
				if err != nil {
					t.Error(err)
					return
				}
				if id := m.CorrelationID(); m.Type() == protocol.ErrorType || seen[id] {
					t.Errorf("answer %#06x to %d, seen %v", m.Type(), id, seen[id])
				} else {
					seen[id] = true
				}
			}
		})
	}
	clients.Wait()
}

// TestServeInPieces: messages that come byte by byte, and two in one packet.
func TestServeInPieces(t *testing.T) {
	_, address := serve(t)
	s := dial(t, address)
	auth := authentication(1, "dev", "", "", [16]byte{1})
	for i := range auth {
		s.write(auth[i : i+1])
	}
	if _, err := s.next(); err != nil {
		t.Fatal(err)
	}
	ping := protocol.AppendClientPingRequest(nil, 2, -1, &protocol.ClientPingRequest{})
	s.write(bytes.Repeat(ping, 2))
	for range 2 {
		if m, err := s.next(); err != nil || m.Type() != protocol.ClientPingResponseType {
			t.Fatalf("%v", err)
		}
	}
}

func TestServeEndsBadConnections(t *testing.T) {
	_, address := serve(t)
	huge := binary.LittleEndian.AppendUint32(nil, 1<<30)
	huge = binary.LittleEndian.AppendUint16(huge, 0xc000)
	for name, bad := range map[string][]byte{
		"garbage":                      bytes.Repeat([]byte{0xff}, 100),
		"announced gigabyte":           huge,
		"message before authenticated": protocol.AppendClientPingRequest(nil, 2, -1, &protocol.ClientPingRequest{}),
		"large message before authenticated": protocol.AppendClientStatisticsRequest(nil, 2, -1,
			&protocol.ClientStatisticsRequest{MetricsBlob: make([]byte, 100_000)}),
	} {
		s := dial(t, address)
		_, _ = s.conn.Write(bad)
		for {
			m, err := s.next()
			if err == nil && m.Type() == protocol.ErrorType {
				continue // and then the end
			}
			var refused net.Error
			if !errors.Is(err, io.EOF) && !errors.As(err, &refused) {
				t.Errorf("%s: %v", name, err)
			}
			break
		}
	}
	s := dial(t, address)
	s.authenticate()
	s.write(protocol.AppendClientPingRequest(nil, 2, -1, &protocol.ClientPingRequest{}))
	if _, err := s.next(); err != nil {
		t.Errorf("another client: %v", err)
	}
}

// TestLargeAfterAuthentication: the limit rises as soon as the client is known, also for what was sent at once.
func TestLargeAfterAuthentication(t *testing.T) {
	_, address := serve(t)
	s := dial(t, address)
	key, value := data("k"), make([]byte, 1<<20)
	set := protocol.AppendMapSetRequest(nil, 2, place(key), &protocol.MapSetRequest{Name: []byte("m"), Key: key, Value: value, TTL: -1})
	s.write(slices.Concat(authentication(1, "dev", "", "", [16]byte{1}), set))
	for _, want := range []int32{protocol.ClientAuthenticationResponseType, protocol.MapSetResponseType} {
		if m, err := s.next(); err != nil || m.Type() != want {
			t.Fatalf("%v, want %#06x", err, want)
		}
	}
}

// TestCloseEndsConnections: a client reads the end, and what it was writing meanwhile does not turn it into a reset.
func TestCloseEndsConnections(t *testing.T) {
	g, address := serve(t)
	s := dial(t, address)
	s.authenticate()
	g.Close()
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ends with %v", err)
	}
	for range 1000 {
		s.write(make([]byte, 1<<10))
	}
	_ = s.conn.Close()
	g.Wait()
}

// TestTooLargeMessage: a message that is larger than one may be is answered, by name and limit, and the connection goes on.
func TestTooLargeMessage(t *testing.T) {
	g, address := serve(t)
	g.Limits.After.MaxMessage = 100_000
	s := dial(t, address)
	s.authenticate()
	key := data("k")
	set := func(id int64, size int) []byte {
		return protocol.AppendMapSetRequest(nil, id, place(key), &protocol.MapSetRequest{Name: []byte("m"), Key: key, Value: make([]byte, size), TTL: -1})
	}
	s.write(slices.Concat(set(2, 90_000), set(3, 100_000), set(4, 1_000_000), set(5, 90_000)))
	answers := map[int64]int32{}
	for range 4 {
		m, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		if answers[m.CorrelationID()] = m.Type(); m.Type() == protocol.ErrorType {
			e, err := protocol.DecodeError(m, nil)
			if err != nil || e[0].ErrorCode != 69 || !strings.Contains(e[0].Message.Value, "at most 100000: Map.set (filbert.limit.message.bytes)") {
				t.Errorf("error %+v, %v", e, err)
			}
		}
	}
	want := map[int64]int32{2: protocol.MapSetResponseType, 3: protocol.ErrorType, 4: protocol.ErrorType, 5: protocol.MapSetResponseType}
	if !maps.Equal(answers, want) {
		t.Errorf("answers %v, want %v", answers, want)
	}
}
