package conformance

import (
	"fmt"
	"time"
)

// lifetime is the TTL and max-idle time of the entries that shall expire. Whole
// seconds, because that is the precision that Hazelcast promises: an entry lives
// for at least one of the two.
const lifetime = 2 * time.Second

func expiryOperations() []operation {
	ttl := func(name, message string, put func(*scene) error) operation {
		return operation{name: name, messages: []string{message}, run: func(s *scene) error { return playExpiry(s, put) }}
	}
	ops := []operation{
		ttl("put-ttl", "put", func(s *scene) error {
			return answer[any]("put", nil)(s.m.PutWithTTL(s.ctx, "k", "v", lifetime))
		}),
		ttl("put-max-idle", "putWithMaxIdle", func(s *scene) error {
			return answer[any]("put", nil)(s.m.PutWithMaxIdle(s.ctx, "k", "v", lifetime))
		}),
		ttl("put-ttl-max-idle", "putWithMaxIdle", func(s *scene) error {
			return answer[any]("put", nil)(s.m.PutWithTTLAndMaxIdle(s.ctx, "k", "v", lifetime, time.Hour))
		}),
		ttl("set-ttl-of-value", "set", func(s *scene) error { return s.m.SetWithTTL(s.ctx, "k", "v", lifetime) }),
		ttl("set-ttl-max-idle", "setWithMaxIdle", func(s *scene) error {
			return s.m.SetWithTTLAndMaxIdle(s.ctx, "k", "v", time.Hour, lifetime)
		}),
		ttl("put-if-absent-ttl", "putIfAbsent", func(s *scene) error {
			return answer[any]("putIfAbsent", nil)(s.m.PutIfAbsentWithTTL(s.ctx, "k", "v", lifetime))
		}),
		ttl("put-if-absent-ttl-max-idle", "putIfAbsentWithMaxIdle", func(s *scene) error {
			return answer[any]("putIfAbsent", nil)(s.m.PutIfAbsentWithTTLAndMaxIdle(s.ctx, "k", "v", time.Hour, lifetime))
		}),
		ttl("put-transient-ttl", "putTransient", func(s *scene) error {
			return s.m.PutTransientWithTTL(s.ctx, "k", "v", lifetime)
		}),
		ttl("put-transient-max-idle", "putTransientWithMaxIdle", func(s *scene) error {
			return s.m.PutTransientWithMaxIdle(s.ctx, "k", "v", lifetime)
		}),
		ttl("put-transient-ttl-max-idle", "putTransientWithMaxIdle", func(s *scene) error {
			return s.m.PutTransientWithTTLAndMaxIdle(s.ctx, "k", "v", lifetime, time.Hour)
		}),
		ttl("set-ttl", "setTtl", func(s *scene) error {
			return first(s.m.Set(s.ctx, "k", "v"), answer[bool]("setTtl", true)(s.m.SetTTLAffected(s.ctx, "k", lifetime)))
		}),
	}
	return append(ops,
		operation{name: "set-ttl-of-absent", messages: []string{"setTtl"}, run: func(s *scene) error {
			return answer[bool]("setTtl of an absent key", false)(s.m.SetTTLAffected(s.ctx, "absent", lifetime))
		}},
		operation{name: "ttl-lifted", messages: []string{"put", "setTtl"}, run: playTTLLifted},
		operation{name: "max-idle-renewed", messages: []string{"putWithMaxIdle", "get"}, run: playMaxIdleRenewed},
		operation{name: "ttl-view", messages: []string{"getEntryView", "putWithMaxIdle"}, run: playTTLView},
	)
}

// playExpiry stores one entry that shall live for lifetime and sees it there
// and then gone. It asks for the size, not for the value: that would renew the
// idle time.
func playExpiry(s *scene, put func(*scene) error) error {
	start := time.Now()
	if err := put(s); err != nil {
		return err
	}
	size, err := s.second.Size(s.ctx)
	if err != nil {
		return err
	}
	// Only an answer that came in time says something.
	if size != 1 && time.Since(start) < lifetime/2 {
		return fmt.Errorf("%w: size is %d at %v of %v", errMismatch, size, time.Since(start), lifetime)
	}
	if err := eventually(s.ctx, eventTimeout, func() error { return answer[int]("size after expiry", 0)(s.second.Size(s.ctx)) }); err != nil {
		return err
	}
	if lived := time.Since(start); lived < lifetime/2 {
		return fmt.Errorf("%w: the entry lived for %v only", errMismatch, lived)
	}
	return answer[any]("get after expiry", nil)(s.m.Get(s.ctx, "k"))
}

// playTTLLifted: an entry whose TTL was taken away outlives one that kept it.
func playTTLLifted(s *scene) error {
	start := time.Now()
	err := first(
		s.m.SetWithTTL(s.ctx, "overwritten", "v", lifetime),
		s.m.SetWithTTL(s.ctx, "prolonged", "v", lifetime),
		s.m.SetWithTTL(s.ctx, "gone", "v", lifetime),
		s.m.Set(s.ctx, "overwritten", "w"),
		s.m.SetTTL(s.ctx, "prolonged", time.Hour),
	)
	if err == nil && time.Since(start) > lifetime/2 {
		err = errTooSlow // "prolonged" may have expired first
	}
	if err := first(
		err,
		eventually(s.ctx, eventTimeout, func() error { return answer[int]("size", 2)(s.m.Size(s.ctx)) }),
		waitUntil(s, time.Now().Add(lifetime)),
	); err != nil {
		return err
	}
	return first(
		answer[any]("an entry set again without TTL", "w")(s.m.Get(s.ctx, "overwritten")),
		answer[any]("an entry with a longer TTL", "v")(s.m.Get(s.ctx, "prolonged")),
	)
}

// playMaxIdleRenewed reads an entry for twice its idle time, in steps much
// shorter than it; then leaves it alone.
func playMaxIdleRenewed(s *scene) error {
	const idle = 4 * time.Second
	if _, err := s.m.PutWithMaxIdle(s.ctx, "k", "v", idle); err != nil {
		return err
	}
	last := time.Now()
	for end := last.Add(2 * idle); time.Now().Before(end); {
		v, err := s.m.Get(s.ctx, "k")
		if err != nil {
			return err
		}
		if late := time.Since(last) > idle/2; late {
			return errTooSlow
		}
		if err := same("a value that is read", v, any("v")); err != nil {
			return err
		}
		last = time.Now()
		if err := waitUntil(s, last.Add(100*time.Millisecond)); err != nil {
			return err
		}
	}
	return eventually(s.ctx, eventTimeout, func() error { return answer[int]("size", 0)(s.m.Size(s.ctx)) })
}

// playTTLView: the view tells the times in milliseconds.
func playTTLView(s *scene) error {
	before := time.Now()
	if _, err := s.m.PutWithTTLAndMaxIdle(s.ctx, "k", "v", time.Hour, time.Minute); err != nil {
		return err
	}
	view, err := s.m.GetEntryView(s.ctx, "k")
	if err != nil {
		return err
	}
	if view == nil {
		return same("the view is absent", true, false)
	}
	return first(
		same("ttl", view.TTL, time.Hour.Milliseconds()),
		same("max idle", view.MaxIdle, time.Minute.Milliseconds()),
		same("expiration within the hour", view.ExpirationTime > before.UnixMilli() &&
			view.ExpirationTime <= time.Now().Add(time.Hour+time.Second).UnixMilli(), true),
	)
}

// waitUntil waits without sleeping past the end of the operation.
func waitUntil(s *scene, when time.Time) error {
	select {
	case <-time.After(time.Until(when)):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
