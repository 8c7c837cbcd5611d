package discovery_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/discovery"
)

func TestReport(t *testing.T) {
	var out bytes.Buffer
	r := discovery.NewReport(slog.New(slog.NewTextHandler(&out, nil)))
	lines := func() int {
		defer out.Reset()
		return strings.Count(out.String(), "\n")
	}
	one, two := errors.New("one"), errors.New("two")
	for i, step := range []struct {
		problems []error
		err      error
		lines    int
	}{
		{nil, nil, 0},                 // nothing to say
		{[]error{one}, nil, 1},        // once
		{[]error{one}, nil, 0},        // not again
		{[]error{one, two}, nil, 1},   // only what is new
		{nil, errors.New("three"), 1}, // another cause while the first is not seen
		{[]error{one}, nil, 0},        // which is no news
		{nil, nil, 1},                 // all well
		{nil, nil, 0},
		{[]error{one}, nil, 1}, // and told anew
	} {
		r.Look(t.Context(), discovery.Found{Problems: step.problems}, step.err)
		if got := lines(); got != step.lines {
			t.Errorf("step %d: %d lines, want %d", i, got, step.lines)
		}
	}
	limit := discovery.Limit{Err: errors.New("no right")}
	r.Look(t.Context(), discovery.Found{Problems: []error{limit, two}}, nil)
	if got := out.String(); !strings.Contains(got, `msg="looking for members is limited" reason="no right"`) ||
		!strings.Contains(got, `msg="a part of looking for members failed" error=two`) {
		t.Errorf("a missing right and a failure: %s", got)
	}
	out.Reset()
	for i := range 1000 {
		r.Look(t.Context(), discovery.Found{}, errors.New(strconv.Itoa(i)))
	}
	if got := lines(); got > 64 {
		t.Errorf("%d lines about a thousand texts", got)
	}
}
