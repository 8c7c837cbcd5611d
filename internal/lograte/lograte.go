// Package lograte keeps log lines that a stranger can cause within bounds.
//
// Bad input, refused connections and full buffers each deserve a line, but the
// one who sends them decides how many there are. A Limiter is asked before such
// a line is written: it lets a few of each key pass per interval, and with the
// first of the next interval it says how many were left out, so that nothing
// disappears unseen. The line itself stays where it is decided, with its own
// constant message:
//
//	if left, ok := limiter.Allow(key); ok {
//		logger.Warn("connection refused", slog.String("remote", addr), slog.Int64("left_out", left))
//	}
//
// Invariants: a Limiter remembers at most Options.Keys keys, so choosing new
// keys costs nothing but the shared remainder; the clock is given to it.
package lograte

import (
	"sync"
	"time"
)

// Options of a Limiter. Zero values take the defaults.
type Options struct {
	// Every is the length of an interval; default 10 s.
	Every time.Duration
	// Burst is how many lines of one key pass per interval; default 3.
	Burst int
	// Keys is how many keys are told apart; those beyond share one budget. Default 128.
	Keys int
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// A Limiter decides which log lines are written. Safe for concurrent use.
type Limiter struct {
	options Options

	mu struct {
		sync.Mutex
		budgets map[string]*budget
		// rest is shared by all keys that found budgets full.
		rest budget
	}
}

// A budget is what one key may still write in its interval.
type budget struct {
	until time.Time
	used  int
	left  int64 // lines left out since the last one written
}

// New returns a Limiter.
func New(options Options) *Limiter {
	if options.Every <= 0 {
		options.Every = 10 * time.Second
	}
	if options.Burst <= 0 {
		options.Burst = 3
	}
	if options.Keys <= 0 {
		options.Keys = 128
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	l := &Limiter{options: options}
	l.mu.budgets = make(map[string]*budget)
	return l
}

// Allow reports whether a line with this key may be written now, and how many
// of its kind were left out since the last one that was.
func (l *Limiter) Allow(key string) (left int64, ok bool) {
	now := l.options.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.budget(key, now)
	if !now.Before(b.until) {
		b.until, b.used = now.Add(l.options.Every), 0
	}
	if b.used >= l.options.Burst {
		b.left++
		return 0, false
	}
	b.used++
	left, b.left = b.left, 0
	return left, true
}

// budget returns the budget of a key; l.mu must be held.
func (l *Limiter) budget(key string, now time.Time) *budget {
	if b, ok := l.mu.budgets[key]; ok {
		return b
	}
	if len(l.mu.budgets) >= l.options.Keys {
		l.forget(now)
	}
	if len(l.mu.budgets) >= l.options.Keys {
		return &l.mu.rest
	}
	b := &budget{}
	l.mu.budgets[key] = b
	return b
}

// forget drops the keys whose interval is over; what they left out is told with
// the rest. l.mu must be held.
func (l *Limiter) forget(now time.Time) {
	for key, b := range l.mu.budgets {
		if now.Before(b.until) {
			continue
		}
		l.mu.rest.left += b.left
		delete(l.mu.budgets, key)
	}
}
