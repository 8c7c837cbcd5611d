package chaos

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// storm injects faults. Every fault draws all its numbers before it acts, so
// that a seed gives the same faults whatever the cluster does.
type storm struct {
	t        *testing.T
	c        *cluster
	l        *load
	plan     *schedule
	replaced []time.Duration // of killed processes
	detail   string          // of the present fault, for people
}

// say notes what the present fault is.
func (s *storm) say(format string, args ...any) {
	s.t.Helper()
	s.detail = fmt.Sprintf(format, args...)
}

func (s *storm) victim() *member { return s.c.members[s.plan.random.IntN(size)] }

// between draws a time.
func (s *storm) between(low, high time.Duration) time.Duration {
	return low + time.Duration(s.plan.random.Int64N(int64(high-low)))
}

// shortly is well below the heartbeat timeout, longer well beyond it.
func (s *storm) shortly() time.Duration { return s.between(100*time.Millisecond, silence/2) }
func (s *storm) longer() time.Duration  { return s.between(silence*3/2, silence*3) }

// wait lets a time pass in which the fault has its effects.
func (s *storm) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.t.Context().Done():
	}
}

func (s *storm) rules(m *member, lines ...string) {
	s.t.Helper()
	if err := world.net.in(s.t.Context(), m.keeper, lines...); err != nil {
		s.t.Fatal(err)
	}
}

// killOne is a crash: the address answers that nobody listens.
func (s *storm) killOne() {
	v, down := s.victim(), s.between(0, 3*time.Second)
	s.say("%s, away for %v", v.ip, down)
	probe := named(s.t, s.l.checker, probeMapName)
	began := time.Now()
	v.kill()
	took := s.served(probe, began)
	s.replaced = append(s.replaced, took)
	s.say("%s, away for %v, replaced after %v", v.ip, down, took)
	s.wait(down - time.Since(began))
	v.start()
}

const (
	probeMapName = "probe"
	// probeKeys meet each of the 271 partitions but for one in a thousand.
	probeKeys = 2000
)

// served returns the time from a moment until one call has written to every
// partition. A failed one is repeated at once.
func (s *storm) served(m *hazelcast.Map, began time.Time) time.Duration {
	s.t.Helper()
	entries := make([]types.Entry, probeKeys)
	for i := range entries {
		entries[i] = types.Entry{Key: int64(i), Value: began.UnixNano()}
	}
	var err error
	if !s.c.await(patience, func() bool { err = m.PutAll(s.t.Context(), entries...); return err == nil }) {
		s.t.Fatalf("no write to all partitions within %v of a kill: %v", patience, err)
	}
	return time.Since(began)
}

// vanish is a machine that loses its power: nothing answers at the address.
func (s *storm) vanish() {
	v, down := s.victim(), s.longer()
	s.say("%s, for %v", v.ip, down)
	s.unplug(v)
	v.kill()
	s.wait(down)
	s.plug(v)
	v.start()
}

func (s *storm) unplug(m *member) { s.hub("ip link set " + memberWire(m.index) + " down") }
func (s *storm) plug(m *member)   { s.hub("ip link set " + memberWire(m.index) + " up") }

func (s *storm) hub(lines ...string) {
	s.t.Helper()
	if err := world.net.in(s.t.Context(), world.net.Hub, lines...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *storm) stopShort() { s.suspend(s.victim(), s.shortly()) }
func (s *storm) stopLong()  { s.suspend(s.victim(), s.longer()) }

// suspend is a process that does not run for a while, and then does not know.
func (s *storm) suspend(v *member, d time.Duration) {
	s.say("%s, for %v", v.ip, d)
	v.signal(syscall.SIGSTOP)
	s.wait(d)
	v.signal(syscall.SIGCONT)
}

// others are all members but one.
func (s *storm) others(v *member) []*member {
	return slices.DeleteFunc(slices.Clone(s.c.members), func(m *member) bool { return m == v })
}

// cut drops packets between a member and others for a while, in one direction
// or both. Clients reach all of them.
func (s *storm) cut(v *member, from []*member, in, out bool, d time.Duration) {
	s.say("%s from %d others, in %v, out %v, for %v", v.ip, len(from), in, out, d)
	var lines []string
	for _, m := range from {
		if in {
			lines = append(lines, "iptables -w -A INPUT -s "+m.ip+" -j DROP")
		}
		if out {
			lines = append(lines, "iptables -w -A OUTPUT -d "+m.ip+" -j DROP")
		}
	}
	s.rules(v, lines...)
	s.wait(d)
	s.rules(v, "iptables -w -F")
}

// cutShort, cutIn and cutOut end before anybody may be taken for gone.
func (s *storm) cutShort() { v := s.victim(); s.cut(v, s.others(v), true, true, s.shortly()) }
func (s *storm) cutIn()    { v := s.victim(); s.cut(v, s.others(v), true, false, s.shortly()) }
func (s *storm) cutOut()   { v := s.victim(); s.cut(v, s.others(v), false, true, s.shortly()) }

// split cuts as many members off as there are backups, or fewer, but never half
// of the cluster, until both sides go on alone.
func (s *storm) split() {
	part, d := s.several(), s.longer()
	s.say("%s from the others, for %v", names(part), d)
	for _, v := range part {
		var lines []string
		for _, m := range s.c.members {
			if !slices.Contains(part, m) {
				lines = append(lines, "iptables -w -A INPUT -s "+m.ip+" -j DROP", "iptables -w -A OUTPUT -d "+m.ip+" -j DROP")
			}
		}
		s.rules(v, lines...)
	}
	s.wait(d)
	for _, v := range part {
		s.rules(v, "iptables -w -F")
	}
}

// several draws members that may fail at once.
func (s *storm) several() (out []*member) {
	for _, i := range s.plan.random.Perm(size)[:1+s.plan.random.IntN(min(*backups, size-majority))] {
		out = append(out, s.c.members[i])
	}
	return out
}

func names(members []*member) string {
	ips := make([]string, len(members))
	for i, m := range members {
		ips[i] = m.ip
	}
	return strings.Join(ips, " and ")
}

// killSeveral crashes as many members at once as there are backups, or fewer.
func (s *storm) killSeveral() {
	part, down := s.several(), s.between(0, 3*time.Second)
	s.say("%s, away for %v", names(part), down)
	for _, v := range part {
		v.signal(syscall.SIGKILL)
	}
	for _, v := range part {
		<-v.exited
	}
	s.wait(down)
	for _, v := range part {
		v.start()
	}
}

func (s *storm) cutInLong()  { v := s.victim(); s.cut(v, s.others(v), true, false, s.longer()) }
func (s *storm) cutOutLong() { v := s.victim(); s.cut(v, s.others(v), false, true, s.longer()) }

// pair cuts two members off from one another; all others reach both.
func (s *storm) pair() {
	v := s.victim()
	others := s.others(v)
	s.cut(v, others[s.plan.random.IntN(len(others)):][:1], true, true, s.longer())
}

// isolate cuts one member off from everybody, clients too.
func (s *storm) isolate() {
	v, d := s.victim(), s.longer()
	s.say("%s, for %v", v.ip, d)
	s.unplug(v)
	s.wait(d)
	s.plug(v)
}

// loss drops some of a member's packets.
func (s *storm) loss() {
	v, d, percent := s.victim(), s.between(silence, 2*silence), 5+s.plan.random.IntN(20)
	s.say("%s, %d%% for %v", v.ip, percent, d)
	rule := fmt.Sprintf("-m statistic --mode random --probability 0.%02d -j DROP", percent)
	s.rules(v, "iptables -w -A INPUT "+rule, "iptables -w -A OUTPUT "+rule)
	s.wait(d)
	s.rules(v, "iptables -w -F")
}

// narrow leaves a member little bandwidth.
func (s *storm) narrow() {
	v, d, kbit := s.victim(), s.between(silence, 2*silence), 500+s.plan.random.IntN(4000)
	s.say("%s, %d kbit/s for %v", v.ip, kbit, d)
	s.rules(v, fmt.Sprintf("tc qdisc add dev eth0 root tbf rate %dkbit burst 16kb latency 400ms", kbit))
	s.wait(d)
	s.rules(v, "tc qdisc del dev eth0 root")
}

// restart is a member that is asked to leave and comes back.
func (s *storm) restart() {
	v, down := s.victim(), s.between(0, 2*time.Second)
	s.say("%s, away for %v", v.ip, down)
	s.c.leave(v)
	s.wait(down)
	v.start()
}

// abortStart kills a member that is starting, joining or receiving data, some
// times in a row.
func (s *storm) abortStart() {
	v := s.victim()
	times := []time.Duration{}
	for range 1 + s.plan.random.IntN(3) {
		times = append(times, s.between(0, time.Second))
	}
	s.say("%s, %v after its start", v.ip, times)
	s.c.leave(v)
	for _, after := range times {
		v.start()
		s.wait(after)
		v.kill()
	}
	v.start()
}

// abortLeave kills a member that is handing its data over.
func (s *storm) abortLeave() {
	v, after, down := s.victim(), s.between(0, 300*time.Millisecond), s.between(0, time.Second)
	s.say("%s, %v after it was asked to leave", v.ip, after)
	v.signal(syscall.SIGTERM)
	s.wait(after)
	v.kill()
	s.wait(down)
	v.start()
}

// rolling restarts all members, one after the other.
func (s *storm) rolling() {
	order := s.plan.random.Perm(size)
	s.say("in the order %v", order)
	for _, i := range order {
		s.c.leave(s.c.members[i])
		s.c.members[i].start()
		s.c.settle()
	}
}

// scale has all members but one leave at once, and come back at once; as many
// as protection allows.
func (s *storm) scale() {
	stays := s.victim()
	leavers := s.others(stays)
	if *protection {
		leavers = leavers[:size-majority]
	}
	s.say("from %d to %d and back, %s stays", size, size-len(leavers), stays.ip)
	s.c.leave(leavers...)
	s.c.settle()
	s.l.unique.moving(s.t)
	for _, m := range leavers {
		m.start()
	}
}
