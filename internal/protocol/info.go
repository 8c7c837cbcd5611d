package protocol

import (
	"cmp"
	"iter"
	"slices"
)

// Info is what the catalogue says of a method.
type Info struct {
	// Type is the message type of the request; the response has the next one, and events those that follow.
	Type int32
	// Name is the name that people use, as in "Map.put"; Service and Method are its parts.
	Name, Service, Method string
	// Since is the version of the protocol that brought the method, as in "2.0".
	Since string
	// PartitionIdentifier says what decides the partition that a client puts into the request: "key", "name",
	// "partitionId", "taskName", "xid", "anyKey" (of those in the request), "sequenceKey", "random", "none"; empty for a
	// request that is not about a partition.
	PartitionIdentifier string
	// Retryable tells that a request may be sent again when it is not known whether it was carried out.
	Retryable bool
	// Events is the number of events that may follow the response.
	Events int
}

// Describe returns what the catalogue says of the method that a request, response or event belongs to; false for a
// message type that the protocol does not have.
func Describe(messageType int32) (Info, bool) {
	i, ok := slices.BinarySearchFunc(infos[:], messageType&^0xff, func(info Info, t int32) int {
		return cmp.Compare(info.Type, t)
	})
	if !ok || int(messageType&0xff) > 1+infos[i].Events {
		return Info{}, false
	}
	return infos[i], true
}

// All returns every method of the catalogue, by message type.
func All() iter.Seq[Info] { return slices.Values(infos[:]) }
