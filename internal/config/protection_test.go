package config

import (
	"errors"
	"strings"
	"testing"
)

func TestSplitBrainProtection(t *testing.T) {
	const file = `hazelcast:
  split-brain-protection:
    three: {enabled: true, minimum-cluster-size: 3, protect-on: write}
    both: {enabled: true, minimum-cluster-size: 2}
    off: {minimum-cluster-size: 2}
    open: {enabled: true}
  map:
    a: {split-brain-protection-ref: three}
    b: {split-brain-protection-ref: both}
    c: {split-brain-protection-ref: off}
    d: {split-brain-protection-ref: tree}
    e: {split-brain-protection-ref: open}
    f: {}
`
	s := yamlSource(file)
	s.Env = append(s.Env, "HZ_SPLITBRAINPROTECTION_BOTH_MINIMUMCLUSTERSIZE=5", "HZ_SPLITBRAINPROTECTION_MORE_ENABLED=true")
	c, warnings := mustLoad(t, s)
	for name, want := range map[string]SplitBrainProtection{
		"a": {"three", true, 3, ProtectWrites}, "b": {"both", true, 5, ProtectBoth},
		"c": {}, "d": {}, "e": {}, "f": {},
	} {
		m, err := c.Map(name)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := c.Protection(&m)
		if ok != (want != SplitBrainProtection{}) || (ok && p != want) {
			t.Errorf("map %s: %+v %v, want %+v", name, p, ok, want)
		}
	}
	if !c.SplitBrainProtections["more"].Enabled {
		t.Error("a protection made of variables is not there")
	}
	said := map[string]bool{
		`split-brain-protection/open: has no minimum-cluster-size: nothing is refused`:                                                     false,
		`map/c/split-brain-protection-ref: "off" is not enabled: no operation is refused`:                                                  false,
		`map/d/split-brain-protection-ref: no split-brain-protection "tree": no operation is refused; known: both, more, off, open, three`: false,
	}
	for _, w := range warnings {
		for text := range said {
			if strings.HasSuffix(w.String(), text) {
				said[text] = true
			}
		}
	}
	for text, is := range said {
		if !is || len(warnings) != len(said) {
			t.Errorf("%q not among %v", text, warnings)
		}
	}
}

// What Hazelcast refuses is refused, with what is allowed.
func TestSplitBrainProtectionRefused(t *testing.T) {
	for text, want := range map[string]string{
		"minimum-cluster-size: 1": `split-brain-protection/p/minimum-cluster-size: wrong value "1"; allowed: a whole number from 2 to 2147483647 (data members)`,
		"protect-on: nothing":     `split-brain-protection/p/protect-on: wrong value "nothing"; allowed: READ_WRITE, READ, WRITE`,
	} {
		_, _, err := Load(yamlSource("hazelcast:\n  split-brain-protection: {p: {" + text + "}}"))
		if !errors.Is(err, ErrValue) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestJavaFunction wants the minimum to count where Java functions were to decide, with a warning.
func TestJavaFunction(t *testing.T) {
	c, warnings := mustLoad(t, xmlSource(`<hazelcast><split-brain-protection name="p" enabled="true">
		<minimum-cluster-size>3</minimum-cluster-size><function-class-name>com.acme.F</function-class-name>
		<listeners><listener>com.acme.L</listener></listeners>
		<recently-active-split-brain-protection heartbeat-tolerance-millis="60000"/></split-brain-protection></hazelcast>`))
	if p := c.SplitBrainProtections["p"]; p.MinimumSize != 3 || p.ProtectOn != ProtectBoth || !p.Enabled {
		t.Errorf("protection is %+v", p)
	}
	if len(warnings) != 3 {
		t.Errorf("warnings: %v", warnings)
	}
}
