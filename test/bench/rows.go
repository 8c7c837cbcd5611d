package main

import (
	"errors"
	"fmt"
)

// A row of the table: one comparison. It starts what it needs, and tells its figures as they come; what it started is
// ended behind it.
type row struct {
	name, what string
	run        func(l *lab, tell func(figure)) error
}

// rows are all of them, in the order in which they run.
func rows() []row {
	return []row{
		{"loopback", "against the echo and Redis, by operations in flight", loopback},
		{"small", "against the echo over 100,000 keys", small},
		{"bulk", "putAll and getAll against MSET and MGET of Redis", bulk},
		{"olric", "against Olric", againstOlric},
		{"hazelcast", "against Hazelcast with its defaults", func(l *lab, tell func(figure)) error { return againstHazelcast(l, tell, false) }},
		{"hazelcast-tuned", "against Hazelcast, tuned", func(l *lab, tell func(figure)) error { return againstHazelcast(l, tell, true) }},
		{"backup", "what a sync backup costs the primary", backup},
		{"memory", "memory for an entry, pauses, garbage collection", memory},
		{"maps", "memory for an entry of 1,000 maps", manyMaps},
		{"whole", "keySet, values, entrySet and clear of a whole map", whole},
		{"connections", "how cost grows with connections", growingConnections},
		{"entries", "how cost grows with entries", growingEntries},
		{"members", "how cost grows with members", growingMembers},
	}
}

// against makes a figure of two throughputs.
func against(what string, filbert, other summary) figure {
	return figure{What: what, A: perSecond(filbert.throughput), B: perSecond(other.throughput), Value: filbert.throughput / other.throughput}
}

// cpuOf makes a figure of the CPU of an operation.
func cpuOf(what string, filbert, other summary) figure {
	return figure{What: what, A: nanoseconds(filbert.cpu), B: nanoseconds(other.cpu), Value: filbert.cpu / other.cpu}
}

// loopback compares one member with the echo and with Redis.
func loopback(l *lab, tell func(figure)) error {
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	echo, err := l.startEcho()
	if err != nil {
		return err
	}
	servers := []*server{filbert, echo}
	redis, err := l.startRedis()
	switch {
	case errors.Is(err, errAbsent):
		tell(figure{What: "against Redis", Note: err.Error()})
	case err != nil:
		return err
	default:
		servers = append(servers, redis)
	}
	for _, s := range servers {
		if err := l.fill(s, load{}); err != nil {
			return err
		}
	}
	for _, workload := range []string{"get", "set"} {
		for _, depth := range []int{1, 16, 64, 256} {
			sums, err := l.turns(load{workload: workload, inFlight: depth}, servers...)
			if err != nil {
				return err
			}
			compareOne(l, tell, fmt.Sprintf("%s, %d in flight", workload, depth), depth, sums)
		}
	}
	return nil
}

// compareOne tells the figures of one load; sums are those of Filbert, the echo, and Redis if it is there.
func compareOne(l *lab, tell func(figure), what string, depth int, sums []summary) {
	filbert, echo := sums[0], sums[1]
	f := against(what+": echo", filbert, echo)
	switch {
	case depth == 1:
		f = f.atLeast(0.8)
	case depth == 16 && l.keys >= 10_000_000:
		f = f.atLeast(0.4)
	}
	tell(f)
	tell(cpuOf(what+": server's CPU, echo", filbert, echo))
	if len(sums) < 3 {
		return
	}
	redis := sums[2]
	f = against(what+": Redis", filbert, redis)
	switch depth {
	case 1: // where the machine is the limit, Redis itself cannot be beaten by more than the echo
		smaller := min(redis.throughput, echo.throughput)
		f.What, f.B, f.Value = what+": smaller of Redis and echo", perSecond(smaller), filbert.throughput/smaller
		f = f.atLeast(0.9)
	case 16, 64:
		f = f.atLeast(1)
	}
	tell(f)
	f = figure{What: what + ": p99, Redis", A: nanoseconds(filbert.p99), B: nanoseconds(redis.p99), Value: filbert.p99 / redis.p99}
	if depth <= 64 {
		f = f.atMost(1)
	}
	tell(f)
}

// small compares with the echo over keys that fit into caches.
func small(l *lab, tell func(figure)) error {
	const keys = 100_000
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	echo, err := l.startEcho()
	if err != nil {
		return err
	}
	if err := l.fill(filbert, load{keys: keys}); err != nil {
		return err
	}
	for _, workload := range []string{"get", "set"} {
		sums, err := l.turns(load{workload: workload, inFlight: 16, keys: keys}, filbert, echo)
		if err != nil {
			return err
		}
		tell(against(workload+", 16 in flight, 100,000 keys: echo", sums[0], sums[1]).atLeast(0.6))
	}
	return nil
}

// bulk compares messages of 100 entries.
func bulk(l *lab, tell func(figure)) error {
	return l.compareWith(tell, (*lab).startRedis, "Redis", []load{{workload: "putall", inFlight: 1}, {workload: "getall", inFlight: 1}})
}

// againstOlric compares single keys.
func againstOlric(l *lab, tell func(figure)) error {
	return l.compareWith(tell, (*lab).startOlric, "Olric", []load{{workload: "get", inFlight: 16}, {workload: "set", inFlight: 16}})
}

// compareWith compares a member with another server under some loads.
func (l *lab) compareWith(tell func(figure), start func(*lab) (*server, error), name string, loads []load) error {
	other, err := start(l)
	if err != nil {
		return err
	}
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	for _, s := range []*server{filbert, other} {
		if err := l.fill(s, load{}); err != nil {
			return err
		}
	}
	for _, w := range loads {
		sums, err := l.turns(w, filbert, other)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%s, %d in flight: ", w.workload, w.inFlight)
		tell(against(what+name, sums[0], sums[1]))
		tell(cpuOf(what+"server's CPU, "+name, sums[0], sums[1]))
	}
	return nil
}
