package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hazelcast/hazelcast-go-client/hzerrors"
)

func lockOperations() []operation {
	return []operation{
		{name: "lock", messages: []string{"lock", "unlock", "isLocked"}, run: playLock},
		{name: "lock-reentrant", messages: []string{"lock", "unlock"}, run: playReentrant},
		{name: "lock-absent-key", messages: []string{"lock", "unlock"}, run: playLockAbsent},
		{name: "lock-by-other-client", messages: []string{"lock", "tryLock", "forceUnlock"}, run: playLockByOtherClient},
		{name: "lock-waits", messages: []string{"lock", "unlock"}, run: playLockWaits},
		{name: "lock-lease", messages: []string{"lock", "tryLock"}, run: playLease},
		{name: "lock-counter", messages: []string{"lock", "unlock"}, run: playLockCounter},
		{name: "lock-blocks-writes", messages: []string{"tryPut", "tryRemove", "put", "get"}, run: playLockBlocks},
		{name: "unlock-by-stranger", messages: []string{"unlock"}, run: playStranger},
		{name: "lock-of-gone-client", messages: []string{"lock", "tryLock"}, run: playGoneClient},
	}
}

// contexts returns n lock contexts of the first client: each is an owner of its
// own, as threads are.
func (s *scene) contexts(n int) []context.Context {
	var out []context.Context
	for range n {
		out = append(out, s.m.NewLockContext(s.ctx))
	}
	return out
}

func playLock(s *scene) error {
	own, other := s.contexts(2)[0], s.contexts(1)[0]
	return first(
		answer[bool]("isLocked before", false)(s.m.IsLocked(s.ctx, "k")),
		s.m.Lock(own, "k"),
		answer[bool]("isLocked by the owner", true)(s.m.IsLocked(own, "k")),
		answer[bool]("isLocked by another client", true)(s.second.IsLocked(s.ctx, "k")),
		answer[bool]("tryLock by another context", false)(s.m.TryLock(other, "k")),
		answer[bool]("tryLock with a wait by another context", false)(s.m.TryLockWithTimeout(other, "k", 100*time.Millisecond)),
		answer[bool]("tryLock of another key", true)(s.m.TryLock(other, "other")),
		s.m.Set(own, "k", "v"),
		s.m.Unlock(own, "k"),
		answer[bool]("isLocked after", false)(s.m.IsLocked(s.ctx, "k")),
		answer[any]("what the owner wrote", "v")(s.second.Get(s.ctx, "k")),
		answer[bool]("tryLock after unlock", true)(s.m.TryLock(other, "k")),
		s.m.Unlock(other, "k"),
	)
}

func playReentrant(s *scene) error {
	owners := s.contexts(2)
	return first(
		s.m.Lock(owners[0], "k"),
		s.m.Lock(owners[0], "k"),
		answer[bool]("tryLock by the owner", true)(s.m.TryLock(owners[0], "k")),
		s.m.Unlock(owners[0], "k"),
		s.m.Unlock(owners[0], "k"),
		answer[bool]("still locked after two of three", false)(s.m.TryLock(owners[1], "k")),
		s.m.Unlock(owners[0], "k"),
		answer[bool]("free after three of three", true)(s.m.TryLock(owners[1], "k")),
		s.m.Unlock(owners[1], "k"),
	)
}

// playLockAbsent: a lock needs no entry and makes none.
func playLockAbsent(s *scene) error {
	own := s.contexts(1)[0]
	return first(
		s.m.Lock(own, "k"),
		answer[bool]("containsKey", false)(s.m.ContainsKey(own, "k")),
		answer[int]("size", 0)(s.second.Size(s.ctx)),
		answer[any]("put by the owner", nil)(s.m.Put(own, "k", "v")),
		answer[any]("remove by the owner", "v")(s.m.Remove(own, "k")),
		answer[bool]("still locked after remove", true)(s.second.IsLocked(s.ctx, "k")),
		s.m.Unlock(own, "k"),
		answer[bool]("isLocked", false)(s.second.IsLocked(s.ctx, "k")),
	)
}

// playLockByOtherClient: the same lock context number of another client is
// another owner.
func playLockByOtherClient(s *scene) error {
	return first(
		s.m.Lock(s.ctx, "k"),
		answer[bool]("tryLock by another client", false)(s.second.TryLock(s.ctx, "k")),
		s.second.ForceUnlock(s.ctx, "k"),
		answer[bool]("isLocked after forceUnlock", false)(s.m.IsLocked(s.ctx, "k")),
		answer[bool]("tryLock by another client after forceUnlock", true)(s.second.TryLock(s.ctx, "k")),
		s.second.Unlock(s.ctx, "k"),
		s.second.ForceUnlock(s.ctx, "never locked"),
	)
}

// playLockWaits: a waiting lock gets the key when it is free, not before.
func playLockWaits(s *scene) error {
	owners := s.contexts(3)
	if err := s.m.Lock(owners[0], "k"); err != nil {
		return err
	}
	results := make(chan error, 2)
	go func() { results <- s.m.Lock(owners[1], "k") }()
	go func() {
		results <- answer[bool]("tryLock with a long wait", true)(s.second.TryLockWithTimeout(owners[2], "k", 30*time.Second))
	}()
	select {
	case err := <-results:
		return first(err, fmt.Errorf("%w: a waiting lock came through a held one", errMismatch))
	case <-time.After(200 * time.Millisecond):
	}
	if err := s.m.Unlock(owners[0], "k"); err != nil {
		return err
	}
	if err := <-results; err != nil {
		return err
	}
	// Whichever of the two came first holds it; the other waits on.
	if err := s.m.ForceUnlock(s.ctx, "k"); err != nil {
		return err
	}
	return <-results
}

func playLease(s *scene) error {
	owners := s.contexts(2)
	start := time.Now()
	if err := first(
		s.m.LockWithLease(owners[0], "k", lifetime),
		s.m.Lock(owners[1], "k"), // comes through when the lease is over
	); err != nil {
		return err
	}
	if waited := time.Since(start); waited < lifetime/2 {
		return fmt.Errorf("%w: a lease of %v ended after %v", errMismatch, lifetime, waited)
	}
	return first(
		s.m.Unlock(owners[1], "k"),
		answer[bool]("tryLock with a lease", true)(s.m.TryLockWithLease(owners[0], "k", lifetime)),
		answer[bool]("tryLock with lease and wait", true)(s.m.TryLockWithLeaseAndTimeout(owners[1], "k", lifetime, eventTimeout)),
		eventually(s.ctx, eventTimeout, func() error { return answer[bool]("isLocked", false)(s.m.IsLocked(s.ctx, "k")) }),
	)
}

// playLockCounter counts with get and set under the lock from several contexts.
func playLockCounter(s *scene) error {
	const contexts, rounds = 10, 5
	var workers sync.WaitGroup
	errs := make(chan error, contexts)
	for i, ctx := range s.contexts(contexts) {
		m := s.m
		if i%2 == 1 {
			m = s.second
		}
		workers.Go(func() {
			for range rounds {
				if err := m.Lock(ctx, "k"); err != nil {
					errs <- err
					return
				}
				v, err := m.Get(ctx, "k")
				n, _ := v.(int64)
				if err = first(err, m.Set(ctx, "k", n+1), m.Unlock(ctx, "k")); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(errs)
	for err := range errs {
		return err
	}
	return answer[any]("the count", int64(contexts*rounds))(s.m.Get(s.ctx, "k"))
}

// playLockBlocks: a lock keeps others from writing the key, not from reading it.
func playLockBlocks(s *scene) error {
	own := s.contexts(1)[0]
	if err := first(
		s.m.Set(s.ctx, "k", "v1"),
		s.m.Lock(own, "k"),
		answer[any]("get of a locked key", "v1")(s.second.Get(s.ctx, "k")),
		answer[bool]("tryPut of a locked key", false)(s.second.TryPutWithTimeout(s.ctx, "k", "v2", 100*time.Millisecond)),
		answer[any]("tryRemove of a locked key", false)(s.second.TryRemoveWithTimeout(s.ctx, "k", 100*time.Millisecond)),
	); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- answer[any]("put that waited", "v3")(s.second.Put(s.ctx, "k", "v4")) }()
	select {
	case err := <-done:
		return first(err, fmt.Errorf("%w: a put came through a lock", errMismatch))
	case <-time.After(100 * time.Millisecond):
	}
	return first(
		answer[any]("put by the owner", "v1")(s.m.Put(own, "k", "v3")),
		s.m.Unlock(own, "k"),
		<-done,
		answer[any]("get", "v4")(s.m.Get(s.ctx, "k")),
	)
}

// playStranger: unlocking what one does not hold is an error and changes nothing.
func playStranger(s *scene) error {
	own := s.contexts(1)[0]
	illegal := func(what string, err error) error {
		if errors.Is(err, hzerrors.ErrIllegalMonitorState) {
			return nil
		}
		return first(err, fmt.Errorf("%w: %s is no error", errMismatch, what))
	}
	return first(
		illegal("unlock of a free key", s.m.Unlock(s.ctx, "k")),
		s.m.Lock(own, "k"),
		illegal("unlock by another context", s.m.Unlock(s.contexts(1)[0], "k")),
		illegal("unlock by another client", s.second.Unlock(s.ctx, "k")),
		answer[bool]("isLocked", true)(s.m.IsLocked(s.ctx, "k")),
		s.m.Unlock(own, "k"),
	)
}

// playGoneClient: the locks of a client that is gone are released.
func playGoneClient(s *scene) error {
	client := s.stage.cluster.client(s.stage.routing)
	m, err := client.GetMap(s.ctx, s.name)
	if err != nil {
		return err
	}
	if err := first(m.Lock(s.ctx, "k"), answer[bool]("tryLock", false)(s.m.TryLock(s.ctx, "k"))); err != nil {
		return err
	}
	shutdown(s.stage.t, client)
	return first(
		answer[bool]("tryLock after the client is gone", true)(s.m.TryLockWithTimeout(s.ctx, "k", eventTimeout)),
		s.m.Unlock(s.ctx, "k"),
	)
}
