// Package serial reads the outside of Hazelcast's serialized form, called Data: as much of it as a member
// needs to place a key and to tell types apart, and nothing of the values themselves.
//
// A Data blob is
//
//	+----------------------+------------------+-----------------+
//	| partition hash, BE 4 | type id, BE 4    | payload         |
//	+----------------------+------------------+-----------------+
//
// The first field is zero for nearly all values. It is set when a client routes a key by a part of it
// (PartitionAware, a partitioning strategy); then it is the hash, and the payload is not looked at. Keys
// are compared as payload and type bytes by the structures above, so nothing here ever needs the object.
//
// Steps: Valid first (the other functions want at least HeaderSize bytes), then Hash, then PartitionID.
// Hash and PartitionID must agree with every client to the bit: a client routes by its own computation, and a
// member that disagrees answers each request with a detour.
package serial
