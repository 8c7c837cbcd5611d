package gateway

import (
	"fmt"
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// maxProxies is how many objects one Client.createProxies may name: a client sends those that it has after a reconnect.
const maxProxies = 100_000

// knownService tells whether a name is that of a service of the protocol. Clients create proxies of
// services whose operations are not served, and list and destroy them.
func knownService(name string) bool {
	switch name {
	case imap.Service, "hz:impl:replicatedMapService", "hz:impl:multiMapService", "hz:impl:queueService",
		"hz:impl:topicService", "hz:impl:reliableTopicService", "hz:impl:listService", "hz:impl:setService",
		"hz:impl:ringbufferService", "hz:impl:PNCounterService", "hz:impl:flakeIdGeneratorService",
		"hz:impl:lockService", "hz:impl:cacheService", "hz:impl:executorService", "hz:impl:durableExecutorService",
		"hz:impl:scheduledExecutorService", "hz:impl:cardinalityEstimatorService", "hz:impl:vectorCollectionService",
		"hz:impl:xaService", "hz:impl:jetService", "hz:raft:atomicLongService", "hz:raft:atomicRefService",
		"hz:raft:countDownLatchService", "hz:raft:lockService", "hz:raft:semaphoreService", "hz:raft:mapService":
		return true
	}
	return false
}

// object checks what names a distributed object.
func (g *Gateway) object(service, name []byte) (cluster.Object, error) {
	if err := g.checkName(name); err != nil {
		return cluster.Object{}, err
	}
	o := cluster.Object{Service: text(service), Name: string(name)}
	if !knownService(o.Service) {
		return o, fmt.Errorf("%w: %.100q", fault.ErrServiceNotFound, o.Service)
	}
	return o, nil
}

// checkName refuses names that no object can have.
func (g *Gateway) checkName(name []byte) error {
	if len(name) > g.Limits.MaxNameBytes {
		return fmt.Errorf("%w: name of %d bytes, at most %d", fault.ErrIllegalArgument, len(name), g.Limits.MaxNameBytes)
	}
	return nil
}

// createProxy serves Client.createProxy: the object is listed by all members when the answer comes.
func createProxy(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientCreateProxyRequest
	if err := protocol.DecodeClientCreateProxyRequest(m, &q); err != nil {
		return err
	}
	o, err := s.g.object(q.ServiceName, q.Name)
	if err != nil {
		return err
	}
	s.g.create([]cluster.Object{o}, s.client.id, func(err error) {
		if err != nil {
			r.fail(err)
			return
		}
		r.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendClientCreateProxyResponse(dst, correlation, &protocol.ClientCreateProxyResponse{})
		})
	})
	return nil
}

// createProxies serves Client.createProxies, what a client sends after it was without any connection.
func createProxies(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientCreateProxiesRequest
	if err := protocol.DecodeClientCreateProxiesRequest(m, &q); err != nil {
		return err
	}
	if len(q.Proxies) > maxProxies {
		return fmt.Errorf("%w: %d proxies, at most %d", fault.ErrIllegalArgument, len(q.Proxies), maxProxies)
	}
	objects := make([]cluster.Object, len(q.Proxies))
	for i, p := range q.Proxies {
		var err error
		if objects[i], err = s.g.object([]byte(p.Value), []byte(p.Key)); err != nil {
			return err
		}
	}
	s.g.create(objects, s.client.id, func(err error) {
		if err != nil {
			r.fail(err)
			return
		}
		r.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendClientCreateProxiesResponse(dst, correlation, &protocol.ClientCreateProxiesResponse{})
		})
	})
	return nil
}

// create adds the objects that are not there and calls done once with the first error.
func (g *Gateway) create(objects []cluster.Object, source cluster.UUID, done func(error)) {
	document := g.Cluster.View().Document
	var changes []Change
	for _, o := range objects {
		if document != nil {
			if _, there := document.Find(o); there {
				continue
			}
		}
		changes = append(changes, Change{Kind: CreateObject, Object: o, Source: source})
	}
	g.change(changes, done)
}

// change asks for changes of the document and calls done once, with the first error, when all are through.
func (g *Gateway) change(changes []Change, done func(error)) {
	var mu sync.Mutex
	var first error
	left := len(changes) + 1
	count := func(err error) {
		mu.Lock()
		left--
		if first == nil {
			first = err
		}
		last := left == 0
		mu.Unlock()
		if last {
			done(first)
		}
	}
	for _, c := range changes {
		g.Cluster.Change(c, count)
	}
	count(nil)
}

// destroyPart drops an object's data in one partition. Only maps have any.
func destroyPart(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.ClientDestroyProxyRequest
	if err := protocol.DecodeClientDestroyProxyRequest(m, &q); err != nil {
		return err
	}
	if o, err := g.object(q.ServiceName, q.Name); err != nil {
		return err
	} else if o.Service == imap.Service {
		g.Maps.Destroy(tx, q.Name, g.speaksFor(tx, q.Name))
	}
	tx.Reply = protocol.AppendMapSizeResponse(tx.Reply, 0, &protocol.MapSizeResponse{})
	return nil
}

// destroyed finishes Client.destroyProxy once the data is gone everywhere.
func destroyed(f *fanOut, _ int64) {
	var q protocol.ClientDestroyProxyRequest
	if err := protocol.DecodeClientDestroyProxyRequest(f.message, &q); err != nil {
		f.reply.fail(err)
		return
	}
	o := cluster.Object{Service: string(q.ServiceName), Name: string(q.Name)}
	// What follows asks the cluster, which must not happen under a partition's lock.
	f.g.Run(func() {
		f.g.listeners.destroyed(o.Service, o.Name)
		name := packed.AppendString(packed.AppendString(nil, o.Service), o.Name)
		f.g.everywhere(askForget, name, func() { f.g.Run(func() { f.unlist(o) }) })
	})
}

// unlist takes a destroyed object out of the document, the last step.
func (f *fanOut) unlist(o cluster.Object) {
	var changes []Change
	if d := f.g.Cluster.View().Document; d != nil {
		if _, there := d.Find(o); there {
			changes = append(changes, Change{Kind: DestroyObject, Object: o, Source: f.reply.s.client.id})
		}
	}
	f.g.change(changes, func(err error) {
		if err != nil {
			f.reply.fail(err)
			return
		}
		f.reply.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendClientDestroyProxyResponse(dst, correlation, &protocol.ClientDestroyProxyResponse{})
		})
	})
}

// listObjects serves Client.getDistributedObjects.
func listObjects(s *Session, _ wire.Message, r reply) error {
	var a protocol.ClientGetDistributedObjectsResponse
	if d := s.g.Cluster.View().Document; d != nil {
		for i := range d.Objects {
			o := &d.Objects[i]
			a.Response = append(a.Response, protocol.DistributedObjectInfo{ServiceName: o.Service, Name: o.Name})
		}
	}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientGetDistributedObjectsResponse(dst, correlation, &a)
	})
	return nil
}

// objectsChanged tells listeners which distributed objects have come and gone. Clients that are connected to
// all members listen to all: only the coordinator tells them.
func (g *Gateway) objectsChanged(before, now *cluster.Document) {
	var was, is []cluster.ObjectEntry
	if before != nil {
		was = before.Objects
	}
	if now != nil {
		is = now.Objects
	}
	var events []protocol.ClientAddDistributedObjectListenerDistributedObjectEvent
	tell := func(o *cluster.ObjectEntry, what string) {
		events = append(events, protocol.ClientAddDistributedObjectListenerDistributedObjectEvent{
			Name: o.Name, ServiceName: o.Service, EventType: what, Source: protocol.UUID(g.Self),
		})
	}
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(is) == 0, len(was) > 0 && was[0].Compare(is[0].Object) < 0:
			tell(&was[0], "DESTROYED")
			was = was[1:]
		case len(was) == 0, was[0].Compare(is[0].Object) > 0:
			tell(&is[0], "CREATED")
			is = is[1:]
		default:
			was, is = was[1:], is[1:]
		}
	}
	if len(events) == 0 {
		return
	}
	coordinates := g.coordinates()
	for _, l := range g.listeners.of(topicObjects) {
		if l.local && !coordinates {
			continue
		}
		for i := range events {
			l.s.deliver(func(dst []byte) []byte {
				return protocol.AppendClientAddDistributedObjectListenerDistributedObjectEvent(dst, l.correlation, &events[i])
			})
		}
	}
}

func (g *Gateway) coordinates() bool {
	list := g.Cluster.View().List
	return list != nil && list.Coordinator() != nil && list.Coordinator().ID == g.Self
}
