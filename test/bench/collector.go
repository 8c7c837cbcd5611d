package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// collections reads what a Go program with GODEBUG=gctrace=1 has written about its garbage collections. Lines of its log
// look like this (package runtime, "Environment Variables"):
//
//	gc 12 @3.4s 1%: 0.018+1.2+0.003 ms clock, 0.018+0.1/1.1/0.3+0.003 ms cpu, 8->9->4 MB, …
//
// The first and the last part of the clock's three are stops of the world. Of the CPU's, the middle one has three parts:
// assistance, background, and what was idle anyway.
func collections(file string) (collected, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return collected{}, err
	}
	return parseCollections(string(text))
}

func parseCollections(text string) (all collected, err error) {
	for line := range strings.Lines(text) {
		_, rest, ok := strings.Cut(line, "%: ")
		if !ok || !strings.HasPrefix(line, "gc ") {
			continue
		}
		clock, rest, ok1 := strings.Cut(rest, " ms clock, ")
		cpu, _, ok2 := strings.Cut(rest, " ms cpu")
		stops, work := strings.Split(clock, "+"), strings.FieldsFunc(cpu, func(r rune) bool { return r == '+' || r == '/' })
		if !ok1 || !ok2 || len(stops) != 3 || len(work) != 5 {
			return all, fmt.Errorf("garbage collection told as %q", line)
		}
		for _, stop := range []string{stops[0], stops[2]} {
			d, err := milliseconds(stop)
			if err != nil {
				return all, err
			}
			all.longest = max(all.longest, d)
		}
		for i, part := range work {
			const idle = 3
			d, err := milliseconds(part)
			if err != nil {
				return all, err
			}
			if i != idle {
				all.cpu += d
			}
		}
		all.count++
	}
	return all, nil
}

func milliseconds(text string) (time.Duration, error) {
	ms, err := strconv.ParseFloat(text, 64)
	return time.Duration(ms * float64(time.Millisecond)), err
}
