package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Messages about a whole map, by their type in the client protocol.
const (
	messageKeySet   = 0x012200
	messageValues   = 0x012400
	messageEntrySet = 0x012500
	messageClear    = 0x012d00
)

// listingMost is how much more memory a member may have because it lists a map, in MiB: far less than any map that is worth measuring.
const listingMost = 32

// listingPause is how long a client that lists beside a load waits after each MiB or so: it shares a processor with the generator, whose turns
// would be what is measured if it read as fast as it can.
const listingPause = 5 * time.Millisecond

// whole tells what messages about a whole map take, and what a client of another map notices of them.
func whole(l *lab, tell func(figure)) error {
	s, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	beside := load{workload: "get", inFlight: 1, connections: 10, keys: 10_000, rounds: 1, duration: 2 * l.duration, flags: []string{"--map", "beside"}}
	if err := errors.Join(l.fill(s, load{}), l.fill(s, beside)); err != nil {
		return err
	}
	alone, err := l.turns(beside, s)
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		name string
		code uint32
	}{{"keySet", messageKeySet}, {"values", messageValues}, {"entrySet", messageEntrySet}} {
		f, err := l.listing(s, kind.code)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		f.What = fmt.Sprintf("%s of %d entries (%s): memory of the member meanwhile", kind.name, l.keys, f.What)
		tell(f)
	}
	if err := l.besides(tell, s, beside, alone[0], "map is listed", func(ctx context.Context) error {
		for ctx.Err() == nil {
			if _, err := ask(ctx, s.address, messageEntrySet, "bench", func() { l.wait(listingPause) }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return l.besides(tell, s, beside, alone[0], "map is cleared", func(ctx context.Context) error {
		l.wait(l.duration) // when the load is under way
		began := time.Now()
		_, err := ask(ctx, s.address, messageClear, "bench", func() {})
		tell(figure{What: fmt.Sprintf("clear of %d entries: until it is answered", l.keys), Value: time.Since(began).Seconds() * 1e3, Unit: " ms"})
		return err
	})
}

// listing asks for a whole map. What the figure is about is how large the answer was.
func (l *lab) listing(s *server, kind uint32) (figure, error) {
	before, err := resident(s.pid)
	if err != nil {
		return figure{}, err
	}
	most, began := before, time.Now()
	size, err := ask(l.ctx, s.address, kind, "bench", func() {
		if now, err := resident(s.pid); err == nil {
			most = max(most, now)
		}
	})
	took := time.Since(began)
	return figure{
		What: fmt.Sprintf("%d MB in %.2f s", size/1e6, took.Seconds()), A: perSecond(float64(size)/took.Seconds()) + " bytes",
		Value: float64(most-before) / (1 << 20), Unit: " MiB",
	}.atMost(listingMost), err
}

// besides puts a load on a server while something else is done, and compares it with the same load alone.
func (l *lab) besides(tell func(figure), s *server, w load, alone summary, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(l.ctx)
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	sums, err := l.turns(w, s)
	cancel()
	if failed := <-done; failed != nil && l.ctx.Err() == nil && !errors.Is(failed, context.Canceled) {
		return errors.Join(err, failed)
	}
	if err != nil {
		return err
	}
	tell(figure{
		What: "get of another map while a " + what + ", and alone: p99", A: nanoseconds(sums[0].p99), B: nanoseconds(alone.p99), Value: sums[0].p99 / 1e6, Unit: " ms",
	})
	tell(figure{
		What: "the same: p99.9", A: nanoseconds(sums[0].p999), B: nanoseconds(alone.p999), Value: sums[0].p999 / 1e6, Unit: " ms",
	})
	return nil
}

// ask sends one message about a map and reads the answer, of any size, without keeping it; it returns its length. each is called now and then.
func ask(ctx context.Context, address string, kind uint32, name string, each func()) (int64, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(append(authentication(), aboutMap(kind, name)...)); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(conn, 1<<20)
	if _, _, err := skip(in, each); err != nil {
		return 0, err
	}
	size, answer, err := skip(in, each)
	if err == nil && answer == 0 {
		err = fmt.Errorf("message %#x: the answer is an error", kind)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return size, err
}
