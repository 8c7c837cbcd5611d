package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/link/memlink"
	"github.com/filbertgrid/filbert/internal/serial"
)

// A script is a run that people can read: one command a line, # begins a
// comment. Processes are named m1, m2, … in the order of their starts, or by what they are: "owner KEY", "backup
// KEY", "second KEY" and "third KEY" (its other backups), "oldest", "youngest".
//
//	start 3                   three processes at once, at the next places
//	start at 0                one at the address of the first place
//	client smart|single       a client; c1 asks what follows, unless "as" says otherwise
//	as 2                      from here on client c2 asks
//	put K V | set K V | remove K | delete K | putIfAbsent K V | replace K V
//	replaceIfSame K OLD NEW | removeIfSame K OLD
//	tryLock K MS | unlock K   MS is how long it waits
//	disconnect                the client that asks ends
//	… = V                     what the answer must be: a value, none, yes, no, refused, or unknown
//	get K = V | containsKey K = yes | size = N
//	load | calm               all clients work as in a plan; they stop
//	zones N                   the places stand in N zones in turn; the first command
//	protect N                 split-brain protection: the map is served by N members at least; before the first start
//	backups N K               every partition has N backups, and the map waits for K of them; the first command
//	crash zone of P           all of P's zone at once
//	crash P | leave P | pause P 3s
//	cut P P | heal            no frame between two processes; all can reach one another again
//	split both|mute|deaf 9s P …  cuts some off from all others for longer than the silence timeout; mute: what they
//	                          say, deaf: what they are told. It ends with settle.
//	interrupt both|mute|deaf 1s P …  the same for less than that
//	break P P control|effects|forward|bulk
//	slow 200ms | slow P 200ms | fast
//	run 500ms                 time passes
//	settle                    the cluster recovers; within its limit
//	members N                 so many processes are up
//	check                     replicas are equal, everything is read, histories are linearizable
//
// An operation may be followed by "&": it is asked and not waited for.

// ErrScript is returned by RunScript for a line that is no command.
var ErrScript = errors.New("sim: no such command")

// script is one that runs.
type script struct {
	w      *World
	client int
}

// RunScript runs a script; the error names the line.
func RunScript(o Options, text string) (*World, error) {
	w := NewWorld(o)
	w.usual = time.Millisecond
	w.stopped = true
	s := script{w: w}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		w.note("script: %s", strings.Join(words, " "))
		if err := s.run(words); err != nil {
			return w, fmt.Errorf("line %d, %q: %w", i+1, strings.Join(words, " "), err)
		}
	}
	return w, w.failure
}

func (s *script) run(words []string) error {
	w := s.w
	rest := words[1:]
	switch words[0] {
	case "start":
		return s.start(rest)
	case "client":
		w.newClient(len(rest) == 1 && rest[0] == "smart")
		w.Run(50 * time.Millisecond)
	case "as":
		n, err := strconv.Atoi(strings.Join(rest, ""))
		if err != nil || n < 1 || n > len(w.clients) {
			return fmt.Errorf("%w: no such client", ErrScript)
		}
		s.client = n - 1
	case "disconnect":
		w.clients[s.client].leave()
	case "load":
		w.stopped = false
		for _, c := range w.clients {
			c.work()
		}
	case "calm":
		w.stop()
	case "run":
		d, err := time.ParseDuration(strings.Join(rest, ""))
		w.Run(d)
		return err
	case "zones":
		n, err := strconv.Atoi(strings.Join(rest, ""))
		if err != nil || n < 1 {
			return fmt.Errorf("%w: not a number of zones", ErrScript)
		}
		w.setZones(n)
	case "backups":
		return s.backups(rest)
	case "protect":
		n, err := strconv.Atoi(strings.Join(rest, ""))
		if err != nil || n < 1 {
			return fmt.Errorf("%w: not a number of members", ErrScript)
		}
		w.protect(n)
	case "settle":
		w.settle()
	case "members":
		if got := strconv.Itoa(len(w.living())); got != strings.Join(rest, "") {
			w.fail("%s members are up", got)
		}
	case "check":
		w.finish()
		return w.Check()
	case "crash", "leave", "pause", "cut", "heal", "break", "slow", "fast", "split", "interrupt":
		return s.fault(words[0], rest)
	default:
		return s.operation(words)
	}
	return w.failure
}

func (s *script) backups(rest []string) error {
	var n, k int
	if _, err := fmt.Sscan(strings.Join(rest, " "), &n, &k); err != nil || n < 1 || k < 0 || k > n {
		return fmt.Errorf("%w: not a number of backups, and how many are awaited", ErrScript)
	}
	s.w.setBackups(n, k)
	return nil
}

func (s *script) start(rest []string) error {
	w := s.w
	if len(rest) == 2 && rest[0] == "at" {
		place, err := strconv.Atoi(rest[1])
		if err != nil || !w.isFree(place) {
			return fmt.Errorf("%w: no free place", ErrScript)
		}
		w.start(place)
		return nil
	}
	n, err := strconv.Atoi(strings.Join(rest, ""))
	for range n {
		w.start(w.freePlace())
	}
	return err
}

func (s *script) fault(what string, rest []string) error {
	w := s.w
	switch {
	case what == "split", what == "interrupt":
		return s.split(what, rest)
	case what == "heal":
		w.net.HealAll()
		w.cuts = 0
		return nil
	case what == "fast":
		w.net.SetDelay(memlink.Uniform(least, w.usual))
		return nil
	case what == "slow" && len(rest) == 1:
		d, err := time.ParseDuration(rest[0])
		w.net.SetDelay(memlink.Uniform(d/2, d))
		return err
	}
	zone := w.options.Zones > 0 && len(rest) > 2 && rest[0] == "zone" && rest[1] == "of"
	if zone {
		rest = rest[2:]
	}
	p, rest, err := s.process(rest)
	switch {
	case err != nil:
		return err
	case zone && (what != "crash" || w.crashZone(w.zone(p)) == 0):
		return fmt.Errorf("%w: no zone beside others to crash", ErrScript)
	case zone:
		return nil
	}
	switch what {
	case "crash":
		p.crash()
	case "leave":
		p.leave()
	case "pause":
		d, err := time.ParseDuration(strings.Join(rest, ""))
		p.pause(d)
		return err
	case "slow":
		d, err := time.ParseDuration(strings.Join(rest, ""))
		w.slowMember(p, d, true)
		return err
	default:
		return s.between(what, p, rest)
	}
	return nil
}

// split cuts some processes off.
func (s *script) split(what string, rest []string) error {
	if len(rest) < 3 {
		return fmt.Errorf("%w: split how, for how long, whom", ErrScript)
	}
	y, ok := map[string]way{"both": bothWays, "mute": mute, "deaf": deaf}[rest[0]]
	d, err := time.ParseDuration(rest[1])
	if !ok || err != nil {
		return fmt.Errorf("%w: split both, mute or deaf, for a while", ErrScript)
	}
	var out []*process
	for rest = rest[2:]; len(rest) > 0; {
		var p *process
		if p, rest, err = s.process(rest); err != nil {
			return err
		}
		out = append(out, p)
	}
	if what == "split" {
		s.w.cutOff(out, y, d)
	} else {
		s.w.interruptBetween(out, s.w.without(out), y, d)
	}
	return nil
}

// between does what concerns two processes.
func (s *script) between(what string, p *process, rest []string) error {
	w := s.w
	q, rest, err := s.process(rest)
	if err != nil {
		return err
	}
	if what == "cut" {
		w.fault("cut", "%s and %s", p.name, q.name)
		w.net.Partition(p.address, q.address)
		w.lose()
		w.cuts++
		return nil
	}
	lanes := map[string]link.Lane{"control": link.Control, "effects": link.Effects, "forward": link.Forward, "bulk": link.Bulk}
	lane, ok := lanes[strings.Join(rest, "")]
	if !ok {
		return fmt.Errorf("%w: no such lane", ErrScript)
	}
	w.fault("break", "%s and %s", p.name, q.name)
	w.net.Break(p.node.View().Self, q.node.View().Self, lane)
	return nil
}

// process reads a process off the front of the words.
func (s *script) process(words []string) (p *process, rest []string, err error) {
	if len(words) == 0 {
		return nil, nil, fmt.Errorf("%w: a process is missing", ErrScript)
	}
	up := s.w.living()
	switch name := words[0]; {
	case len(up) == 0:
	case len(words) > 1 && (name == "owner" || name == "backup" || name == "second" || name == "third"):
		table := up[0].node.View().Table
		id := serial.PartitionID(serial.Hash(blob(words[1])), int32(s.w.options.Partitions))
		k := map[string]int{"owner": 0, "backup": 1, "second": 2, "third": 3}[name]
		if a := &table.Partitions[id]; k < len(a.Replicas) {
			p = s.w.owner(a.Replicas[k].Member)
		}
		words = words[1:]
	case name == "oldest", name == "youngest":
		members := up[0].node.View().List.Members
		id := members[0].ID
		if name == "youngest" {
			id = members[len(members)-1].ID
		}
		p = s.w.owner(id)
	default:
		for _, q := range up {
			if q.name == name {
				p = q
			}
		}
	}
	if p == nil {
		return nil, nil, fmt.Errorf("%w: no such process", ErrScript)
	}
	return p, words[1:], nil
}

// operation asks something of the map and compares the answer.
func (s *script) operation(words []string) error {
	w := s.w
	if s.client >= len(w.clients) {
		return fmt.Errorf("%w: there is no client", ErrScript)
	}
	want := ""
	if n := len(words); n > 2 && words[n-2] == "=" {
		want, words = words[n-1], words[:n-2]
	}
	wait := true
	if words[len(words)-1] == "&" {
		wait, words = false, words[:len(words)-1]
	}
	w.serial++
	o, err := parseOperation(words, int64(w.serial))
	if err != nil {
		return err
	}
	c := w.clients[s.client]
	if !wait {
		c.begin(o)
		return nil
	}
	got := w.ask(c, o)
	if w.failure != nil {
		return w.failure
	}
	said := map[bool]string{true: "yes", false: "no"}[got.yes]
	switch {
	case got.unknown:
		said = "unknown"
	case got.refused:
		said = "refused"
	case o.kind != opReplaceIf && o.kind != opRemoveIf && o.kind != opContains && o.kind != opTryLock:
		if said = strconv.Itoa(got.value); got.value == 0 && o.kind != opSize {
			said = "none"
		}
	}
	if want != "" && said != want {
		w.fail("the answer is %s, not %s", said, want)
	}
	return w.failure
}

// parseOperation reads an operation: its kind, its key and its numbers.
func parseOperation(words []string, reference int64) (*operation, error) {
	numbers := map[kind]int{
		opPut: 1, opSet: 1, opPutIfAbsent: 1, opReplace: 1, opReplaceIf: 2, opRemoveIf: 1,
		opGet: 0, opRemove: 0, opDelete: 0, opContains: 0, opSize: 0, opTryLock: 1, opUnlock: 0,
	}
	o := &operation{kind: kind(words[0]), key: "size"}
	n, ok := numbers[o.kind]
	if !ok || (o.kind != opSize && len(words) != n+2) {
		return nil, ErrScript
	}
	if o.kind == opSize {
		return o, nil
	}
	o.key, o.reference = words[1], reference
	var values []int
	for _, word := range words[2:] {
		v, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrScript, err)
		}
		values = append(values, v)
	}
	switch {
	case o.kind == opReplaceIf:
		o.test, o.value = values[0], values[1]
	case o.kind == opRemoveIf:
		o.test = values[0]
	case n == 1:
		o.value = values[0]
	}
	return o, nil
}

// slowMember makes frames to, or from, one process slow.
func (w *World) slowMember(p *process, most time.Duration, to bool) {
	w.fault("slow", "%s, up to %v, to it: %v", p.name, most, to)
	slow, usual := memlink.Uniform(most/2, most), memlink.Uniform(least, w.usual)
	w.net.SetDelay(func(random *rand.Rand, a, b cluster.Address) time.Duration {
		if (to && b == p.address) || (!to && a == p.address) {
			return slow(random, a, b)
		}
		return usual(random, a, b)
	})
}
