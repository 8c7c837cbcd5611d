package main

import (
	"fmt"
	"time"
)

// restTime is how long a server that has nothing to do is left alone before its memory is looked at.
const restTime = 2 * time.Second

// againstHazelcast compares one member of each: start, idle memory, throughput for CPU, and latency at an equal rate.
func againstHazelcast(l *lab, tell func(figure), tuned bool) error {
	name := "hazelcast"
	if tuned {
		name = "hazelcast-tuned"
	}
	hazelcast, err := l.startHazelcast(name, tuned)
	if err != nil {
		return err
	}
	filbert, err := l.startFilbert("filbert", filbertPort, 0, 1, l.machine.servers)
	if err != nil {
		return err
	}
	l.wait(restTime)
	if err := idle(tell, name, filbert, hazelcast); err != nil {
		return err
	}
	for _, s := range []*server{filbert, hazelcast} {
		if err := l.fill(s, load{}); err != nil {
			return err
		}
	}
	for _, workload := range []string{"get", "set"} {
		w := load{workload: workload, inFlight: 16, alone: true}
		warm := w
		warm.duration = l.jvmWarmup
		if _, err := l.bench(hazelcast, warm, "--fill=false"); err != nil {
			return err
		}
		sums, err := l.turns(w, filbert, hazelcast)
		if err != nil {
			return err
		}
		what := workload + ", 16 in flight: "
		tell(against(what+name, sums[0], sums[1]))
		tell(figure{
			What: what + "throughput per CPU second, " + name, A: perSecond(1e9 / sums[0].cpu), B: perSecond(1e9 / sums[1].cpu),
			Value: sums[1].cpu / sums[0].cpu,
		}.atLeast(3))
		w.inFlight, w.rate = 64, sums[1].throughput/2
		if sums, err = l.turns(w, filbert, hazelcast); err != nil {
			return err
		}
		tell(figure{
			What: fmt.Sprintf("%s at %s (half of the other's): p99.9, %s", workload, perSecond(w.rate), name),
			A:    nanoseconds(sums[0].p999), B: nanoseconds(sums[1].p999), Value: sums[0].p999 / sums[1].p999,
		}.atMost(1.0 / 3))
	}
	return nil
}

// idle compares two servers that were just started.
func idle(tell func(figure), name string, filbert, other *server) error {
	ours, err := resident(filbert.pid)
	if err != nil {
		return err
	}
	theirs, err := resident(other.pid)
	if err != nil {
		return err
	}
	tell(figure{
		What: "start to letting a client in: " + name, A: nanoseconds(float64(filbert.took)), B: nanoseconds(float64(other.took)),
		Value: float64(filbert.took) / float64(other.took),
	}.atMost(0.1))
	tell(figure{What: "idle memory: " + name, A: mebibytes(ours), B: mebibytes(theirs), Value: float64(ours) / float64(theirs)}.atMost(0.2))
	return nil
}
