package member

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/gateway"
)

// A process begins with the first partition that moves and ends with the last;
// what is completed never exceeds what is planned, and the next one starts anew.
func TestMigrationProcess(t *testing.T) {
	var p process
	for i, step := range []struct {
		moving, completes int
		changed           bool
		kind              gateway.MigrationKind
		planned           int32
	}{
		{moving: 0},
		{moving: 3, changed: true, kind: gateway.MigrationStarted, planned: 3},
		{moving: 3, completes: 1, planned: 4},
		{moving: 2, planned: 4},
		{moving: 0, completes: 2, changed: true, kind: gateway.MigrationFinished, planned: 3},
		{moving: 1, changed: true, kind: gateway.MigrationStarted, planned: 1},
	} {
		p.completed += int32(step.completes)
		kind, changed := p.note(step.moving, 5)
		if changed != step.changed || kind != step.kind || p.planned != step.planned || p.completed > p.planned {
			t.Errorf("step %d: changed %t, kind %d, %+v; want %+v", i, changed, kind, p, step)
		}
	}
}
