package protocol

import (
	"errors"
	"testing"
)

func TestUUID(t *testing.T) {
	u := NewUUID(0x0102030405060708, 0xfffefdfcfbfaf9f8)
	const text = "01020304-0506-0708-fffe-fdfcfbfaf9f8"
	if got := u.String(); got != text {
		t.Errorf("String = %s", got)
	}
	if got, err := ParseUUID(text); got != u || err != nil {
		t.Errorf("ParseUUID = %v, %v", got, err)
	}
	if u.High() != 0x0102030405060708 || u.Low() != 0xfffefdfcfbfaf9f8 || u.IsNull() || !(UUID{}).IsNull() {
		t.Errorf("halves %x %x, null %v", u.High(), u.Low(), u.IsNull())
	}
	for _, bad := range []string{"", text[1:], text + "0", "0102030405060708-fffe-fdfcfbfaf9f8-00", "0102030x" + text[8:]} {
		if got, err := ParseUUID(bad); !errors.Is(err, ErrUUID) || !got.IsNull() {
			t.Errorf("ParseUUID(%q) = %v, %v", bad, got, err)
		}
	}
}
