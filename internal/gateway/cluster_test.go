package gateway

import (
	"fmt"
	"slices"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// views returns the versions of the lists and tables that a client was sent.
func (c *client) views() (lists, tables []int32) {
	for _, m := range c.got {
		switch m.Type() {
		case protocol.ClientAddClusterViewListenerMembersViewEventType:
			var e protocol.ClientAddClusterViewListenerMembersViewEvent
			if err := protocol.DecodeClientAddClusterViewListenerMembersViewEvent(m, &e); err != nil {
				c.w.tb.Fatal(err)
			}
			lists = append(lists, e.Version)
		case protocol.ClientAddClusterViewListenerPartitionsViewEventType:
			var e protocol.ClientAddClusterViewListenerPartitionsViewEvent
			if err := protocol.DecodeClientAddClusterViewListenerPartitionsViewEvent(m, &e); err != nil {
				c.w.tb.Fatal(err)
			}
			tables = append(tables, e.Version)
		}
	}
	return lists, tables
}

func TestClusterView(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	c.call(protocol.AppendClientAddClusterViewListenerRequest(nil, w.correlation(), -1, &protocol.ClientAddClusterViewListenerRequest{}))
	w.move(3, 0)
	w.install()
	w.install() // nothing has changed
	w.list = &cluster.List{Mark: cluster.Mark{Version: 4}, Members: w.list.Members}
	w.install()
	lists, tables := c.views()
	if !slices.Equal(lists, []int32{1, 4}) || !slices.Equal(tables, []int32{1, 2}) {
		t.Errorf("lists %v, tables %v", lists, tables)
	}
}

func TestNewLifeEndsSessions(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	other := *w.doc
	other.ClusterID = w.uuid()
	w.doc = &other
	w.install()
	if c.closed == nil {
		t.Error("a session goes on in another cluster")
	}
}

func (c *client) objects() (names []string) {
	c.w.tb.Helper()
	var a protocol.ClientGetDistributedObjectsResponse
	m := protocol.AppendClientGetDistributedObjectsRequest(nil, c.w.correlation(), -1, &protocol.ClientGetDistributedObjectsRequest{})
	if err := protocol.DecodeClientGetDistributedObjectsResponse(c.call(m), &a); err != nil {
		c.w.tb.Fatal(err)
	}
	for _, o := range a.Response {
		names = append(names, o.ServiceName+" "+o.Name)
	}
	return names
}

func TestDistributedObjects(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[1].connect()
	// Both listen as a client does that is connected to all members: they hear once together.
	for _, x := range []*client{c, other} {
		x.call(protocol.AppendClientAddDistributedObjectListenerRequest(nil, w.correlation(), -1,
			&protocol.ClientAddDistributedObjectListenerRequest{LocalOnly: true}))
	}
	create := func(name, service string) []byte {
		return protocol.AppendClientCreateProxyRequest(nil, w.correlation(), -1,
			&protocol.ClientCreateProxyRequest{Name: []byte(name), ServiceName: []byte(service)})
	}
	c.call(create("m", "hz:impl:mapService"))
	c.call(create("m", "hz:impl:mapService"))
	c.call(protocol.AppendClientCreateProxiesRequest(nil, w.correlation(), -1, &protocol.ClientCreateProxiesRequest{
		Proxies: []protocol.Pair[string, string]{{Key: "m", Value: "hz:impl:mapService"}, {Key: "q", Value: "hz:impl:queueService"}},
	}))
	want := []string{"hz:impl:mapService m", "hz:impl:queueService q"}
	if got := other.objects(); !slices.Equal(got, want) {
		t.Errorf("objects %q", got)
	}
	for id := range int32(partitions) {
		c.call(w.set("m", keyAt(id), data("v")))
	}
	destroy := protocol.AppendClientDestroyProxyRequest(nil, w.correlation(), -1,
		&protocol.ClientDestroyProxyRequest{Name: []byte("m"), ServiceName: []byte("hz:impl:mapService")})
	if a := other.call(destroy); a.Type() != protocol.ClientDestroyProxyResponseType {
		t.Fatalf("answer %#06x", a.Type())
	}
	if got := c.objects(); !slices.Equal(got, want[1:]) {
		t.Errorf("objects %q", got)
	}
	if n := c.size(); n != 0 {
		t.Errorf("%d entries are left", n)
	}
	var events []string
	for _, x := range []*client{c, other} {
		for _, m := range x.got {
			if m.Flags().Has(wire.FlagEvent) {
				var e protocol.ClientAddDistributedObjectListenerDistributedObjectEvent
				if err := protocol.DecodeClientAddDistributedObjectListenerDistributedObjectEvent(m, &e); err != nil {
					t.Fatal(err)
				}
				events = append(events, e.EventType+" "+e.Name)
			}
		}
	}
	if fmt.Sprint(events) != "[CREATED m CREATED q DESTROYED m]" {
		t.Errorf("events %q", events)
	}
}

func TestSchemas(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[1].connect()
	student := protocol.Schema{TypeName: "student", Fields: []protocol.FieldDescriptor{
		{FieldName: "name", Kind: 14}, {FieldName: "age", Kind: 6},
	}}
	fetch := func(id int64) *protocol.Schema {
		var a protocol.ClientFetchSchemaResponse
		m := protocol.AppendClientFetchSchemaRequest(nil, w.correlation(), -1, &protocol.ClientFetchSchemaRequest{SchemaID: id})
		if err := protocol.DecodeClientFetchSchemaResponse(other.call(m), &a); err != nil {
			t.Fatal(err)
		}
		return a.Schema
	}
	if s := fetch(schemaID(&student)); s != nil {
		t.Errorf("schema %+v that nobody has sent", s)
	}
	for range 2 {
		var a protocol.ClientSendSchemaResponse
		m := protocol.AppendClientSendSchemaRequest(nil, w.correlation(), -1, &protocol.ClientSendSchemaRequest{Schema: student})
		if err := protocol.DecodeClientSendSchemaResponse(c.call(m), &a); err != nil || len(a.ReplicatedMembers) != 2 {
			t.Fatalf("replicated to %v, %v", a.ReplicatedMembers, err)
		}
	}
	s := fetch(schemaID(&student))
	if s == nil || s.TypeName != "student" || !slices.Equal(s.Fields, student.Fields) {
		t.Errorf("schema %+v", s)
	}
	all := protocol.AppendClientSendAllSchemasRequest(nil, w.correlation(), -1,
		&protocol.ClientSendAllSchemasRequest{Schemas: []protocol.Schema{student, {TypeName: "empty"}}})
	c.call(all)
	if s := fetch(schemaID(&protocol.Schema{TypeName: "empty"})); s == nil {
		t.Error("the second schema is missing")
	}
}

// TestSchemaID: the number is what Java members and clients compute for this schema.
func TestSchemaID(t *testing.T) {
	const int32Kind, stringKind = 9, 17
	s := protocol.Schema{TypeName: "student", Fields: []protocol.FieldDescriptor{
		{FieldName: "name", Kind: stringKind}, {FieldName: "age", Kind: int32Kind},
	}}
	if id := schemaID(&s); id != 5500194539746463554 {
		t.Errorf("id %d", id)
	}
}

func TestPartitionLost(t *testing.T) {
	w := newWorld(t, 2, nil)
	var clients []*client
	for i, n := range w.nodes {
		c := n.connect()
		c.call(protocol.AppendClientAddPartitionLostListenerRequest(nil, w.correlation(), -1,
			&protocol.ClientAddPartitionLostListenerRequest{LocalOnly: i == 0}))
		c.call(protocol.AppendMapAddPartitionLostListenerRequest(nil, w.correlation(), -1,
			&protocol.MapAddPartitionLostListenerRequest{Name: []byte("m"), LocalOnly: i == 0}))
		c.call(protocol.AppendClientAddMigrationListenerRequest(nil, w.correlation(), -1,
			&protocol.ClientAddMigrationListenerRequest{LocalOnly: i == 0}))
		clients = append(clients, c)
	}
	for _, n := range w.nodes {
		n.g.PartitionLost(5, 1)
		n.g.Migration(&Migration{Kind: MigrationStarted, Planned: 3})
		n.g.Migration(&Migration{Kind: ReplicaMoved, Planned: 3, Completed: 1, Partition: 2, To: n.id, Success: true})
		w.run()
	}
	// The first hears what its member tells, the second everything.
	for i, want := range []int{1, 2} {
		count := map[int32]int{}
		for _, m := range clients[i].got {
			if m.Flags().Has(wire.FlagEvent) {
				count[m.Type()]++
			}
		}
		for _, event := range []int32{
			protocol.ClientAddPartitionLostListenerPartitionLostEventType, protocol.MapAddPartitionLostListenerMapPartitionLostEventType,
			protocol.ClientAddMigrationListenerMigrationEventType, protocol.ClientAddMigrationListenerReplicaMigrationEventType,
		} {
			if count[event] != want {
				t.Errorf("client %d: %d events %#06x, want %d", i, count[event], event, want)
			}
		}
	}
}
