package protection

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
)

func logger(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func TestCovers(t *testing.T) {
	tests := []struct {
		on                  On
		reads, writes, none bool
	}{
		{ReadWrite, true, true, false},
		{Read, true, false, false},
		{Write, false, true, false},
	}
	for _, test := range tests {
		s := &State{Rule: Rule{On: test.on}}
		if s.Covers(Reads) != test.reads || s.Covers(Writes) != test.writes || s.Covers(None) != test.none {
			t.Errorf("%d: reads %v, writes %v, none %v", test.on, s.Covers(Reads), s.Covers(Writes), s.Covers(None))
		}
	}
	if (*State)(nil).Covers(Writes) {
		t.Error("a structure without a rule is protected")
	}
}

// Every change is logged once, the first one only when something is refused.
func TestUpdate(t *testing.T) {
	steps := []struct {
		members int
		met     bool
		log     string
	}{
		{0, false, ""},
		{1, false, `level=INFO msg="split-brain protection: minimum size is not met, operations are refused" protection=x minimum=3 members=1`},
		{2, false, ""},
		{3, true, `level=INFO msg="split-brain protection: minimum size is met" protection=x minimum=3 members=3`},
		{4, true, ""},
		{2, false, `level=WARN msg="split-brain protection: minimum size is not met, operations are refused" protection=x minimum=3 members=2`},
		{1, false, ""},
		{3, true, `level=INFO msg="split-brain protection: minimum size is met" protection=x minimum=3 members=3`},
		{0, false, `level=WARN msg="split-brain protection: minimum size is not met, operations are refused" protection=x minimum=3 members=0`},
	}
	var out bytes.Buffer
	s := New(Options{
		Rules: []Rule{{Name: "x", Minimum: 3}}, Logger: logger(&out),
		RuleOf: func(name string) *Rule {
			if name == "m" {
				return &Rule{Name: "x", Minimum: 3}
			}
			return nil
		},
	})
	for i, step := range steps {
		out.Reset()
		s.Update(step.members)
		state := s.Of([]byte("m"))
		if state.Holds() != step.met || s.Stats()[0] != (Stat{"x", 3, step.met}) {
			t.Errorf("step %d: %d members: holds %v, stats %v", i, step.members, state.Holds(), s.Stats())
		}
		if got := strings.TrimSpace(out.String()); got != step.log {
			t.Errorf("step %d: logged %q, want %q", i, got, step.log)
		}
		if err := state.Err(); !errors.Is(err, fault.ErrSplitBrainProtection) {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if s.Of([]byte("other")) != nil {
		t.Error("a map without a rule has one")
	}
}

// What the cluster has fixed counts as soon as Forget was called, whatever was asked before, or is being asked.
func TestForget(t *testing.T) {
	var rule *Rule
	var s *Set
	inside := func() {}
	s = New(Options{Rules: []Rule{{Name: "x", Minimum: 2}}, Logger: logger(&bytes.Buffer{}), RuleOf: func(string) *Rule {
		old := rule
		inside()
		return old
	}})
	s.Update(1)
	if s.Of([]byte("m")) != nil {
		t.Fatal("a rule")
	}
	rule = &Rule{Name: "theirs", Minimum: 2, On: Write}
	if s.Of([]byte("m")) != nil {
		t.Error("asked again without need")
	}
	s.Forget()
	if state := s.Of([]byte("m")); state == nil || state.Rule != *rule || state.Holds() {
		t.Errorf("the rule is %+v, want %+v", state, rule)
	}
	s.Forget()
	inside = func() { // the document changes while a rule is looked up by the old one
		inside = func() {}
		rule = nil
		s.Forget()
	}
	s.Of([]byte("m"))
	if state := s.Of([]byte("m")); state != nil {
		t.Errorf("the old rule %v was kept", state.Rule)
	}
}

// A set without rules costs nothing and asks nobody.
func TestUnused(t *testing.T) {
	s := New(Options{RuleOf: func(string) *Rule { t.Fatal("asked"); return nil }})
	name := []byte("m")
	if n := testing.AllocsPerRun(100, func() { _ = s.Of(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	s = New(Options{RuleOf: func(string) *Rule { return &Rule{Name: "x"} }, Rules: []Rule{{Name: "x"}}})
	s.Of(name)
	if n := testing.AllocsPerRun(100, func() { _ = s.Of(name) }); n != 0 {
		t.Errorf("%v allocations of a known name", n)
	}
}

// A rule that only the cluster's document has is applied and shown, too; of two with one name the stricter is shown.
func TestUse(t *testing.T) {
	s := New(Options{Rules: []Rule{{Name: "b", Minimum: 2}}, RuleOf: func(string) *Rule { return nil }, Logger: logger(&bytes.Buffer{})})
	s.Update(2)
	s.Use(Rule{Name: "b", Minimum: 3})
	s.Use(Rule{Name: "a", Minimum: 2, On: Read})
	got := s.Stats()
	if len(got) != 2 || got[0] != (Stat{"a", 2, true}) || got[1] != (Stat{"b", 3, false}) {
		t.Errorf("stats are %v", got)
	}
}
