package config

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBounded loads the largest files that are read and wants each done in a
// time that a start can bear, with bounded messages.
func TestBounded(t *testing.T) {
	many := func(item func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < maxFileBytes-200 && i < maxNodes/2-10; i++ {
			b.WriteString(item(i))
		}
		return b.String()
	}
	texts := map[string]Source{
		"unknown elements": xmlSource("<hazelcast>" + many(func(i int) string { return "<networ" + strconv.Itoa(i) + "/>" }) + "</hazelcast>"),
		"maps":             xmlSource("<hazelcast>" + many(func(i int) string { return "<map name='a*" + strconv.Itoa(i) + "'/>" }) + "</hazelcast>"),
		"wrong values": yamlSource("hazelcast:\n  map:\n" + many(func(i int) string {
			return "    m" + strconv.Itoa(i) + ": {backup-count: x}\n"
		})),
		"properties": yamlSource("hazelcast:\n  properties:\n" + many(func(i int) string { return "    hazelcast.p" + strconv.Itoa(i) + ": 1\n" })),
		"kubernetes": yamlSource("hazelcast:\n  network:\n    join:\n      kubernetes:\n" + many(func(i int) string {
			return "        p" + strconv.Itoa(i) + ": 1\n"
		})),
		"deep YAML":    yamlSource("hazelcast: " + strings.Repeat("[", 5000)),
		"deep mapping": yamlSource("hazelcast: " + strings.Repeat("{a: ", 200) + strings.Repeat("}", 200)),
	}
	for name, s := range texts {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			report := Check(s)
			if len(report.Problems) > maxProblems || len(report.Warnings) > maxWarnings {
				t.Errorf("%d problems, %d warnings", len(report.Problems), len(report.Warnings))
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}
