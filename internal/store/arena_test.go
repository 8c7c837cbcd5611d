package store

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSizes(t *testing.T) {
	last := 0
	for size := 1; size <= 70<<10; size++ {
		got := fit(size)
		switch {
		case got < size || got%grain != 0 || got < last:
			t.Fatalf("fit(%d) = %d after %d", size, got, last)
		case size > grain && got > max(size*5/4+grain, size) && size <= slabMax:
			t.Fatalf("fit(%d) = %d wastes more than a quarter", size, got)
		case size <= slabMax && sizeOf(classOf(got)) != got:
			t.Fatalf("fit(%d) = %d, of class %d with %d", size, got, classOf(got), sizeOf(classOf(got)))
		}
		last = got
	}
	if got := classOf(slabMax) + 1; got != classes {
		t.Errorf("%d classes, the constant says %d", got, classes)
	}
}

// TestBlocks takes and gives blocks of all sizes at random: none may overlap another, the books must be right, and in the end
// everything must be back.
func TestBlocks(t *testing.T) {
	for seed := range uint64(4) {
		a, err := NewArena()
		if err != nil {
			t.Fatal(err)
		}
		runBlocks(t, a, rand.New(rand.NewPCG(seed, 1)))
		if s := a.Stats(); s.Used != 0 || s.Held != 0 {
			t.Errorf("everything is back, and the books say %+v", s)
		}
		a.Drain()
		if s := a.Stats(); s.Resident > 2<<20 {
			t.Errorf("everything is back, and %d bytes are not given back", s.Resident)
		}
	}
}

type taken struct {
	block uint32
	size  int
	mark  byte
}

func runBlocks(t *testing.T, a *Arena, r *rand.Rand) {
	t.Helper()
	var all []taken
	used := int64(0)
	const steps = 6000
	for step := range steps {
		if r.IntN(steps) > step && len(all) < 3000 {
			size := []int{1 + r.IntN(300), 1 + r.IntN(5000), spanSize, 1 + r.IntN(1<<20), 1 + r.IntN(9<<20)}[min(r.IntN(40), 39)*5/40]
			if size > 1<<20 && r.IntN(8) != 0 {
				size = 1 + r.IntN(300)
			}
			block, err := a.alloc(size, false)
			if err != nil {
				t.Fatal(err)
			}
			b := taken{block: block, size: size, mark: byte(step)}
			fill(a, &b)
			all = append(all, b)
			used += int64(fit(size))
		} else if len(all) > 0 {
			i := r.IntN(len(all))
			check(t, a, &all[i])
			a.free(all[i].block, all[i].size)
			used -= int64(fit(all[i].size))
			all = slices.Delete(all, i, i+1)
		}
		if step%500 == 0 {
			a.Tidy()
		}
		if s := a.Stats(); s.Used != used || s.Held < used || s.Resident < s.Held {
			t.Fatalf("step %d: %d bytes are used, and the books say %+v", step, used, s)
		}
	}
	for i := range all {
		check(t, a, &all[i])
		a.free(all[i].block, all[i].size)
	}
}

// fill marks a block at its page boundaries and ends, which is where others would reach into it.
func fill(a *Arena, b *taken) {
	bytes := a.bytes(b.block, fit(b.size))
	for i := 0; i < len(bytes); i += grain {
		bytes[i] = b.mark
	}
	bytes[len(bytes)-1] = b.mark
}

func check(t *testing.T, a *Arena, b *taken) {
	t.Helper()
	bytes := a.bytes(b.block, fit(b.size))
	for i := 0; i < len(bytes); i += grain {
		if bytes[i] != b.mark {
			t.Fatalf("a block of %d bytes was written to at %d", b.size, i)
		}
	}
	if bytes[len(bytes)-1] != b.mark {
		t.Fatalf("a block of %d bytes was written to at its end", b.size)
	}
}

// TestNoMemory runs out of reserved addresses: whoever asks gets an error, and nothing is lost.
func TestNoMemory(t *testing.T) {
	a, err := NewArena()
	if err != nil {
		t.Fatal(err)
	}
	a.pages.mapping.bytes = a.pages.mapping.bytes[:2*extentSize]
	table := MakeTable(a, func(key []byte) uint32 { return uint32(key[0])<<24 | uint32(key[1])<<16 })
	n := 0
	for ; err == nil && n < 1<<16; n++ {
		_, err = table.Insert(uint32(n)<<16, []byte{byte(n >> 8), byte(n)}, make([]byte, 1000), &Meta{})
	}
	if err == nil || n < 6000 {
		t.Fatalf("after %d entries of 1,000 bytes in 8 MiB: %v", n, err)
	}
	n--
	for i := range n {
		e, found := table.Get(uint32(i)<<16, []byte{byte(i >> 8), byte(i)})
		if !found {
			t.Fatalf("entry %d of %d is gone", i, n)
		}
		table.Remove(e)
		table.Tidy()
	}
	if _, err := table.Insert(1<<16, []byte{0, 1}, nil, &Meta{}); err != nil {
		t.Errorf("there is memory again, but: %v", err)
	}
	table.Reset()
	if err := a.Balanced(); err != nil {
		t.Error(err)
	}
}

// TestResetTakesNoTime: to empty a table under its owner's lock frees a few blocks, however many it has. They count for nothing at
// once, are freed by Tidy, and are found again by whoever wants blocks before that.
func TestResetTakesNoTime(t *testing.T) {
	for _, entries := range []int{100, 10_000, 300_000} {
		a, err := NewArena()
		if err != nil {
			t.Fatal(err)
		}
		table := MakeTable(a, func(key []byte) uint32 { return uint32(key[0])<<24 | uint32(key[1])<<16 | uint32(key[2])<<8 })
		fillTable(t, &table, entries)
		if size := len(table.index.leaves) + len(table.log.chunks); entries > 1000 && size < 2*freedAtOnce {
			t.Fatalf("%d entries have %d blocks", entries, size)
		}
		full := a.Stats()
		table.Reset()
		if a.Used() != 0 || table.Len() != 0 {
			t.Errorf("%d entries: emptied, and %d bytes are used by %d entries", entries, a.Used(), table.Len())
		}
		if at := a.Stats().Held; entries > 1000 && at != full.Held {
			t.Errorf("%d entries: %d bytes were freed under the lock", entries, full.Held-at)
		}
		// Who comes next takes what is there.
		fillTable(t, &table, entries)
		if again := a.Stats(); again.Resident > full.Resident+full.Resident/8+1<<20 {
			t.Errorf("%d entries: %d bytes are resident, before they were emptied %d", entries, again.Resident, full.Resident)
		}
		table.Reset()
		a.Drain()
		if s := a.Stats(); s.Held != 0 || s.Used != 0 || len(a.garbage.tables) != 0 {
			t.Errorf("%d entries: %+v are left", entries, s)
		}
	}
}

func fillTable(t *testing.T, table *Table, entries int) {
	t.Helper()
	var key [8]byte
	for i := range entries {
		binary.BigEndian.PutUint64(key[:], uint64(i)*0x9E3779B97F4A7C15)
		value := key[:i%3]
		if i%1000 == 0 {
			value = make([]byte, 20_000)
		}
		if _, err := table.Insert(table.hash(key[:]), key[:], value, &Meta{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestResetMakesRoom: what was emptied leaves room in the budget at once.
func TestResetMakesRoom(t *testing.T) {
	a, err := NewArena()
	if err != nil {
		t.Fatal(err)
	}
	a.SetBudget(16 << 20)
	table := MakeTable(a, func(key []byte) uint32 { return binary.BigEndian.Uint32(key) })
	table.Limit(true)
	for range 3 {
		taken := 0
		for i := uint32(0); ; i++ {
			key := binary.BigEndian.AppendUint32(nil, i*0x9E3779B9)
			if _, err := table.Insert(table.hash(key), key, make([]byte, 1000), &Meta{}); err != nil {
				break
			}
			taken++
		}
		if taken < 14_000 {
			t.Errorf("%d values of 1,000 bytes found room in 16 MiB", taken)
		}
		table.Reset()
	}
	if s := a.Stats(); s.Resident > 24<<20 {
		t.Errorf("%d bytes are resident", s.Resident)
	}
	a.Drain() // other tests look at the memory of the process
}
