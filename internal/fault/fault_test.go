package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
)

// lastCode is the highest error code of protocol 2.x.
const lastCode = 99

func TestTableIsComplete(t *testing.T) {
	classes, texts := map[string]bool{}, map[string]bool{}
	for code := range int32(lastCode + 1) {
		k := fault.KindOf(fault.OfCode(code))
		if k.Code != code {
			t.Errorf("the sentinel at %d has code %d", code, k.Code)
		}
		if classes[k.Class] || texts[k.Error()] {
			t.Errorf("code %d shares its class or text: %s, %q", code, k.Class, k.Error())
		}
		classes[k.Class], texts[k.Error()] = true, true
		if !strings.HasPrefix(k.Class, "java") && !strings.HasPrefix(k.Class, "com.hazelcast.") {
			t.Errorf("code %d has the class %q", code, k.Class)
		}
	}
	for _, code := range []int32{-1, lastCode + 1, 1 << 30} {
		if got := fault.OfCode(code); !errors.Is(got, fault.ErrUndefined) {
			t.Errorf("OfCode(%d) = %v, want undefined", code, got)
		}
	}
}

func TestCodeOf(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		code  int32
		class string
		retry bool
	}{
		{"a sentinel", fault.ErrWrongTarget, 62, "com.hazelcast.spi.exception.WrongTargetException", true},
		{"wrapped", fmt.Errorf("map %q: %w", "m", fault.ErrNullPointer), 37, "java.lang.NullPointerException", false},
		{"the outermost wins", fmt.Errorf("%w: %w", fault.ErrIllegalState, fault.ErrWrongTarget), 27, "java.lang.IllegalStateException", false},
		{"unknown", errors.New("disk is on fire"), 18, "com.hazelcast.core.HazelcastException", false},
		{"unsupported", fault.ErrUnsupportedOperation, 61, "java.lang.UnsupportedOperationException", false},
		{"indeterminate", fault.ErrIndeterminateOperationState, 80, "com.hazelcast.core.IndeterminateOperationStateException", false},
		{"migrating", fault.ErrPartitionMigrating, 39, "com.hazelcast.spi.exception.PartitionMigratingException", true},
		{"not active", fault.ErrHazelcastInstanceNotActive, 19, "com.hazelcast.core.HazelcastInstanceNotActiveException", false},
		{"inner class", fault.ErrInvalidAddress, 31, "com.hazelcast.internal.util.AddressUtil$InvalidAddressException", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, class := fault.CodeOf(tt.err)
			if code != tt.code || class != tt.class {
				t.Errorf("CodeOf = %d %s, want %d %s", code, class, tt.code, tt.class)
			}
			if got := fault.Retryable(tt.err); got != tt.retry {
				t.Errorf("Retryable = %v, want %v", got, tt.retry)
			}
		})
	}
	if fault.Retryable(nil) {
		t.Error("no error is retryable")
	}
}
