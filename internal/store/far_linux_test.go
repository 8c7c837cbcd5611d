package store

import "testing"

// TestFarBlocks holds that blocks beyond 4 GiB are where they say: what lies below takes addresses only, as nobody touches it.
func TestFarBlocks(t *testing.T) {
	const far = 5 << 30
	a, err := NewArena()
	if err != nil {
		t.Fatal(err)
	}
	near, err := a.alloc(grain, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.alloc(far, false); err != nil {
		t.Fatal(err)
	}
	for { // what is left below
		page, err := a.pages.take(1)
		if err != nil {
			t.Fatal(err)
		}
		if int(page)*pageSize >= far {
			break
		}
	}
	for class := range classOf(slabMax) + 1 {
		if class == classOf(grain) {
			continue // those have room below
		}
		block, err := a.alloc(sizeOf(class), false)
		if err != nil {
			t.Fatal(err)
		}
		if at := int(block) * grain; at < far {
			t.Errorf("a block of %d bytes is at %d, between others", sizeOf(class), at)
		}
		if block == near {
			t.Errorf("a block of %d bytes is another's", sizeOf(class))
		}
	}
	run, err := a.alloc(2*slabMax, false)
	if err != nil {
		t.Fatal(err)
	}
	if at := int(run) * grain; at < far {
		t.Errorf("a run of pages is at %d, between others", at)
	}
}
