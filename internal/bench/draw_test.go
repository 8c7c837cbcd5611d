package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Zipf draws each rank as often as its probability says, for exponents below, at and above 1.
func TestZipfSkew(t *testing.T) {
	const n, draws = 1_000, 400_000
	for _, s := range []float64{0.5, 0.99, 1, 1.5} {
		z := newZipf(rand.New(rand.NewPCG(1, 2)), n, s)
		counts := make([]float64, n)
		for range draws {
			counts[z.draw()]++
		}
		sum := 0.0
		for k := 1; k <= n; k++ {
			sum += math.Pow(float64(k), -s)
		}
		for _, k := range []int{1, 2, 10, 100, 1000} {
			want := draws * math.Pow(float64(k), -s) / sum
			if got := counts[k-1]; math.Abs(got-want) > 6*math.Sqrt(want)+1 {
				t.Errorf("s=%g: rank %d was drawn %g times, want about %.0f", s, k, got, want)
			}
		}
	}
}

func TestUniformIsLevel(t *testing.T) {
	o := Defaults()
	o.Keys = 100
	d := o.newDrawer(3)
	counts := make([]int, o.Keys)
	for range 100_000 {
		counts[d.draw()]++
	}
	for key, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("key %d was drawn %d times, want about 1000", key, n)
		}
	}
}

func TestOneKey(t *testing.T) {
	o := Defaults()
	o.Keys = 1
	for _, o.Distribution = range []string{Uniform, Zipf} {
		d := o.newDrawer(0)
		for range 100 {
			if key := d.draw(); key != 0 {
				t.Fatalf("%s: key %d of one", o.Distribution, key)
			}
		}
	}
}

// A placer takes only keys of its member, however few partitions that has, and does not hang if it has none.
func TestPlacer(t *testing.T) {
	o := Defaults()
	s := o.shape()
	f := &keyFormat{data: keyData(s.key()), digits: s.digits, partitions: 271}
	table := make([]int32, 271)
	table[17] = 1
	var own owners
	own.table.Store(&table)
	one := placer{table: &own, me: 1, keys: f}
	none := placer{table: &own, me: 2, keys: f}
	d := o.newDrawer(0)
	mine := 0
	for range 200 {
		if key, partition := one.draw(d); partition == 17 && f.partition(key) == 17 {
			mine++
		}
		none.draw(d)
	}
	if mine < 190 {
		t.Errorf("%d of 200 keys are the member's", mine)
	}
}

// The lists of a partition hold its keys and no others, and a filling writes every key.
func TestFillingWritesEveryKey(t *testing.T) {
	o := Defaults()
	o.Keys = 5_000
	s := o.shape()
	f := &keyFormat{data: keyData(s.key()), digits: s.digits, partitions: 271}
	lists := newPartitions(f, o.Keys)
	tests := map[string]*filling{
		"by partition": newFilling(kindPutAll, 7, o.Keys, lists, func(int32) bool { return true }),
		"by number":    newFilling(kindSet, 1, o.Keys, nil, nil),
		"in runs":      newFilling(kindPutAll, 33, o.Keys, nil, nil),
	}
	for name, filling := range tests {
		t.Run(name, func(t *testing.T) {
			seen := make([]bool, o.Keys)
			var s slot
			for (filler{filling}).next(&s) {
				if len(s.keys) != filling.size {
					t.Fatalf("message of %d keys, want %d", len(s.keys), filling.size)
				}
				for _, key := range s.keys {
					seen[key] = true
					if filling.lists != nil && f.partition(key) != f.partition(s.keys[0]) {
						t.Fatalf("keys %d and %d are of different partitions", key, s.keys[0])
					}
				}
			}
			for key, ok := range seen {
				if !ok {
					t.Errorf("key %d is missing", key)
				}
			}
		})
	}
}
