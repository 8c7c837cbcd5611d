package bench

import (
	"errors"
	"math"
	"sync"
	"time"
)

// The shortest time between two ticks of a connection's schedule. At higher rates several operations are due at each tick: they are meant
// to begin together, and that is no lateness.
const (
	burstInterval = 50 * time.Microsecond
	// tickTime is what a processor has for each tick: its timer, a write and the read of the answers take some 15 µs. A generator
	// with more ticks than that would measure how late it is itself.
	tickTime = 30 * time.Microsecond
)

// errStopped is returned by a ticker that was stopped.
var errStopped = errors.New("stopped")

// A ticker wakes up at the ticks of a schedule.
type ticker interface {
	// wait returns at the next tick that is not yet past, not before it; an error when stopped.
	wait() error
	stop()
}

// A pace is the schedule of one connection in the open loop.
type pace struct {
	first, period int64 // ns by the run's clock, between ticks
	burst         int64 // operations due at each tick
	begun         int64 // operations so far
	ticker        ticker
}

// newPace returns the schedule of connection number of count, for rate operations a second over all of them, from
// a time on, on a generator with so many processors. The connections take turns within a period.
func newPace(rate float64, number, count, processors int, from int64) *pace {
	interval := float64(time.Second) * float64(count) / rate
	shortest := max(burstInterval, tickTime*time.Duration(count)/time.Duration(processors))
	burst := max(1, int64(math.Ceil(float64(shortest)/interval)))
	p := &pace{burst: burst, period: max(1, int64(float64(burst)*interval+0.5))}
	p.first = from + p.period*int64(number)/int64(count)
	return p
}

// due is when the next operation is to begin.
func (p *pace) due() int64 { return p.first + p.begun/p.burst*p.period }

// start begins the operations of l at their times, until there are no more; the function that it returns waits for
// that, or ends it.
func (p *pace) start(l *loop) (end func()) {
	if p.ticker == nil {
		t, err := newTicker(p.first-l.now(), p.period)
		if err != nil {
			t = newPlainTicker(p.first-l.now(), p.period)
		}
		p.ticker = t
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for l.tick() {
			if p.ticker.wait() != nil {
				return
			}
		}
	})
	return func() {
		p.ticker.stop()
		wg.Wait()
	}
}

// tick begins what is due in the open loop; false when nothing will be.
func (l *loop) tick() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(l.now())
	l.flush()
	if l.over() {
		_ = l.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader, which waits for nothing
	}
	return !l.exhausted
}

// plainTicker is a ticker of the standard library's timers. On an idle machine they are up to a millisecond late.
type plainTicker struct {
	timer  *time.Timer
	next   time.Time
	period time.Duration
	ended  chan struct{}
	once   sync.Once
}

func newPlainTicker(first, period int64) *plainTicker {
	next := time.Now().Add(time.Duration(first))
	return &plainTicker{timer: time.NewTimer(time.Until(next)), next: next, period: time.Duration(period), ended: make(chan struct{})}
}

func (t *plainTicker) wait() error {
	select {
	case <-t.ended:
		return errStopped
	case <-t.timer.C:
	}
	for now := time.Now(); !t.next.After(now); {
		t.next = t.next.Add(t.period)
	}
	t.timer.Reset(time.Until(t.next))
	return nil
}

func (t *plainTicker) stop() {
	t.timer.Stop()
	t.once.Do(func() { close(t.ended) })
}
