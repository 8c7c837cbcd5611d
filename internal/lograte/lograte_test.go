package lograte_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/lograte"
)

func TestAllow(t *testing.T) {
	now := time.Unix(0, 0)
	l := lograte.New(lograte.Options{Every: time.Second, Burst: 2, Keys: 2, Now: func() time.Time { return now }})
	steps := []struct {
		name  string
		after time.Duration
		key   string
		left  int64
		ok    bool
	}{
		{"first", 0, "a", 0, true},
		{"second", 0, "a", 0, true},
		{"beyond the burst", 0, "a", 0, false},
		{"again", 0, "a", 0, false},
		{"another key has its own budget", 0, "b", 0, true},
		{"a third key takes from the rest", 0, "c", 0, true},
		{"so does a fourth", 0, "d", 0, true},
		{"and the rest is used up", 0, "e", 0, false},
		{"just before the interval ends", time.Second - 1, "a", 0, false},
		{"the next interval tells what was left out", 1, "a", 3, true},
		{"once", 0, "a", 0, true},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		left, ok := l.Allow(step.key)
		if left != step.left || ok != step.ok {
			t.Fatalf("%s: Allow(%q) = %d, %t, want %d, %t", step.name, step.key, left, ok, step.left, step.ok)
		}
	}
}

func TestKeysAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	l := lograte.New(lograte.Options{Every: time.Second, Burst: 1, Keys: 4, Now: func() time.Time { return now }})
	passed := 0
	for i := range 1000 {
		if _, ok := l.Allow(strconv.Itoa(i)); ok {
			passed++
		}
	}
	if passed != 5 {
		t.Errorf("%d lines of 1000 keys passed, want 4 and the one of the rest", passed)
	}
	now = now.Add(time.Second)
	if left, ok := l.Allow("new"); !ok || left != 0 {
		t.Errorf("after the interval: Allow = %d, %t, want the key to have a budget of its own", left, ok)
	}
}
