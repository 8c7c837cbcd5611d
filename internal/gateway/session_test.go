package gateway

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

func TestServedListsTheTable(t *testing.T) {
	text, err := os.ReadFile("../../protocol/served.txt")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			listed = append(listed, line)
		}
	}
	var served []string
	for _, info := range newWorld(t, 1, nil).nodes[0].g.Served() {
		served = append(served, info.Name)
	}
	if !slices.Equal(listed, served) {
		t.Errorf("protocol/served.txt does not list the table: write there\n%s", strings.Join(served, "\n"))
	}
}

func TestAuthenticationStatus(t *testing.T) {
	for _, c := range []struct {
		name                 string
		cluster, user, word  string
		serialization        byte
		wantUser, wantSecret string
		status               byte
	}{
		{name: "nothing asked", cluster: "dev", serialization: 1},
		{name: "anything given", cluster: "dev", user: "u", word: "p", serialization: 1},
		{name: "wrong cluster", cluster: "prod", serialization: 1, status: 1},
		{name: "right password", cluster: "dev", user: "u", word: "p", serialization: 1, wantUser: "u", wantSecret: "p"},
		{name: "wrong password", cluster: "dev", user: "u", word: "q", serialization: 1, wantUser: "u", wantSecret: "p", status: 1},
		{name: "wrong user", cluster: "dev", user: "v", word: "p", serialization: 1, wantUser: "u", wantSecret: "p", status: 1},
		{name: "old serialization", cluster: "dev", serialization: 0, status: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 1, func(o *Options) { o.Credentials = passwords(c.wantUser, c.wantSecret) })
			session := w.nodes[0].raw()
			var q protocol.ClientAuthenticationRequest
			m := authentication(7, c.cluster, c.user, c.word, w.uuid())
			if err := protocol.DecodeClientAuthenticationRequest(m, &q); err != nil {
				t.Fatal(err)
			}
			q.SerializationVersion = c.serialization
			var a protocol.ClientAuthenticationResponse
			answer := session.call(protocol.AppendClientAuthenticationRequest(nil, 7, -1, &q))
			if err := protocol.DecodeClientAuthenticationResponse(answer, &a); err != nil {
				t.Fatal(err)
			}
			if a.Status != c.status || session.s.Authenticated() != (c.status == 0) {
				t.Errorf("status %d, authenticated %v; want status %d", a.Status, session.s.Authenticated(), c.status)
			}
			if c.status != 0 {
				if a.Address != nil || a.PartitionCount != -1 {
					t.Errorf("a refused client learns %v, %d partitions", a.Address, a.PartitionCount)
				}
				return
			}
			if a.Address == nil || a.Address.Port != 5701 || cluster.UUID(a.MemberUUID) != w.nodes[0].id ||
				a.PartitionCount != int32(partitions) || a.ServerHazelcastVersion != "5.5.0" || len(a.MemberInfos) != 1 ||
				len(a.Partitions) != 1 || len(a.Partitions[0].Value) != partitions || a.FailoverSupported {
				t.Errorf("answer %+v", a)
			}
		})
	}
}

func TestOlderClientAuthenticates(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].raw()
	m := authentication(1, "dev", "", "", w.uuid())
	// Before 2.8 the head ended two bytes sooner.
	first := int(m[0]) + int(m[1])<<8
	older := append(slices.Clone(m[:first-2]), m[first:]...)
	older[0] -= 2
	var a protocol.ClientAuthenticationResponse
	if err := protocol.DecodeClientAuthenticationResponse(c.call(older), &a); err != nil || a.Status != 0 {
		t.Errorf("status %d, %v", a.Status, err)
	}
}

func TestCustomCredentials(t *testing.T) {
	for _, secured := range []bool{false, true} {
		w := newWorld(t, 1, func(o *Options) {
			if secured {
				o.Credentials = passwords("u", "")
			}
		})
		m := protocol.AppendClientAuthenticationCustomRequest(nil, 3, -1, &protocol.ClientAuthenticationCustomRequest{
			ClusterName: []byte("dev"), Credentials: []byte("token"), SerializationVersion: 1,
		})
		var a protocol.ClientAuthenticationCustomResponse
		if err := protocol.DecodeClientAuthenticationCustomResponse(w.nodes[0].raw().call(m), &a); err != nil {
			t.Fatal(err)
		}
		if (a.Status == 1) != secured {
			t.Errorf("secured %v: status %d", secured, a.Status)
		}
	}
}

func TestAuthenticationWaitsForTheMember(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	joined := n.view
	n.view = &cluster.View{Self: n.id}
	c := n.raw()
	c.send(authentication(1, "dev", "", "", w.uuid()))
	if len(c.got) != 0 {
		t.Fatalf("answered before the member has joined: %x", c.got[0])
	}
	before := n.view
	n.view = joined
	n.g.ViewChanged(before, joined)
	w.run()
	if c.answer(1) == nil || !c.s.Authenticated() {
		t.Error("not answered once the member has joined")
	}
}

// TestAuthenticationIsAnsweredByWhoLeaves: a client that is starting would wait for its timeout on a connection
// that closes without an answer.
func TestAuthenticationIsAnsweredByWhoLeaves(t *testing.T) {
	disconnected := func(t *testing.T, c *client) {
		t.Helper()
		c.w.run()
		holders, err := protocol.DecodeError(c.answer(1), nil)
		if err != nil || len(holders) == 0 || holders[0].ErrorCode != 52 || c.s.Authenticated() || c.closed == nil {
			t.Errorf("answer %+v %v, authenticated %v, closed %v", holders, err, c.s.Authenticated(), c.closed)
		}
	}
	t.Run("while it hands over", func(t *testing.T) {
		w := newWorld(t, 1, nil)
		leaving := *w.nodes[0].view
		leaving.Leaving = true
		w.nodes[0].view = &leaving
		c := w.nodes[0].raw()
		c.send(authentication(1, "dev", "", "", w.uuid()))
		disconnected(t, c)
	})
	t.Run("before it has joined", func(t *testing.T) {
		w := newWorld(t, 1, nil)
		w.nodes[0].view = &cluster.View{Self: w.nodes[0].id}
		c := w.nodes[0].raw()
		c.send(authentication(1, "dev", "", "", w.uuid()))
		w.nodes[0].g.Close()
		disconnected(t, c)
	})
}

func TestNothingBeforeAuthentication(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].raw()
	c.send(w.get("m", data("k")))
	if !errors.Is(c.closed, ErrNotAuthenticated) {
		t.Errorf("closed with %v", c.closed)
	}
	if len(c.got) != 1 || c.got[0].Type() != protocol.ErrorType {
		t.Errorf("got %x", c.types())
	}
}

func TestUnservedMessages(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	for _, x := range []struct {
		message []byte
		says    string
	}{
		{protocol.AppendMapAggregateRequest(nil, 1001, -1, &protocol.MapAggregateRequest{}), "Map.aggregate (0x013900) is not served"},
		{wire.FinishEmpty(wire.AppendNull(wire.AppendRequestHead(nil, 0x777700, 1002, -1, 0))), "0x777700"},
		{wire.FinishEmpty(wire.AppendNull(wire.AppendRequestHead(nil, 0x010101, 1003, -1, 0))), "0x010101"},
		{wire.FinishEmpty(wire.AppendNull(wire.AppendRequestHead(nil, -2, 1004, -1, 0))), "0xfffffffe"},
	} {
		e := c.fails(x.message)
		if e.ErrorCode != 61 || e.ClassName != "java.lang.UnsupportedOperationException" || !strings.Contains(e.Message.Value, x.says) {
			t.Errorf("%d %s: %s; want %s", e.ErrorCode, e.ClassName, e.Message.Value, x.says)
		}
	}
	if c.closed != nil {
		t.Errorf("closed: %v", c.closed)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.MaxNameBytes = 10 })
	c := w.nodes[0].connect()
	key := data("k")
	request := func(id int32, name string, key, value []byte) []byte {
		return protocol.AppendMapPutRequest(nil, w.correlation(), id, &protocol.MapPutRequest{Name: []byte(name), Key: key, Value: value})
	}
	null := wire.AppendRequestHead(nil, protocol.MapGetRequestType, w.correlation(), place(key), 8)
	null = protocol.AppendLong(null, 1)
	null = wire.FinishEmpty(wire.AppendNull(wire.AppendString(null, "m")))
	for name, x := range map[string]struct {
		message []byte
		code    int32
	}{
		"partition above the range": {request(int32(partitions), "m", key, key), 23},
		"partition below the range": {request(-2, "m", key, key), 23},
		"another key's partition":   {request((place(key)+1)%int32(partitions), "m", key, key), 23},
		"long name":                 {request(place(key), "eleven byte", key, key), 23},
		"short key":                 {request(0, "m", []byte("1234567"), key), 21},
		"short value":               {request(place(key), "m", key, nil), 21},
		"null key":                  {null, 37},
		"unknown service": {protocol.AppendClientCreateProxyRequest(nil, w.correlation(), -1,
			&protocol.ClientCreateProxyRequest{Name: []byte("m"), ServiceName: []byte("hz:impl:noService")}), 75},
	} {
		if e := c.fails(x.message); e.ErrorCode != x.code {
			t.Errorf("%s: error %d %s, want %d", name, e.ErrorCode, e.Message.Value, x.code)
		}
	}
	if c.closed != nil {
		t.Errorf("closed: %v", c.closed)
	}
}

func TestKeyWithoutPartition(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	key, value := data("k"), data("v")
	m := protocol.AppendMapSetRequest(nil, 5001, -1, &protocol.MapSetRequest{Name: []byte("m"), Key: key, Value: value, TTL: -1})
	if a := c.call(m); a.Type() != protocol.MapSetResponseType {
		t.Fatalf("answer %#06x", a.Type())
	}
	if got := c.value("m", key); !bytes.Equal(got, value) {
		t.Errorf("value %q", got)
	}
}

func TestLeaseHoldsOutput(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	c := n.connect()
	n.lease = false
	m := w.set("m", data("k"), data("v"))
	c.send(m)
	w.pass(300 * time.Millisecond)
	if c.answer(wire.Message(m).CorrelationID()) != nil {
		t.Fatal("answered without a lease")
	}
	n.lease = true
	w.pass(100 * time.Millisecond)
	if c.answer(wire.Message(m).CorrelationID()) == nil {
		t.Error("not answered once the lease is back")
	}
}

// What says nothing about data is answered without a lease: a client that hears nothing gives a healthy member up.
func TestPingsNeedNoLease(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	c := n.connect()
	get := w.get("m", data("k"))
	n.lease = false
	c.send(get)
	c.call(protocol.AppendClientPingRequest(nil, w.correlation(), -1, &protocol.ClientPingRequest{}))
	if c.answer(wire.Message(get).CorrelationID()) != nil {
		t.Error("the read was answered, too")
	}
	if c.closed != nil {
		t.Errorf("closed: %v", c.closed)
	}
}

// A client that comes to a member without a lease waits a moment for it, and is sent to the others then.
func TestAuthenticationWithoutLease(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	n.lease = false
	first, second := n.raw(), n.raw()
	m := authentication(w.correlation(), "dev", "", "", w.uuid())
	first.send(m)
	w.pass(leasePatience / 2)
	n.lease = true
	w.pass(200 * time.Millisecond)
	if a := first.answer(wire.Message(m).CorrelationID()); a == nil || a.Type() != protocol.ClientAuthenticationResponseType {
		t.Fatalf("with the lease back: %v", first.types())
	}
	n.lease = false
	m = authentication(w.correlation(), "dev", "", "", w.uuid())
	second.send(m)
	w.pass(leasePatience + 200*time.Millisecond)
	if a := second.answer(wire.Message(m).CorrelationID()); a == nil || a.Type() != protocol.ErrorType || !errors.Is(second.closed, errClosed) {
		t.Errorf("without a lease: %v, closed: %v", second.types(), second.closed)
	}
	if first.closed != nil {
		t.Errorf("who was there is closed: %v", first.closed)
	}
}

func TestClientThatDoesNotRead(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.MaxOutputBytes = 4000 })
	c := w.nodes[0].connect()
	value := data(strings.Repeat("x", 1500))
	c.call(w.set("m", data("k"), value))
	for range 4 { // three are over the limit, and nobody takes them
		c.s.Attend()
		if err := c.s.Handle(w.get("m", data("k"))); err != nil {
			t.Fatal(err)
		}
		c.s.Settle()
	}
	if !errors.Is(c.closed, errSlow) {
		t.Errorf("closed: %v", c.closed)
	}
}

// TestClientThatTakesNothing: one that is there and takes nothing of its output is disconnected; one that takes some now and then is not.
func TestClientThatTakesNothing(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.HeartbeatTimeout = 20 * time.Second })
	deaf, slow := w.nodes[0].connect(), w.nodes[0].connect()
	slow.load(60_000, 10)
	deaf.slow, slow.slow = true, true
	deaf.send(w.askKeys())
	slow.send(w.askKeys())
	deaf.takeOnce() // a piece is on its way, and gets stuck
	for range 4 {
		slow.takeOnce()
		w.run()
		slow.s.Wrote(1000) // of what is on its way
		w.pass(8 * time.Second)
		deaf.send(w.ping())
		slow.send(w.ping())
		w.run()
	}
	if !errors.Is(deaf.closed, errSlow) || !strings.Contains(deaf.closed.Error(), "nothing in 20s") || slow.closed != nil {
		t.Errorf("closed: deaf client %v, slow client %v", deaf.closed, slow.closed)
	}
}

// TestOutputOfAllIsBounded: when all clients together leave too much unread, those with the most go.
func TestOutputOfAllIsBounded(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.MaxOutputTotal = 10_000 })
	value := data(strings.Repeat("x", 1000))
	var clients []*client
	for range 4 {
		clients = append(clients, w.nodes[0].connect())
	}
	clients[0].call(w.set("m", data("k"), value))
	for i, c := range clients {
		c.slow = true
		for range 1 << i { // 1, 2, 4 and 8
			c.begin(w.get("m", data("k")))
		}
	}
	w.pass(100 * time.Millisecond)
	for i, c := range clients {
		if gone := c.closed != nil; gone != (i == 3) || (gone && !errors.Is(c.closed, errSlow)) {
			t.Errorf("client %d is closed: %v", i, c.closed)
		}
	}
}

func TestSilentSessionsEnd(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.HeartbeatTimeout = 20 * time.Second })
	stranger, talker, mute := w.nodes[0].raw(), w.nodes[0].connect(), w.nodes[0].connect()
	for range 3 {
		w.pass(8 * time.Second)
		talker.call(protocol.AppendClientPingRequest(nil, w.correlation(), -1, &protocol.ClientPingRequest{}))
	}
	if !errors.Is(stranger.closed, errSilent) || !errors.Is(mute.closed, errSilent) || talker.closed != nil {
		t.Errorf("closed: stranger %v, silent client %v, talking client %v", stranger.closed, mute.closed, talker.closed)
	}
}

func TestSessionLimit(t *testing.T) {
	w := newWorld(t, 1, func(o *Options) { o.Limits.MaxSessions = 2 })
	g := w.nodes[0].g
	first := g.NewSession(&client{w: w})
	if first == nil || g.NewSession(&client{w: w}) == nil || g.NewSession(&client{w: w}) != nil {
		t.Fatal("want two sessions and no third")
	}
	first.Closed()
	if g.NewSession(&client{w: w}) == nil {
		t.Error("want a session in the place of the one that ended")
	}
	g.Close()
	if g.NewSession(&client{w: w}) != nil {
		t.Error("a closed gateway takes sessions")
	}
}

func TestErrorsKeepTheirText(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	key := data("k")
	e := c.fails(protocol.AppendMapUnlockRequest(nil, w.correlation(), place(key), &protocol.MapUnlockRequest{Name: []byte("m"), Key: key}))
	code, _ := fault.CodeOf(fault.ErrIllegalMonitorState)
	if e.ErrorCode != code || !strings.HasPrefix(e.Message.Value, "Current thread is not owner of the lock!") {
		t.Errorf("error %d %q", e.ErrorCode, e.Message.Value)
	}
}

func TestStatisticsAndClients(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	c.call(protocol.AppendClientStatisticsRequest(nil, w.correlation(), -1, &protocol.ClientStatisticsRequest{
		ClientAttributes: []byte("a=b"), MetricsBlob: []byte{1, 2},
	}))
	clients := w.nodes[0].g.Clients()
	if len(clients) != 1 {
		t.Fatalf("clients %+v", clients)
	}
	got := clients[0]
	if got.UUID != c.id.String() || got.Name != "c" || got.Type != "GOO" || !slices.Equal(got.Labels, []string{"a", "b"}) ||
		got.Attributes != "a=b" || !bytes.Equal(got.Metrics, []byte{1, 2}) {
		t.Errorf("client %+v", got)
	}
	c.call(w.set("m", data("k"), data("v")))
	c.fails(protocol.AppendMapUnlockRequest(nil, w.correlation(), place(data("k")),
		&protocol.MapUnlockRequest{Name: []byte("m"), Key: data("k")}))
	stats := w.nodes[0].g.Stats()
	for _, o := range stats.Operations {
		switch o.Name {
		case "Map.set":
			if o.Latency.Count() != 1 || o.Errors != 0 {
				t.Errorf("Map.set: %d, %d errors", o.Latency.Count(), o.Errors)
			}
		case "Map.unlock":
			if o.Latency.Count() != 1 || o.Errors != 1 {
				t.Errorf("Map.unlock: %d, %d errors", o.Latency.Count(), o.Errors)
			}
		}
	}
	if stats.Connections != 1 || len(stats.Operations) != 4 {
		t.Errorf("stats %+v", stats)
	}
}

// passwords is the configuration of one user, of everybody when both are empty.
func passwords(name, secret string) config.ClientAuthentication {
	if name == "" && secret == "" {
		return config.ClientAuthentication{Method: config.AuthenticateClusterName}
	}
	return config.ClientAuthentication{Method: config.AuthenticatePassword, Users: []config.User{{Name: name, Password: secret}}}
}
