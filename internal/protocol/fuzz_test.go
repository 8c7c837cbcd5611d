package protocol

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/wire"
)

// FuzzDecode gives a message's body to the decoder that the first argument picks among all. It must read it or refuse
// it, and what it has read must survive being appended and read again.
func FuzzDecode(f *testing.F) {
	for i, c := range checks {
		if i%20 == 0 || c.messageType == MapAddIndexRequestType || c.messageType == ClientAuthenticationResponseType {
			f.Add(uint16(i), c.append(nil, newFiller(uint64(i)).filled(c)))
		}
	}
	f.Fuzz(func(t *testing.T, pick uint16, data []byte) {
		c := checks[int(pick)%len(checks)]
		m := wire.Message(data)
		if len(m) >= wire.FrameHeaderSize+4 {
			// The type is not what is to be found here.
			m = bytes.Clone(m)
			AppendInt(m[wire.FrameHeaderSize:wire.FrameHeaderSize], c.messageType)
		}
		first := c.empty()
		if err := c.decode(m, first); err != nil {
			if !errors.Is(err, wire.ErrMalformed) && !errors.Is(err, fault.ErrNullPointer) {
				t.Fatalf("%s: error of another kind: %v", c.name, err)
			}
			return
		}
		again := wire.Message(c.append(nil, first))
		second := c.empty()
		if err := c.decode(again, second); err != nil {
			t.Fatalf("%s: what was read cannot be read again: %v\n%+v", c.name, err, first)
		}
		third := c.append(nil, second)
		if !bytes.Equal(again, third) {
			t.Fatalf("%s: appended twice, it differs:\n%x\n%x\n%+v", c.name, again, third, reflect.ValueOf(second).Elem())
		}
	})
}
