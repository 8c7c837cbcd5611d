package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/hazelcast/hazelcast-go-client/hzerrors"
	"github.com/hazelcast/hazelcast-go-client/types"
)

func basicOperations() []operation {
	return []operation{
		{name: "put", messages: []string{"put", "get"}, run: playPut},
		{name: "set", messages: []string{"set", "get"}, run: playSet},
		{name: "put-if-absent", messages: []string{"putIfAbsent"}, run: playPutIfAbsent},
		{name: "replace", messages: []string{"replace", "replaceIfSame"}, run: playReplace},
		{name: "remove", messages: []string{"remove", "removeIfSame", "delete"}, run: playRemove},
		{name: "try", messages: []string{"tryPut", "tryRemove"}, run: playTry},
		{name: "put-transient", messages: []string{"putTransient"}, run: playPutTransient},
		{name: "contains", messages: []string{"containsKey", "containsValue"}, run: playContains},
		{name: "types", messages: []string{"set", "get"}, run: playTypes},
		{name: "large-value", messages: []string{"set", "get"}, run: playLargeValue},
		{name: "entry-view", messages: []string{"getEntryView"}, run: playEntryView},
		{name: "evict", messages: []string{"evict", "evictAll"}, run: playEvict},
		{name: "without-store", messages: []string{"flush", "loadAll", "loadGivenKeys"}, run: playWithoutStore},
		{name: "destroy", messages: []string{"set", "size"}, run: playDestroy},
		{name: "random-walk", messages: []string{"put", "get", "set", "remove"}, run: playRandomWalk},
	}
}

func playPut(s *scene) error {
	return first(
		answer[any]("put of a new key", nil)(s.m.Put(s.ctx, "k", "v1")),
		answer[any]("put of a present key", "v1")(s.m.Put(s.ctx, "k", "v2")),
		answer[any]("get", "v2")(s.second.Get(s.ctx, "k")),
		answer[any]("get of an absent key", nil)(s.m.Get(s.ctx, "absent")),
	)
}

func playSet(s *scene) error {
	return first(
		s.m.Set(s.ctx, "k", int64(1)),
		answer[any]("get after set", int64(1))(s.second.Get(s.ctx, "k")),
		s.second.Set(s.ctx, "k", int64(2)),
		answer[any]("get after the second set", int64(2))(s.m.Get(s.ctx, "k")),
	)
}

func playPutIfAbsent(s *scene) error {
	return first(
		answer[any]("putIfAbsent of a new key", nil)(s.m.PutIfAbsent(s.ctx, "k", "v1")),
		answer[any]("putIfAbsent of a present key", "v1")(s.second.PutIfAbsent(s.ctx, "k", "v2")),
		answer[any]("get", "v1")(s.m.Get(s.ctx, "k")),
	)
}

func playReplace(s *scene) error {
	return first(
		answer[any]("replace of an absent key", nil)(s.m.Replace(s.ctx, "k", "v")),
		answer[bool]("replace leaves the key absent", false)(s.m.ContainsKey(s.ctx, "k")),
		s.m.Set(s.ctx, "k", "v1"),
		answer[any]("replace", "v1")(s.m.Replace(s.ctx, "k", "v2")),
		answer[bool]("replaceIfSame with another value", false)(s.m.ReplaceIfSame(s.ctx, "k", "v1", "v3")),
		answer[bool]("replaceIfSame", true)(s.m.ReplaceIfSame(s.ctx, "k", "v2", "v3")),
		answer[bool]("replaceIfSame of an absent key", false)(s.m.ReplaceIfSame(s.ctx, "absent", "a", "b")),
		answer[any]("get", "v3")(s.second.Get(s.ctx, "k")),
	)
}

func playRemove(s *scene) error {
	return first(
		answer[any]("remove of an absent key", nil)(s.m.Remove(s.ctx, "k")),
		s.m.Set(s.ctx, "k", "v"),
		answer[any]("remove", "v")(s.second.Remove(s.ctx, "k")),
		answer[any]("get after remove", nil)(s.m.Get(s.ctx, "k")),
		s.m.Set(s.ctx, "k", "v"),
		answer[bool]("removeIfSame with another value", false)(s.m.RemoveIfSame(s.ctx, "k", "w")),
		answer[bool]("removeIfSame", true)(s.m.RemoveIfSame(s.ctx, "k", "v")),
		answer[bool]("removeIfSame of an absent key", false)(s.m.RemoveIfSame(s.ctx, "k", "v")),
		s.m.Set(s.ctx, "k", "v"),
		s.m.Delete(s.ctx, "k"),
		s.m.Delete(s.ctx, "absent"),
		answer[int]("size", 0)(s.second.Size(s.ctx)),
	)
}

func playTry(s *scene) error {
	return first(
		answer[bool]("tryPut", true)(s.m.TryPut(s.ctx, "k", "v")),
		answer[any]("get", "v")(s.m.Get(s.ctx, "k")),
		answer[any]("tryRemove", true)(s.m.TryRemove(s.ctx, "k")),
		answer[bool]("the key is gone", false)(s.m.ContainsKey(s.ctx, "k")),
	)
}

func playPutTransient(s *scene) error {
	return first(
		s.m.PutTransient(s.ctx, "k", "v1"),
		answer[any]("get", "v1")(s.second.Get(s.ctx, "k")),
		s.second.PutTransient(s.ctx, "k", "v2"),
		answer[any]("get of the second value", "v2")(s.m.Get(s.ctx, "k")),
	)
}

func playContains(s *scene) error {
	return first(
		s.m.Set(s.ctx, "k", "v"),
		answer[bool]("containsKey", true)(s.m.ContainsKey(s.ctx, "k")),
		answer[bool]("containsKey of an absent key", false)(s.m.ContainsKey(s.ctx, "v")),
		answer[bool]("containsValue", true)(s.second.ContainsValue(s.ctx, "v")),
		answer[bool]("containsValue of an absent value", false)(s.m.ContainsValue(s.ctx, "k")),
	)
}

// playTypes stores keys and values of the builtin types: to the member they are
// bytes, but partitions follow from the bytes of the keys.
func playTypes(s *scene) error {
	values := []any{
		true, byte(7), int16(-3), int32(1 << 30), int64(-1 << 60), float32(1.5), 2.25, "", "text äß🙂",
		[]byte{0, 255},
		[]string{"a", ""},
		[]int64{1, 2},
		[]float64{},
		types.NewUUIDWith(1, 2),
	}
	for i, v := range values {
		key := strconv.Itoa(i)
		if err := first(
			s.m.Set(s.ctx, key, v),
			answer[any]("get of "+fmt.Sprintf("%T", v), v)(s.second.Get(s.ctx, key)),
		); err != nil {
			return err
		}
	}
	for i, k := range []any{true, int32(5), int64(5), 2.5, "5", types.NewUUIDWith(3, 4)} {
		if err := first(
			s.m.Set(s.ctx, k, int64(i)),
			answer[any]("get by "+fmt.Sprintf("%T", k), int64(i))(s.second.Get(s.ctx, k)),
		); err != nil {
			return err
		}
	}
	return nil
}

func playLargeValue(s *scene) error {
	large := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	return first(
		s.m.Set(s.ctx, "k", large),
		answer[any]("get of a mebibyte", large)(s.second.Get(s.ctx, "k")),
		s.m.Set(s.ctx, "empty", ""),
		answer[any]("get of an empty value", "")(s.second.Get(s.ctx, "empty")),
	)
}

// playEntryView: statistics that a member does not keep are -1, never 0; the
// version counts changes and starts at 0.
func playEntryView(s *scene) error {
	view, err := s.m.GetEntryView(s.ctx, "absent")
	if err = first(err, same("the view of an absent key", view == nil, true)); err != nil {
		return err
	}
	if err := s.m.Set(s.ctx, "k", "v"); err != nil {
		return err
	}
	if view, err = s.m.GetEntryView(s.ctx, "k"); err != nil {
		return err
	}
	if view == nil {
		return same("the view of a present key is absent", true, false)
	}
	unset := map[string]bool{
		"creation time": view.CreationTime == 0, "hits after no read": view.Hits > 1, "last access": view.LastAccessTime == 0,
		"last update": view.LastUpdateTime == 0, "expiration": view.ExpirationTime == 0, "ttl": view.TTL == 0,
		"max idle": view.MaxIdle == 0, "cost": view.Cost <= 0,
	}
	for what, bad := range unset {
		if bad {
			return fmt.Errorf("%w: %s in %+v", errMismatch, what, *view)
		}
	}
	return first(
		same("key", view.Key, any("k")),
		same("value", view.Value, any("v")),
		same("last stored time without a store", view.LastStoredTime, int64(-1)),
		same("version", view.Version, int64(0)),
	)
}

func playEvict(s *scene) error {
	if err := first(
		answer[bool]("evict of an absent key", false)(s.m.Evict(s.ctx, "k")),
		s.m.Set(s.ctx, "k", "v"),
		answer[bool]("evict", true)(s.m.Evict(s.ctx, "k")),
		answer[any]("get after evict", nil)(s.second.Get(s.ctx, "k")),
	); err != nil {
		return err
	}
	for i := range int64(50) {
		if err := s.m.Set(s.ctx, i, i); err != nil {
			return err
		}
	}
	return first(
		answer[int]("size before evictAll", 50)(s.second.Size(s.ctx)),
		s.m.EvictAll(s.ctx),
		answer[int]("size after evictAll", 0)(s.second.Size(s.ctx)),
	)
}

// playWithoutStore: a map without a store behind it accepts flush. To load from
// a store that is not there is an error of Hazelcast's, a null pointer, or has
// nothing to do. Either way nothing is lost.
func playWithoutStore(s *scene) error {
	load := func(err error) error {
		if errors.Is(err, hzerrors.ErrNilPointer) {
			return nil
		}
		return err
	}
	return first(
		s.m.Set(s.ctx, "k", "v"),
		s.m.Flush(s.ctx),
		load(s.m.LoadAllWithoutReplacing(s.ctx, "k", "other")),
		load(s.m.LoadAllReplacing(s.ctx)),
		answer[any]("get", "v")(s.second.Get(s.ctx, "k")),
	)
}

func playDestroy(s *scene) error {
	if err := first(s.m.Set(s.ctx, "k", "v"), s.m.Destroy(s.ctx)); err != nil {
		return err
	}
	again, err := s.stage.clients[0].GetMap(s.ctx, s.name)
	if err != nil {
		return err
	}
	s.m = again
	return first(
		answer[int]("size after destroy", 0)(again.Size(s.ctx)),
		again.Set(s.ctx, "k", "w"),
		answer[any]("get after destroy and set", "w")(s.second.Get(s.ctx, "k")),
	)
}

// playRandomWalk compares a few hundred random calls with a Go map.
func playRandomWalk(s *scene) error {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	model := map[int64]any{}
	for step := range 300 {
		if err := randomStep(s, random, model, int64(step)); err != nil {
			return fmt.Errorf("seed %d, step %d: %w", seed, step, err)
		}
	}
	return answer[int]("size", len(model))(s.second.Size(s.ctx))
}

func randomStep(s *scene, random *rand.Rand, model map[int64]any, value int64) error {
	key := random.Int64N(20)
	old := model[key]
	m := s.m
	if random.IntN(2) == 0 {
		m = s.second
	}
	switch random.IntN(8) {
	case 0:
		model[key] = value
		return answer[any]("put", old)(m.Put(s.ctx, key, value))
	case 1:
		model[key] = value
		return m.Set(s.ctx, key, value)
	case 2:
		delete(model, key)
		return answer[any]("remove", old)(m.Remove(s.ctx, key))
	case 3:
		if old == nil {
			model[key] = value
		}
		return answer[any]("putIfAbsent", old)(m.PutIfAbsent(s.ctx, key, value))
	case 4:
		if old != nil {
			model[key] = value
		}
		return answer[any]("replace", old)(m.Replace(s.ctx, key, value))
	case 5:
		guess := random.Int64N(value + 1)
		if old == any(guess) {
			model[key] = value
		}
		return answer[bool]("replaceIfSame", old == any(guess))(m.ReplaceIfSame(s.ctx, key, guess, value))
	case 6:
		return answer[bool]("containsKey", old != nil)(m.ContainsKey(s.ctx, key))
	default:
		return answer[any]("get", old)(m.Get(s.ctx, key))
	}
}
