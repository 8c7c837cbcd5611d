package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// owners is a partition table as the placers see it: for each partition the place of its member in target.members, -1
// if that is none of them.
type owners struct {
	table   atomic.Pointer[[]int32]
	changes atomic.Int64 // how many tables came after the first
}

func (o *owners) load() []int32 { return *o.table.Load() }

// Correlation ids of the control connection.
const (
	authCorrelation = 1 + iota
	proxyCorrelation
	viewCorrelation
	assignCorrelation
	pingCorrelation
)

// pingInterval keeps the control connection alive: members end those of clients that say nothing for a minute and more.
const pingInterval = 5 * time.Second

// control is the connection that tells who is in the cluster.
type control struct {
	conn    net.Conn
	reader  *wire.Reader
	self    protocol.UUID         // the member that tells
	count   int32                 // of partitions
	members []protocol.MemberInfo // those with data, nil until known
	version int32                 // of the newest table
	table   []protocol.Pair[protocol.UUID, []int32]
}

// connectClient asks one member for the cluster, and opens the connections that a smart client, or one that is not, would
// have.
func (o *Options) connectClient(ctx context.Context) (*target, error) {
	c := &control{reader: wire.NewReader(wire.Limits{}), version: -1}
	var err error
	c.conn, err = dial(ctx, o.Address, func(conn net.Conn) error {
		c.conn = conn
		return c.look(o)
	})
	if err != nil {
		return nil, err
	}
	shape := o.shape()
	t := &target{keys: &keyFormat{data: keyData(shape.key()), digits: shape.digits, partitions: c.count}, members: []string{o.Address}}
	ids := []protocol.UUID{{}}
	if o.Smart {
		t.members, ids = c.addresses(o.Only)
		if len(ids) == 0 {
			_ = c.conn.Close()
			return nil, fmt.Errorf("%w: %s has no data: --only-address needs another", ErrConnect, o.Address)
		}
	}
	t.close = func() {
		_ = c.conn.Close()
		t.closeAll()
	}
	err = t.dialAll(ctx, o.Connections, func(conn net.Conn) error {
		_, _, err := o.authenticate(conn, wire.NewReader(wire.Limits{}))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w (with --smart=false only --address is used)", err)
	}
	if !o.Smart {
		_ = c.conn.Close()
		t.close = t.closeAll
		return t, nil
	}
	t.table = &owners{}
	c.publish(t.table, ids)
	t.close = c.follow(t, ids)
	return t, nil
}

// look lets the control connection in and waits until members and the owners of all partitions are known.
func (c *control) look(o *Options) error {
	var err error
	if c.count, c.self, err = o.authenticate(c.conn, c.reader); err != nil {
		return err
	}
	b := protocol.AppendClientCreateProxyRequest(nil, proxyCorrelation, -1, &protocol.ClientCreateProxyRequest{
		Name: []byte(o.firstMap()), ServiceName: []byte("hz:impl:mapService"),
	})
	b = protocol.AppendClientAddClusterViewListenerRequest(b, viewCorrelation, -1, &protocol.ClientAddClusterViewListenerRequest{})
	b = protocol.AppendClientTriggerPartitionAssignmentRequest(b, assignCorrelation, -1, &protocol.ClientTriggerPartitionAssignmentRequest{})
	if _, err := c.conn.Write(b); err != nil {
		return err
	}
	for c.members == nil || !c.assigned() {
		m, err := receive(c.conn, c.reader)
		if err != nil {
			return fmt.Errorf("waiting for members and partitions: %w", err)
		}
		if m.Type() == protocol.ErrorType && m.CorrelationID() != assignCorrelation {
			_, reason := refusal(m)
			return fmt.Errorf("asking for the map and the cluster: %s", reason)
		}
		if err := c.take(m); err != nil {
			return err
		}
	}
	return nil
}

// authenticate makes a connection one of a client, each of its own identity, and returns the partition count and who it leads to.
func (o *Options) authenticate(conn net.Conn, reader *wire.Reader) (partitions int32, member protocol.UUID, err error) {
	var id protocol.UUID
	_, _ = rand.Read(id[:]) // it never fails
	request := protocol.ClientAuthenticationRequest{
		ClusterName: []byte(o.ClusterName), UUID: id, ClientType: []byte("FLB"), SerializationVersion: 1,
		ClientHazelcastVersion: []byte("5.5.0"), ClientName: []byte("filbert-bench"),
	}
	if o.Username != "" || o.Password != "" {
		request.Username, request.Password = []byte(o.Username), []byte(o.Password)
	}
	if _, err := conn.Write(protocol.AppendClientAuthenticationRequest([]byte("CP2"), authCorrelation, -1, &request)); err != nil {
		return 0, member, err
	}
	m, err := receive(conn, reader)
	if err != nil {
		return 0, member, err
	}
	if m.Type() == protocol.ErrorType {
		_, reason := refusal(m)
		return 0, member, fmt.Errorf("authentication: %s", reason)
	}
	var r protocol.ClientAuthenticationResponse
	if err := protocol.DecodeClientAuthenticationResponse(m, &r); err != nil {
		return 0, member, err
	}
	switch {
	case r.Status != 0:
		return 0, member, fmt.Errorf("%w of cluster %q", errRefused, o.ClusterName)
	case r.PartitionCount < 1 || r.PartitionCount > maxPartitions:
		return 0, member, fmt.Errorf("%w: %d partitions", errStream, r.PartitionCount)
	}
	return r.PartitionCount, r.MemberUUID, nil
}

// errRefused is returned when a member does not let the generator in.
var errRefused = errors.New("--cluster-name, --username or --password is not that")

// maxPartitions bounds the tables that are made for a cluster; Hazelcast's own limit is far below.
const maxPartitions = 1 << 16

// receive returns the next message.
func receive(conn net.Conn, reader *wire.Reader) (wire.Message, error) {
	for {
		m, err := reader.Next()
		if m != nil || err != nil {
			return m, err
		}
		n, err := conn.Read(reader.Buffer())
		if err != nil {
			return nil, err
		}
		reader.Advance(n)
	}
}

// take takes a message of the cluster view; others are passed over.
func (c *control) take(m wire.Message) error {
	switch m.Type() {
	case protocol.ClientAddClusterViewListenerMembersViewEventType:
		var e protocol.ClientAddClusterViewListenerMembersViewEvent
		if err := protocol.DecodeClientAddClusterViewListenerMembersViewEvent(m, &e); err != nil {
			return err
		}
		c.members = nil
		for i := range e.MemberInfos {
			if !e.MemberInfos[i].LiteMember {
				c.members = append(c.members, e.MemberInfos[i])
			}
		}
	case protocol.ClientAddClusterViewListenerPartitionsViewEventType:
		var e protocol.ClientAddClusterViewListenerPartitionsViewEvent
		if err := protocol.DecodeClientAddClusterViewListenerPartitionsViewEvent(m, &e); err != nil {
			return err
		}
		if e.Version > c.version {
			c.version, c.table = e.Version, e.Partitions
		}
	}
	return nil
}

// assigned reports whether every partition has an owner: a cluster that was never used may have none yet.
func (c *control) assigned() bool {
	n := 0
	for _, p := range c.table {
		n += len(p.Value)
	}
	return n >= int(c.count)
}

// addresses returns the members with data and their ids; with only set, no other than the one that tells.
func (c *control) addresses(only bool) (addresses []string, ids []protocol.UUID) {
	for i := range c.members {
		m := &c.members[i]
		if only && m.UUID != c.self {
			continue
		}
		addresses = append(addresses, net.JoinHostPort(m.Address.Host, strconv.Itoa(int(m.Address.Port))))
		ids = append(ids, m.UUID)
	}
	return addresses, ids
}

// publish gives the newest table to the placers.
func (c *control) publish(to *owners, ids []protocol.UUID) {
	table := make([]int32, c.count)
	for i := range table {
		table[i] = -1
	}
	for _, p := range c.table {
		for place, id := range ids {
			if id != p.Key {
				continue
			}
			for _, partition := range p.Value {
				if partition >= 0 && partition < c.count {
					table[partition] = int32(place)
				}
			}
		}
	}
	to.table.Store(&table)
}

// follow keeps the table up to date until the function that it returns is called, which closes everything.
func (c *control) follow(t *target, ids []protocol.UUID) (end func()) {
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for known := c.version; ; known = c.version {
			m, err := receive(c.conn, c.reader)
			if err != nil || c.take(m) != nil {
				return // the table stays as it is; the server passes on what is not its own
			}
			if c.version != known {
				c.publish(t.table, ids)
				t.table.changes.Add(1)
			}
		}
	})
	wg.Go(func() {
		ping := protocol.AppendClientPingRequest(nil, pingCorrelation, -1, &protocol.ClientPingRequest{})
		for ticks := time.NewTicker(pingInterval); ; {
			select {
			case <-ended:
				ticks.Stop()
				return
			case <-ticks.C:
				if _, err := c.conn.Write(ping); err != nil {
					return
				}
			}
		}
	})
	return func() {
		close(ended)
		_ = c.conn.Close()
		wg.Wait()
		t.closeAll()
	}
}
