package bench

import (
	"math"
	"math/rand/v2"
)

// A drawer draws numbers of keys. Each connection has one of its own.
type drawer interface {
	draw() uint32
}

// newDrawer returns the drawer of connection number.
func (o *Options) newDrawer(number int) drawer {
	rng := rand.New(rand.NewPCG(o.Seed, uint64(number)))
	if o.Distribution == Zipf {
		return newZipf(rng, o.Keys, o.ZipfS)
	}
	return &uniform{rng: rng, n: uint64(o.Keys)}
}

// uniform draws every key equally often.
type uniform struct {
	rng *rand.Rand
	n   uint64
}

func (u *uniform) draw() uint32 { return uint32(u.rng.Uint64N(u.n)) }

// zipf draws the key of rank k, from 1, with a probability of 1/k^s. Keys hash to partitions, so the hottest ones are
// spread over them as they are. The method is rejection-inversion (Hörmann and Derflinger, 1996): no table, any s
// above 0, and hardly ever a second try.
type zipf struct {
	rng                    *rand.Rand
	n, s                   float64
	first, last, threshold float64
}

func newZipf(rng *rand.Rand, n int64, s float64) *zipf {
	z := &zipf{rng: rng, n: float64(n), s: s}
	z.first = z.integral(1.5) - 1
	z.last = z.integral(z.n + 0.5)
	z.threshold = 2 - z.inverse(z.integral(2.5)-z.density(2))
	return z
}

func (z *zipf) draw() uint32 {
	for {
		u := z.last + z.rng.Float64()*(z.first-z.last)
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.threshold || u >= z.integral(k+0.5)-z.density(k) {
			return uint32(k - 1)
		}
	}
}

func (z *zipf) density(x float64) float64 { return math.Exp(-z.s * math.Log(x)) }

// integral is an antiderivative of density, and inverse undoes it. Both go over into the logarithm and its inverse
// where s is 1, without a division by zero.
func (z *zipf) integral(x float64) float64 {
	ln := math.Log(x)
	return ratio(math.Expm1, (1-z.s)*ln) * ln
}

func (z *zipf) inverse(u float64) float64 {
	return math.Exp(ratio(math.Log1p, max(u*(1-z.s), -1)) * u)
}

// ratio is f(x)/x for an f that is x near 0.
func ratio(f func(float64) float64, x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return 1
	}
	return f(x) / x
}
