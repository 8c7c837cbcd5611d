package imap

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/store"
)

// Structure is all maps of a member.
type Structure struct {
	options Options

	// refused are writes for which there was no room in the memory budget, evicted entries that went to make it.
	refused, evicted metric.Counter

	// noLocks is the lock table of all fragments that have none; nobody changes it.
	noLocks *lockTable

	mu     sync.Mutex
	byName map[string]*shared
}

// shared is what the fragments of one map on a member have in common.
type shared struct {
	name string
	key  []byte // name, as effects want it
	// bytes is the memory of all fragments, kept up to date for the policies about memory.
	bytes atomic.Int64
	// counts are of all operations, in stripes by partition.
	counts [stripes]counts
	// The rest is guarded by Structure.mu: the fragments, and the configuration that the last of them got.
	fragments []*fragment
	config    *Config
}

// maxPast is how many maps without a fragment keep their figures.
const maxPast = 1000

// New returns the map structure.
func New(o Options) *Structure {
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Members == nil {
		o.Members = func() int { return 1 }
	}
	if o.Era == nil {
		o.Era = func() (int32, int32) { return 0, 0 }
	}
	if o.Merges == nil {
		o.Merges = func() bool { return true }
	}
	if o.Notes == nil {
		o.Notes = func() bool { return true }
	}
	if o.Refuses == nil {
		o.Refuses = func(string) bool { return false }
	}
	if o.Partitions == 0 {
		o.Partitions = 1
	}
	s := &Structure{options: o, byName: map[string]*shared{}}
	s.noLocks = &lockTable{table: s.newTable()}
	return s
}

// Budgeted returns how many writes were refused because the member's memory budget was used up, and how many entries were evicted
// for that, since the member's life began.
func (s *Structure) Budgeted() (refused, evicted uint64) { return s.refused.Load(), s.evicted.Load() }

// Config returns the configuration of a map.
func (s *Structure) Config(name string) Config { return s.options.Config(name) }

// NewFragment implements partition.Structure.
func (s *Structure) NewFragment(p partition.ID, name string) partition.Fragment {
	config := s.options.Config(name)
	f := &fragment{s: s, part: p, table: s.newTable(), locks: s.noLocks, salt: salt([]byte(name)), counters: config.counters()}
	if config.MaxIdle > 0 || config.Eviction.Policy != EvictNone {
		f.extra = &extra{access: config.MaxIdle > 0 || config.Eviction.Policy == EvictLRU}
	}
	f.expiry.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	f.shared = s.byName[name]
	if f.shared == nil {
		f.shared = &shared{name: name, key: []byte(name)}
		s.byName[name] = f.shared
	}
	if f.shared.config == nil || *f.shared.config != config {
		f.shared.config = &config
	}
	f.config = f.shared.config
	f.shared.fragments = append(f.shared.fragments, f)
	f.account()
	return f
}

// newTable returns an empty table, which its owner must Reset.
func (s *Structure) newTable() store.Table { return store.MakeTable(s.options.Arena, Hash) }

func (s *Structure) release(f *fragment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.shared.bytes.Add(-f.stats.bytes.Load())
	f.shared.fragments = slices.DeleteFunc(f.shared.fragments, func(o *fragment) bool { return o == f })
	if len(f.shared.fragments) == 0 && len(s.byName) > maxPast {
		delete(s.byName, f.shared.name)
	}
}

// find returns the fragment of a map, or nil.
func find(tx *partition.Tx, name []byte) *fragment {
	f, _ := tx.Find(partition.KindMap, name).(*fragment)
	return f
}

// known is find for verbs that do nothing without a fragment: it says that they saw the key, since the last effect on
// it may have been the removal of all there was.
func known(tx *partition.Tx, name []byte, hash uint32) *fragment {
	f := find(tx, name)
	if f == nil && tx.Primary {
		tx.Saw(hash ^ salt(name))
	}
	return f
}

// open returns the fragment of a map, made if there is none.
func open(tx *partition.Tx, name []byte) *fragment {
	return tx.Open(partition.KindMap, name).(*fragment)
}

// Hash is the hash of a key in a fragment's tables, and for partition.Request.Hash. It is not the partition hash: a client may
// give all keys that shall be together the same one of those.
func Hash(key []byte) uint32 { return uint32(serial.Murmur3(key)) }

// keyHash is Hash for the key of a verb about one key, which whoever has sent it may have looked at.
func keyHash(tx *partition.Tx, key []byte) uint32 {
	if hash, ok := tx.KeyHash(); ok {
		if invariant.Enabled {
			invariant.Check(hash == Hash(key), "the hash of a request is its key's")
		}
		return hash
	}
	return Hash(key)
}

// salt tells the keys of one map from those of another where the partition knows them by their hash.
func salt(name []byte) uint32 { return uint32(serial.Murmur3(name)) }
