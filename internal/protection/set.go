package protection

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/fault"
)

// State is a rule and whether it is met at the moment.
type State struct {
	Rule
	met     atomic.Bool
	members atomic.Int64
}

// Covers tells whether the rule protects from an access.
func (s *State) Covers(a Access) bool { return s != nil && s.On.covers(a) }

// Holds tells whether the cluster has enough members.
func (s *State) Holds() bool { return s.met.Load() }

// Err is what callers of refused operations are told: a SplitBrainProtectionException.
func (s *State) Err() error {
	return fmt.Errorf("%w: %s has failed: minimum size %d is not met, %d members",
		fault.ErrSplitBrainProtection, s.Name, s.Minimum, s.members.Load())
}

// maxKnown bounds the names of structures that a Set remembers.
const maxKnown = 4096

// Options of a Set.
type Options struct {
	// Rules are those of this member's configuration.
	Rules []Rule
	// RuleOf returns the rule of a map, nil for none.
	RuleOf func(name string) *Rule
	Logger *slog.Logger
}

// Set is the rules that a member applies. Update and Forget are called by one goroutine at a time, all else by any.
type Set struct {
	o Options
	// used is false while no structure can have a rule.
	used atomic.Bool
	// known remembers what RuleOf said: matching patterns takes long, and operations are many.
	known atomic.Pointer[map[string]*State]

	mu struct {
		sync.Mutex
		states  map[Rule]*State
		members int
		joined  bool
	}
}

// New returns a set in which no rule is met.
func New(o Options) *Set {
	s := &Set{o: o}
	s.known.Store(&map[string]*State{})
	s.mu.states = map[Rule]*State{}
	for _, r := range o.Rules {
		s.state(r)
	}
	return s
}

// state returns the state of a rule, made if there is none.
func (s *Set) state(r Rule) *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.mu.states[r]
	if state == nil {
		state = &State{Rule: r}
		state.met.Store(s.mu.joined && s.mu.members >= r.Minimum)
		state.members.Store(int64(s.mu.members))
		s.mu.states[r] = state
		s.used.Store(true)
	}
	return state
}

// Update tells how many data members the list has that is in effect now; 0 while this member has joined none.
func (s *Set) Update(members int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.mu.joined
	s.mu.members, s.mu.joined = members, members > 0
	for _, r := range sorted(s.mu.states) {
		state := s.mu.states[r]
		met := s.mu.joined && members >= r.Minimum
		state.members.Store(int64(members))
		if state.met.Swap(met) != met || (first && s.mu.joined && !met) {
			s.tell(r, members, met, first)
		}
	}
}

func (s *Set) tell(r Rule, members int, met, first bool) {
	log, text := s.o.Logger.Warn, "split-brain protection: minimum size is not met, operations are refused"
	switch {
	case met:
		log, text = s.o.Logger.Info, "split-brain protection: minimum size is met"
	case first: // a cluster that grows
		log = s.o.Logger.Info
	}
	log(text, slog.String("protection", r.Name), slog.Int("minimum", r.Minimum), slog.Int("members", members))
}

// Use tells of a rule that the cluster's document has, and that this member's file may not have.
func (s *Set) Use(r Rule) { s.state(r) }

// Forget makes the set ask RuleOf again: what was fixed has changed.
func (s *Set) Forget() { s.known.Store(&map[string]*State{}) }

// Used tells whether any structure may have a rule. A nil set has none.
func (s *Set) Used() bool { return s != nil && s.used.Load() }

// Of returns the state of a map's rule, nil if it has none.
func (s *Set) Of(name []byte) *State {
	if !s.Used() {
		return nil
	}
	known := s.known.Load()
	if state, ok := (*known)[string(name)]; ok {
		return state
	}
	var state *State
	if r := s.o.RuleOf(string(name)); r != nil {
		state = s.state(*r)
	}
	next := map[string]*State{}
	if len(*known) < maxKnown {
		next = maps.Clone(*known)
	}
	next[string(name)] = state
	s.known.CompareAndSwap(known, &next) // a Forget in between wins: what was asked may be old
	return state
}

// Stat is one rule, for metrics.
type Stat struct {
	Name    string
	Minimum int
	Met     bool
}

// Stats returns the rules by name. Of several with one name, as members with different files have them, it is the greatest
// minimum that counts.
func (s *Set) Stats() []Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Stat
	for _, r := range sorted(s.mu.states) {
		stat := Stat{Name: r.Name, Minimum: r.Minimum, Met: s.mu.states[r].Holds()}
		if n := len(out); n > 0 && out[n-1].Name == r.Name {
			out[n-1] = stat
			continue
		}
		out = append(out, stat)
	}
	return out
}

// sorted returns rules by name, then minimum.
func sorted(states map[Rule]*State) []Rule {
	return slices.SortedFunc(maps.Keys(states), func(a, b Rule) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		if a.Minimum != b.Minimum {
			return a.Minimum - b.Minimum
		}
		return int(a.On) - int(b.On)
	})
}

// Unmet tells whether a rule is not met.
func (s *Set) Unmet() bool {
	if !s.Used() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range sorted(s.mu.states) {
		if !s.mu.states[r].Holds() {
			return true
		}
	}
	return false
}
