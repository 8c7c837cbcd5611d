package cluster

import (
	"math/rand/v2"
	"testing"
)

func listOf(mark Mark, chain []Mark, data, lite, leaving int) *List {
	l := &List{Mark: mark, Chain: chain}
	for i := range data + lite + leaving {
		l.Members = append(l.Members, Member{ID: UUID{byte(i + 1)}, Lite: i >= data && i < data+lite, Leaving: i >= data+lite})
	}
	return l
}

func TestMergesInto(t *testing.T) {
	old, young, other := Mark{lineage(7), 5}, Mark{lineage(2), 6}, Mark{lineage(4), 9}
	descends := []Mark{{lineage(7), 4}}
	for name, c := range map[string]struct {
		loser, winner *List
	}{
		"more members":                {listOf(old, nil, 2, 0, 0), listOf(young, descends, 3, 0, 0)},
		"more members, older loses":   {listOf(old, nil, 1, 0, 0), listOf(young, descends, 2, 0, 0)},
		"equal, the older lineage":    {listOf(young, descends, 2, 0, 0), listOf(old, nil, 2, 0, 0)},
		"strangers, the lower bytes":  {listOf(old, nil, 2, 0, 0), listOf(other, nil, 2, 0, 0)},
		"lite members count last":     {listOf(old, nil, 2, 5, 0), listOf(young, nil, 3, 0, 0)},
		"lite members break a tie":    {listOf(old, nil, 2, 0, 0), listOf(young, nil, 2, 1, 0)},
		"who leaves does not count":   {listOf(old, nil, 2, 0, 3), listOf(young, nil, 3, 0, 0)},
		"nobody stays in the greater": {listOf(old, nil, 0, 0, 3), listOf(young, nil, 1, 0, 0)},
	} {
		if !c.loser.MergesInto(c.winner) || c.winner.MergesInto(c.loser) {
			t.Errorf("%s: %v and %v", name, c.loser.MergesInto(c.winner), c.winner.MergesInto(c.loser))
		}
	}
}

// Of any two lists that stand apart exactly one gives itself up.
func TestMergesIntoIsDecided(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	chain := func() (c []Mark) {
		for range random.IntN(3) {
			c = append(c, Mark{lineage(byte(random.IntN(4))), random.Int32N(5)})
		}
		return c
	}
	apart := 0
	for range 20_000 {
		a := listOf(Mark{lineage(byte(random.IntN(4))), random.Int32N(5)}, chain(), random.IntN(3), random.IntN(2), random.IntN(2))
		b := listOf(Mark{lineage(byte(random.IntN(4))), random.Int32N(5)}, chain(), random.IntN(3), random.IntN(2), random.IntN(2))
		if !a.Apart(b) {
			continue
		}
		apart++
		if a.MergesInto(b) == b.MergesInto(a) {
			t.Fatalf("%+v and %+v: %v", a, b, a.MergesInto(b))
		}
	}
	if apart < 1000 {
		t.Errorf("only %d pairs stood apart", apart)
	}
}

func TestAncestor(t *testing.T) {
	root := listOf(Mark{lineage(1), 8}, nil, 3, 0, 0)
	left := listOf(Mark{lineage(2), 7}, []Mark{{lineage(1), 6}}, 2, 0, 0)
	right := listOf(Mark{lineage(3), 9}, []Mark{{lineage(1), 6}, {lineage(2), 7}}, 1, 0, 0)
	stranger := listOf(Mark{lineage(9), 9}, nil, 1, 0, 0)
	for _, c := range []struct {
		a, b *List
		want int32
	}{{root, left, 6}, {root, right, 6}, {left, right, 7}, {root, stranger, -1}, {root, root, 8}} {
		if got, back := c.a.Ancestor(c.b), c.b.Ancestor(c.a); got != c.want || back != c.want {
			t.Errorf("ancestor of %v and %v: %d and %d, want %d", c.a.Mark, c.b.Mark, got, back, c.want)
		}
	}
}
