package conformance

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hazelcast/hazelcast-go-client/hzerrors"
)

// TestSplitBrainProtection: a map is refused to clients as its configuration
// says, while the cluster has fewer members than that wants, and goes on as it was.
func TestSplitBrainProtection(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.config = filepath.Join(t.TempDir(), "hazelcast.yaml")
	text := yaml(`split-brain-protection:
    majority: {enabled: true, minimum-cluster-size: 2}
    writes: {enabled: true, minimum-cluster-size: 2, protect-on: WRITE}
  map:
    whole-*: {split-brain-protection-ref: majority}
    written-*: {split-brain-protection-ref: writes}
`)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.add()
	client := c.client(smart)
	whole, written, free := getMap(t, client, "whole-a"), getMap(t, client, "written-a"), getMap(t, client, "free")
	refused := func(what string, err error) error {
		if !errors.Is(err, hzerrors.ErrSplitBrainProtection) {
			return errors.Join(errMismatch, errors.New(what+" is not refused"), err)
		}
		return nil
	}
	tooFew := func() {
		t.Helper()
		_, readErr := whole.Get(t.Context(), "k")
		_, sizeErr := whole.Size(t.Context())
		if err := first(
			refused("a read", readErr), refused("a size", sizeErr),
			refused("a write", whole.Set(t.Context(), "k", "lost")),
			refused("a lock", whole.Lock(t.Context(), "k")),
			refused("a write", written.Set(t.Context(), "k", "lost")),
			refused("a clear", written.Clear(t.Context())),
			free.Set(t.Context(), "k", "v"),
		); err != nil {
			t.Error(err)
		}
	}
	tooFew()
	if _, err := written.Get(t.Context(), "k"); err != nil {
		t.Errorf("a read of a map whose writes are protected: %v", err)
	}
	second := c.add()
	c.settle()
	if err := first(whole.Set(t.Context(), "k", "v"), written.Set(t.Context(), "k", "v")); err != nil {
		t.Errorf("in a cluster of two: %v", err)
	}
	c.crash(second)
	c.settle()
	tooFew()
	c.add()
	c.settle()
	if err := first(
		answer[any]("what was written before", "v")(whole.Get(t.Context(), "k")),
		answer[any]("what was written before", "v")(written.Get(t.Context(), "k")),
	); err != nil {
		t.Error(err)
	}
}
