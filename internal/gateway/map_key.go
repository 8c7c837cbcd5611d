package gateway

import (
	"errors"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/store"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

var (
	errShortData = fmt.Errorf("%w: serialized form shorter than its header of %d bytes", fault.ErrHazelcastSerialization, serial.HeaderSize)
	errForeign   = fmt.Errorf("%w: key belongs to another partition than the request names", fault.ErrIllegalArgument)
)

// keyOf returns the key of a message that begins with a name and a key.
func keyOf(m wire.Message) ([]byte, error) {
	frames := m.Frames()
	frames.Next() // the head
	frames.Next() // the name
	key, ok := frames.Next()
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: the key is missing", wire.ErrMalformed)
	case key.IsNull():
		return nil, fmt.Errorf("%w: field key", fault.ErrNullPointer)
	case !serial.Valid(key.Payload):
		return nil, errShortData
	}
	return key.Payload, nil
}

// placeOf returns the partition of a key.
func (g *Gateway) placeOf(key []byte) int32 {
	return serial.PartitionID(serial.Hash(key), g.Grid.Count())
}

// checkKey refuses what cannot be a map's name and a key of this partition. A key that
// belongs elsewhere would be stored where nobody finds it.
func (g *Gateway) checkKey(tx *partition.Tx, name, key []byte) error {
	if len(name) > g.Limits.MaxNameBytes {
		return g.checkName(name)
	}
	if !serial.Valid(key) {
		return errShortData
	}
	if g.placeOf(key) != int32(tx.Partition()) {
		return errForeign
	}
	return nil
}

// checkPair is checkKey for messages that have a value, too.
func (g *Gateway) checkPair(tx *partition.Tx, name, key, value []byte) error {
	if !serial.Valid(value) {
		return errShortData
	}
	return g.checkKey(tx, name, key)
}

// speaksFor tells whether this partition is the one of the map's name, which tells near caches of what
// happens to the whole map.
func (g *Gateway) speaksFor(tx *partition.Tx, name []byte) bool {
	return g.namePlace(string(name)) == int32(tx.Partition())
}

// namePlace is the partition of an object's name.
func (g *Gateway) namePlace(name string) int32 {
	return serial.PartitionID(serial.Hash(serial.AppendString(nil, name)), g.Grid.Count())
}

// lasting brings a time to live or idle time into the form of the verbs: everything below 0 means the map's configuration.
func lasting(ms int64) int64 { return max(ms, imap.Default) }

// mapError gives errors of the map's verbs the sentinel that clients know them by.
func mapError(err error) error {
	switch {
	case errors.Is(err, imap.ErrLockTimeout):
		return knownAs{fault.ErrOperationTimeout, err}
	case errors.Is(err, imap.ErrNotLockOwner):
		return knownAs{fault.ErrIllegalMonitorState, err}
	case errors.Is(err, imap.ErrBudget), errors.Is(err, store.ErrNoMemory):
		return knownAs{fault.ErrNativeOutOfMemory, err}
	case errors.Is(err, imap.ErrTooManyLocks):
		return knownAs{fault.ErrHazelcastOverload, err}
	}
	return err
}

// knownAs is an error with its own text that clients know as another.
type knownAs struct{ kind, err error }

// Error returns the text of the error itself.
func (e knownAs) Error() string { return e.err.Error() }

// Unwrap returns the sentinel and the error.
func (e knownAs) Unwrap() []error { return []error{e.kind, e.err} }

// maxKnownMaps bounds the names that backupReads remembers.
const maxKnownMaps = 4096

// backupReads remembers which maps may be read on backups (read-backup-data): asking the configuration
// matches wildcards, and reads are many.
type backupReads struct {
	known atomic.Pointer[map[string]bool]
}

// readFromBackup tells whether the map that a message begins with may be read on backups.
func readFromBackup(g *Gateway, m wire.Message) bool {
	frames := m.Frames()
	frames.Next()
	name, ok := frames.Next()
	if !ok || len(name.Payload) > g.Limits.MaxNameBytes {
		return false
	}
	known := g.backupReads.known.Load()
	if known != nil {
		if allowed, ok := (*known)[string(name.Payload)]; ok {
			return allowed
		}
	}
	allowed := g.Maps.Config(string(name.Payload)).ReadBackupData
	next := map[string]bool{}
	if known != nil && len(*known) < maxKnownMaps {
		next = maps.Clone(*known)
	}
	next[string(name.Payload)] = allowed
	g.backupReads.known.CompareAndSwap(known, &next)
	return allowed
}
