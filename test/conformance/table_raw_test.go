package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// rawOperations are those that the Go client has no call for.
func rawOperations() []operation {
	return []operation{
		{name: "fetch-keys", messages: []string{"fetchKeys"}, run: func(s *scene) error { return playFetch(s, typeMapFetchKeys) }},
		{name: "fetch-entries", messages: []string{"fetchEntries"}, run: func(s *scene) error { return playFetch(s, typeMapFetchEntries) }},
		{name: "partition-lost", messages: []string{"addPartitionLostListener", "removePartitionLostListener"}, run: playPartitionLost},
	}
}

// raw connects to any member that runs.
func (s *scene) raw() (*rawConn, int32, error) {
	addrs := s.stage.addrs()
	c, reply, err := connectRaw(addrs[rand.IntN(len(addrs))], s.stage.cluster.name)
	return c, reply.partitions, err
}

// playFetch iterates every partition over one connection and sees each entry
// exactly once.
func playFetch(s *scene, kind uint32) error {
	if _, err := fill(s, s.m); err != nil {
		return err
	}
	c, partitions, err := s.raw()
	if err != nil {
		return rawOutcome(err)
	}
	defer func() { _ = c.Close() }()
	seen := map[string]int{}
	for p := range partitions {
		if err := fetchPartition(c, kind, s.name, p, seen); err != nil {
			return rawOutcome(err)
		}
	}
	for i := range int64(bulkEntries) {
		if n := seen[string(longData(i).body)]; n != 1 {
			return fmt.Errorf("%w: key %d came %d times", errMismatch, i, n)
		}
	}
	return same("the number of keys", len(seen), bulkEntries)
}

// fetchPartition follows the iteration pointers: the first request starts at
// the highest index, and a last pointer under zero is the end.
func fetchPartition(c *rawConn, kind uint32, name string, partition int32, seen map[string]int) error {
	minusOne := int32(-1)
	pointers := binary.LittleEndian.AppendUint32(nil, math.MaxInt32)
	pointers = binary.LittleEndian.AppendUint32(pointers, uint32(minusOne))
	batch := binary.LittleEndian.AppendUint32(nil, iterationBatch)
	for range bulkEntries {
		answer, err := c.call(request(kind, partition, batch, text(name), rawFrame{body: pointers}))
		if err != nil {
			return err
		}
		if len(answer) < 2 || len(answer[1].body) < 8 {
			return fmt.Errorf("%w: %d frames", errBadAnswer, len(answer))
		}
		pointers = answer[1].body
		values := kind == typeMapFetchEntries
		for i, f := range dataFrames(answer[2:]) {
			if !values || i%2 == 0 {
				seen[string(f)]++
			}
		}
		if last := pointers[len(pointers)-8:]; int32(binary.LittleEndian.Uint32(last)) < 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: partition %d has no end", errMismatch, partition)
}

// dataFrames are the frames of a list of data, without the marks of its
// structure. The partition hash of each is blanked: it is optional.
func dataFrames(frames []rawFrame) [][]byte {
	var out [][]byte
	for _, f := range frames {
		if f.flags&(flagBeginStruct|flagEndStruct) == 0 && len(f.body) >= 8 {
			b := bytes.Clone(f.body)
			clear(b[:4])
			out = append(out, b)
		}
	}
	return out
}

func playPartitionLost(s *scene) error {
	c, _, err := s.raw()
	if err != nil {
		return rawOutcome(err)
	}
	defer func() { _ = c.Close() }()
	answer, err := c.call(request(typeMapAddPartitionLost, anyPartition, []byte{0}, text(s.name)))
	if err != nil {
		return rawOutcome(err)
	}
	if len(answer[0].body) < responseHeader+uuidLength {
		return fmt.Errorf("%w: no registration", errBadAnswer)
	}
	id := answer[0].body[responseHeader : responseHeader+uuidLength]
	removed := func() (bool, error) {
		answer, err := c.call(request(typeMapRemovePartitionLost, anyPartition, id, text(s.name)))
		if err != nil {
			return false, rawOutcome(err)
		}
		return len(answer[0].body) > responseHeader && answer[0].body[responseHeader] == 1, nil
	}
	return first(
		same("a registration", uuidText(id) != "", true),
		answerOf("removal", true, removed),
		answerOf("second removal", false, removed),
	)
}

func answerOf(what string, want any, f func() (bool, error)) error {
	return answer[bool](what, want)(f())
}
