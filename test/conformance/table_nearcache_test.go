package conformance

import (
	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// nearMessages are sent by the client itself when a map has a near cache.
var nearMessages = []string{"addNearCacheInvalidationListener", "fetchNearCacheInvalidationMetadata"}

func nearCacheOperations() []operation {
	near := func(name string, run func(*scene) error) operation {
		return operation{name: name, messages: nearMessages, near: true, events: true, run: run}
	}
	invalidated := func(name string, change func(*scene) error) operation {
		return near("near-"+name, func(s *scene) error { return playInvalidation(s, change) })
	}
	return []operation{
		near("near-hits", playNearHits),
		invalidated("set", func(s *scene) error { return s.second.Set(s.ctx, "k", "new") }),
		invalidated("put-transient", func(s *scene) error { return s.second.PutTransient(s.ctx, "k", "new") }),
		invalidated("put-all", func(s *scene) error {
			return s.second.PutAll(s.ctx, types.Entry{Key: "k", Value: "new"}, types.Entry{Key: "other", Value: "x"})
		}),
		invalidated("replace", func(s *scene) error { return answer[any]("replace", "old")(s.second.Replace(s.ctx, "k", "new")) }),
		invalidated("delete", func(s *scene) error { return s.second.Delete(s.ctx, "k") }),
		invalidated("evict", func(s *scene) error { return answer[bool]("evict", true)(s.second.Evict(s.ctx, "k")) }),
		invalidated("clear", func(s *scene) error { return s.second.Clear(s.ctx) }),
		invalidated("evict-all", func(s *scene) error { return s.second.EvictAll(s.ctx) }),
		near("near-many", playNearMany),
	}
}

func hits(m *hazelcast.Map) int64 { return m.LocalMapStats().NearCacheStats.Hits }

// cached reads a key until the client answers it without asking a member: only
// then is the near cache in force, with a partition UUID that holds.
func cached(s *scene, key string, want any) error {
	return eventually(s.ctx, eventTimeout, func() error {
		before := hits(s.m)
		if err := answer[any]("get", want)(s.m.Get(s.ctx, key)); err != nil {
			return err
		}
		return same("answered by the near cache", hits(s.m) > before, true)
	})
}

func playNearHits(s *scene) error {
	if err := first(s.m.Set(s.ctx, "k", "v"), cached(s, "k", "v")); err != nil {
		return err
	}
	before := hits(s.m)
	for range 100 {
		if err := answer[any]("get", "v")(s.m.Get(s.ctx, "k")); err != nil {
			return err
		}
	}
	// While members come and go the client may drop the entry and read it again.
	return same("nearly all of a hundred reads are hits", hits(s.m)-before >= 90, true)
}

// playInvalidation: a change by another client reaches the near cache, and what
// is cached afterwards is the new state.
func playInvalidation(s *scene, change func(*scene) error) error {
	if err := first(s.second.Set(s.ctx, "k", "old"), cached(s, "k", "old"), change(s)); err != nil {
		return err
	}
	now, err := s.second.Get(s.ctx, "k")
	if err != nil {
		return err
	}
	return eventually(s.ctx, eventTimeout, func() error { return answer[any]("the near cache", now)(s.m.Get(s.ctx, "k")) })
}

// playNearMany: every one of many cached entries is invalidated.
func playNearMany(s *scene) error {
	const entries = 500
	for _, value := range []string{"old", "new"} {
		for i := range int64(entries) {
			if err := s.second.Set(s.ctx, i, value); err != nil {
				return err
			}
		}
		for i := range int64(entries) {
			if err := eventually(s.ctx, eventTimeout, func() error {
				return answer[any]("the near cache", value)(s.m.Get(s.ctx, i))
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
