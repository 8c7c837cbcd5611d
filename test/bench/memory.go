package main

import (
	"errors"
	"fmt"
	"time"
)

// Bytes of an entry's payload. That of Filbert is the Data as it came: 16 and 100 bytes with their headers of 12.
const (
	filbertPayload = 16 + 12 + 100 + 12
	redisPayload   = 16 + 100
)

// leastKeys are so many that what a server holds besides entries does not count.
const leastKeys = 1_000_000

// memory tells what an entry costs, and what the collector does under load.
func memory(l *lab, tell func(figure)) error {
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers, "GODEBUG=gctrace=1")
	if err != nil {
		return err
	}
	w := load{keys: max(l.keys, leastKeys)}
	ours, err := l.overhead(filbert, w, filbertPayload)
	if err != nil {
		return err
	}
	f := figure{What: "overhead of an entry: Redis", A: fmt.Sprintf("%.1f bytes", ours), Value: ours, Unit: " bytes"}
	redis, err := l.startRedis()
	switch {
	case errors.Is(err, errAbsent):
		f.B = "not there"
	case err != nil:
		return err
	default:
		theirs, err := l.overhead(redis, w, redisPayload)
		if err != nil {
			return err
		}
		redis.stop()
		f.B = fmt.Sprintf("%.1f bytes", theirs)
	}
	tell(f.atMost(64))
	return underLoad(l, tell, filbert, w.keys)
}

// overhead fills a server and returns what an entry costs beyond its payload, in bytes.
func (l *lab) overhead(s *server, w load, payload float64) (float64, error) {
	l.wait(restTime)
	before, err := resident(s.pid)
	if err != nil {
		return 0, err
	}
	if err := l.fill(s, w); err != nil {
		return 0, err
	}
	l.wait(restTime)
	after, err := resident(s.pid)
	return float64(after-before)/float64(or(w.keys, l.keys)) - payload, err
}

// underLoad tells the pauses and the collector of a member that is filled: at half of the rate that it reaches, since at
// the whole of it a latency is the length of the queue.
func underLoad(l *lab, tell func(figure), s *server, keys int64) error {
	sums, err := l.turns(load{workload: "get", inFlight: 16, keys: keys}, s)
	if err != nil {
		return err
	}
	w := load{workload: "get", inFlight: 64, keys: keys, rounds: l.few(), rate: sums[0].throughput / 2, duration: min(loadTime, 5*l.duration)}
	echo, err := l.startEcho() // what it takes at that rate is the machine's and the generator's part
	if err != nil {
		return err
	}
	if sums, err = l.turns(w, s, echo); err != nil {
		return err
	}
	echo.stop()
	tell(figure{
		What: fmt.Sprintf("get at %s (half of what it can): p99.99, and the echo's", perSecond(w.rate)), A: nanoseconds(sums[0].p9999),
		B: nanoseconds(sums[1].p9999), Value: sums[0].p9999 / 1e6, Unit: " ms",
	}.atMost(5))

	before, err := collections(s.log)
	if err != nil {
		return err
	}
	cpu, err := cpuSeconds(s.pid)
	if err != nil {
		return err
	}
	if _, err := l.turns(load{workload: "mixed", inFlight: 16, keys: keys, rounds: l.few(), duration: min(loadTime, 5*l.duration)}, s); err != nil {
		return err
	}
	after, err := collections(s.log)
	if err != nil {
		return err
	}
	used, err := cpuSeconds(s.pid)
	if err != nil {
		return err
	}
	spent := after.cpu - before.cpu
	tell(figure{
		What: fmt.Sprintf("mixed, 16 in flight: garbage collector's CPU (%d collections)", after.count-before.count), A: spent.String(),
		B: fmt.Sprintf("of %.2f s", used-cpu), Value: 100 * spent.Seconds() / max(used-cpu, 0.01), Unit: " %",
	}.atMost(2))
	tell(figure{
		What: "longest stop of the world since the start", A: after.longest.String(), Value: after.longest.Seconds() * 1e3, Unit: " ms",
	}.atMost(1))
	return nil
}

// manyMaps tells what an entry costs in 1,000 maps of 1,000.
func manyMaps(l *lab, tell func(figure)) error {
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	bytes, err := l.overhead(filbert, load{keys: leastKeys, flags: []string{"--maps", "1000"}}, filbertPayload)
	if err != nil {
		return err
	}
	tell(figure{What: "overhead of an entry in 1,000 maps of 1,000", A: fmt.Sprintf("%.1f bytes", bytes), Value: bytes, Unit: " bytes"}.atMost(200))
	return nil
}

// collected is what a process has told of its garbage collections.
type collected struct {
	count   int
	cpu     time.Duration // in all, without what was idle anyway
	longest time.Duration // stop of the world
}

// loadTime is how long a load lasts at most that is to show pauses: p99.99 wants many operations.
const loadTime = 10 * time.Second
