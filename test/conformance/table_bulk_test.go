package conformance

import (
	"fmt"
	"slices"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// bulkEntries is more than there are partitions, so that most hold some.
const bulkEntries = 1000

func bulkOperations() []operation {
	return []operation{
		{name: "put-all", messages: []string{"putAll", "getAll"}, run: playPutAll},
		{name: "sets", messages: []string{"keySet", "values", "entrySet"}, run: playSets},
		{name: "size", messages: []string{"size", "isEmpty", "clear"}, run: playSize},
		{name: "empty-map", messages: []string{"keySet", "values", "entrySet", "getAll", "clear"}, run: playEmptyMap},
	}
}

// fill puts keys 0 … bulkEntries-1 with values 2·key.
func fill(s *scene, m *hazelcast.Map) ([]types.Entry, error) {
	entries := make([]types.Entry, bulkEntries)
	for i := range entries {
		entries[i] = types.Entry{Key: int64(i), Value: int64(2 * i)}
	}
	return entries, m.PutAll(s.ctx, entries...)
}

func sorted(entries []types.Entry) []types.Entry {
	out := slices.Clone(entries)
	slices.SortFunc(out, func(a, b types.Entry) int { return int(a.Key.(int64) - b.Key.(int64)) })
	return out
}

func sortedNumbers(values []any) []int64 {
	out := make([]int64, 0, len(values))
	for _, v := range values {
		out = append(out, v.(int64))
	}
	slices.Sort(out)
	return out
}

func playPutAll(s *scene) error {
	entries, err := fill(s, s.m)
	if err != nil {
		return err
	}
	keys := []any{}
	for _, e := range entries {
		keys = append(keys, e.Key, e.Key.(int64)+bulkEntries) // every second one is absent
	}
	got, err := s.second.GetAll(s.ctx, keys...)
	if err != nil {
		return err
	}
	return first(
		same("getAll", sorted(got), entries),
		s.m.PutAll(s.ctx, types.Entry{Key: int64(1), Value: int64(-1)}),
		answer[any]("an entry put over", int64(-1))(s.second.Get(s.ctx, int64(1))),
		answer[int]("size", bulkEntries)(s.second.Size(s.ctx)),
	)
}

func playSets(s *scene) error {
	entries, err := fill(s, s.m)
	if err != nil {
		return err
	}
	keys, errKeys := s.second.GetKeySet(s.ctx)
	values, errValues := s.second.GetValues(s.ctx)
	set, errSet := s.second.GetEntrySet(s.ctx)
	if err := first(errKeys, errValues, errSet); err != nil {
		return err
	}
	wantKeys, wantValues := []any{}, []any{}
	for _, e := range entries {
		wantKeys = append(wantKeys, e.Key)
		wantValues = append(wantValues, e.Value)
	}
	return first(
		same("keySet", sortedNumbers(keys), sortedNumbers(wantKeys)),
		same("values", sortedNumbers(values), sortedNumbers(wantValues)),
		same("entrySet", sorted(set), entries),
	)
}

func playSize(s *scene) error {
	_, err := fill(s, s.m)
	return first(
		err,
		answer[int]("size", bulkEntries)(s.second.Size(s.ctx)),
		answer[bool]("isEmpty", false)(s.second.IsEmpty(s.ctx)),
		s.second.Clear(s.ctx),
		answer[int]("size after clear", 0)(s.m.Size(s.ctx)),
		answer[bool]("isEmpty after clear", true)(s.m.IsEmpty(s.ctx)),
		answer[any]("get after clear", nil)(s.m.Get(s.ctx, int64(1))),
	)
}

func playEmptyMap(s *scene) error {
	keys, errKeys := s.m.GetKeySet(s.ctx)
	values, errValues := s.m.GetValues(s.ctx)
	set, errSet := s.m.GetEntrySet(s.ctx)
	all, errAll := s.m.GetAll(s.ctx, "a", "b")
	return first(
		errKeys, errValues, errSet, errAll,
		same("the sizes", fmt.Sprint(len(keys), len(values), len(set), len(all)), "0 0 0 0"),
		s.m.Clear(s.ctx),
		s.m.EvictAll(s.ctx),
		answer[bool]("isEmpty", true)(s.m.IsEmpty(s.ctx)),
	)
}
