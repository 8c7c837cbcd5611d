package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// readMessages are the messages that a split-brain protection of reads refuses: in Hazelcast their operations are ReadonlyOperations.
// Each begins with the name of the structure.
func readMessages() []int32 {
	return []int32{
		protocol.MapGetRequestType,
		protocol.MapContainsKeyRequestType,
		protocol.MapContainsValueRequestType,
		protocol.MapIsLockedRequestType,
		protocol.MapGetEntryViewRequestType,
		protocol.MapKeySetRequestType,
		protocol.MapGetAllRequestType,
		protocol.MapValuesRequestType,
		protocol.MapEntrySetRequestType,
		protocol.MapSizeRequestType,
		protocol.MapIsEmptyRequestType,
		protocol.MapFetchKeysRequestType,
		protocol.MapFetchEntriesRequestType,
	}
}

// writeMessages are those that a protection of writes refuses: MutatingOperations, locks among them.
func writeMessages() []int32 {
	return []int32{
		protocol.MapPutRequestType,
		protocol.MapRemoveRequestType,
		protocol.MapReplaceRequestType,
		protocol.MapReplaceIfSameRequestType,
		protocol.MapRemoveIfSameRequestType,
		protocol.MapDeleteRequestType,
		protocol.MapTryRemoveRequestType,
		protocol.MapTryPutRequestType,
		protocol.MapPutTransientRequestType,
		protocol.MapPutIfAbsentRequestType,
		protocol.MapSetRequestType,
		protocol.MapLockRequestType,
		protocol.MapTryLockRequestType,
		protocol.MapUnlockRequestType,
		protocol.MapForceUnlockRequestType,
		protocol.MapEvictRequestType,
		protocol.MapSetTtlRequestType,
		protocol.MapPutWithMaxIdleRequestType,
		protocol.MapPutTransientWithMaxIdleRequestType,
		protocol.MapPutIfAbsentWithMaxIdleRequestType,
		protocol.MapSetWithMaxIdleRequestType,
		protocol.MapFlushRequestType,
		protocol.MapEvictAllRequestType,
		protocol.MapLoadAllRequestType,
		protocol.MapLoadGivenKeysRequestType,
		protocol.MapPutAllRequestType,
		protocol.MapPutAllWithMetadataRequestType,
		protocol.MapClearRequestType,
	}
}

// guard notes at the handlers what their messages do.
func (g *Gateway) guard() {
	for _, t := range readMessages() {
		g.find(t).access = protection.Reads
	}
	for _, t := range writeMessages() {
		g.find(t).access = protection.Writes
	}
}

// admit returns the error of an operation that split-brain protection refuses now. An operation that is allowed although
// it is covered may still be answered with an unknown outcome: its answer is released only under the state returned, if any.
func (g *Gateway) admit(h *handler, m wire.Message) (*protection.State, error) {
	if h.access == protection.None || !g.Protections.Used() {
		return nil, nil
	}
	frames := m.Frames()
	frames.Next() // the head
	name, ok := frames.Next()
	if !ok || len(name.Payload) > g.Limits.MaxNameBytes {
		return nil, nil // the handler says what is wrong
	}
	s := g.Protections.Of(name.Payload)
	switch {
	case !s.Covers(h.access):
		return nil, nil
	case !s.Holds():
		return nil, s.Err()
	}
	return s, nil
}

// protect is admit for an operation that is about to run on a partition, for the first time or after it has waited.
func (g *Gateway) protect(tx *partition.Tx, h *handler, m wire.Message) error {
	s, err := g.admit(h, m)
	if s != nil {
		tx.Protect(s)
	}
	return err
}
