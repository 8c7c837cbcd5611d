package link

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// golden are the connections whose bytes are frozen in testdata, annotated.
// Changing them changes the member protocol: then Version, the files and
// docs/formats/member-protocol.md change, too.
func golden() map[string][]byte {
	hello := Hello{
		MinVersion: 1, MaxVersion: 1, ClusterName: "dev",
		From:    cluster.UUID{0: 0xaa, 15: 0x01},
		To:      cluster.UUID{0: 0xbb, 15: 0x02},
		Address: cluster.Address{Host: "10.0.0.7", Port: 5701}, PartitionCount: 271,
		Build: "5.5.0", Lane: Effects,
	}
	question := hello
	question.Lane, question.To = AskLane, cluster.UUID{}
	return map[string][]byte{
		"hello":    appendHello([]byte(Preamble), &hello),
		"question": appendFrame(appendHello([]byte(Preamble), &question), []byte("who?")),
		"refusal":  appendRefusal([]byte(Preamble), ErrClusterName),
	}
}

// readGolden reads hex digits; from # to the end of a line is a comment.
func readGolden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		bytes, _, _ := strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(bytes), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenBytes(t *testing.T) {
	for name, got := range golden() {
		if want := readGolden(t, name); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got % x\nwant % x", name, got, want)
		}
	}
}

// TestPageShowsTheBytes: the page about the protocol shows the files as they are.
func TestPageShowsTheBytes(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/member-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range golden() {
		text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```hex "+name+"\n"+string(text)+"```\n") {
			t.Errorf("docs/formats/member-protocol.md does not show testdata/%s.hex", name)
		}
	}
}

// TestNumbersAreFrozen: they are part of the member protocol.
func TestNumbersAreFrozen(t *testing.T) {
	lanes := []string{"control", "effects", "forward", "bulk"}
	for i, name := range lanes {
		if got := Lane(i).String(); got != name {
			t.Errorf("lane %d is %s, was %s", i, got, name)
		}
	}
	codes := []error{
		ErrRefused, ErrVersion, ErrClusterName, ErrPartitionCount, ErrNotMember,
		ErrOtherMember, ErrDirection, ErrBusy, ErrClosed, ErrProtocol,
	}
	for i, err := range codes {
		if got := refusalCode(i).reason(); !errors.Is(got, err) {
			t.Errorf("refusal code %d is %v, was %v", i, got, err)
		}
		if got := codeOf(fmt.Errorf("because: %w", err)); int(got) != i {
			t.Errorf("%v travels as %d, was %d", err, got, i)
		}
	}
	if len(codes) != int(refusalCodes) {
		t.Errorf("%d refusal codes, want %d: append, and freeze it here", refusalCodes, len(codes))
	}
}

func TestNewerHandshakes(t *testing.T) {
	hello := Hello{MinVersion: 1, MaxVersion: 9, ClusterName: "c", From: cluster.UUID{1}}
	frame := append(appendHello(nil, &hello)[FrameHeader:], "fields of version 9"...)
	if got, err := decodeHandshake(frame); err != nil || got != hello {
		t.Errorf("a hello with unknown fields: %+v, %v", got, err)
	}
	refusal := []byte{kindRefusal, 200, 3, 'w', 'h', 'y', 'x'}
	if _, err := decodeHandshake(refusal); !errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), ": why") {
		t.Errorf("a refusal with an unknown code: %v", err)
	}
}

// readAll reads frames until the stream ends or breaks a rule.
func readAll(src io.Reader, limit int) (frames [][]byte, err error) {
	in := newFrameReader(src, nil)
	in.widen(limit)
	for {
		frame, err := in.wait()
		if err != nil {
			return frames, err
		}
		frames = append(frames, slices.Clone(frame))
	}
}

func TestFrameReader(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	var stream []byte
	for _, size := range []int{0, 1, 3, 70_000, 0, 200_000, 5, 3 << 20, 4, 65_532, 65_533, 65_536} {
		frame := bytes.Repeat([]byte{byte(random.Uint32())}, size)
		want = append(want, frame)
		stream = appendFrame(stream, frame)
	}
	readers := map[string]io.Reader{
		"whole":               bytes.NewReader(stream),
		"half":                iotest.HalfReader(bytes.NewReader(stream)),
		"data with the error": iotest.DataErrReader(bytes.NewReader(stream)),
	}
	for name, src := range readers {
		got, err := readAll(src, 4<<20)
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s: %d of %d frames, %v", name, len(got), len(want), err)
		}
	}
	if _, err := readAll(bytes.NewReader(appendFrame(nil, make([]byte, 11))), 10); !errors.Is(err, ErrFrameTooLarge) {
		t.Errorf("a frame of 11 bytes, with a limit of 10: %v", err)
	}
}

// TestLengthCostsNothing: a length alone makes the reader keep no memory for it.
func TestLengthCostsNothing(t *testing.T) {
	announced := append([]byte{0, 0, 0, 4}, make([]byte, 100)...) // 64 MiB
	in := newFrameReader(bytes.NewReader(announced), nil)
	in.widen(64 << 20)
	if _, err := in.wait(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(in.buf) > readBuffer {
		t.Errorf("a length of 64 MiB and 100 bytes made a buffer of %d", len(in.buf))
	}
}

// FuzzHandshake: what is decoded is what is encoded, whatever came.
func FuzzHandshake(f *testing.F) {
	for _, b := range golden() {
		f.Add(b[len(Preamble)+FrameHeader:])
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		hello, err := decodeHandshake(frame)
		if err != nil {
			if codeOf(err) >= refusalCodes {
				t.Fatalf("%v has no code", err)
			}
			appendRefusal(nil, err)
			return
		}
		again, err := decodeHandshake(appendHello(nil, &hello)[FrameHeader:])
		if err != nil || again != hello {
			t.Fatalf("%+v became %+v, %v", hello, again, err)
		}
	})
}

// FuzzFrames compares the reader with something dumber, for every way to cut the stream.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00x\x00\x00\x00\x00"), uint16(3))
	f.Add(bytes.Repeat([]byte("\x09\x00\x00\x00123456789"), 600), uint16(700))
	f.Add([]byte("\xff\xff\xff\xff"), uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16) {
		const limit = 100 << 10
		got, err := readAll(&cutReader{stream, int(cut) + 1}, limit)
		rest := stream
		for _, frame := range got {
			if len(rest) < FrameHeader+len(frame) || !bytes.Equal(appendFrame(nil, frame), rest[:FrameHeader+len(frame)]) {
				t.Fatalf("frame % x is not in the stream", frame)
			}
			rest = rest[FrameHeader+len(frame):]
		}
		switch {
		case errors.Is(err, ErrFrameTooLarge):
			if len(rest) < FrameHeader || bytes.Compare(rest[2:4], []byte{1, 0}) < 0 && rest[3] == 0 && rest[2] == 0 {
				t.Fatalf("a small frame was refused: % x", rest[:min(len(rest), 8)])
			}
		case errors.Is(err, io.EOF):
			if len(rest) >= FrameHeader && rest[1] == 0 && rest[2] == 0 && rest[3] == 0 && len(rest) >= FrameHeader+int(rest[0]) {
				t.Fatalf("a whole frame was left: % x", rest[:min(len(rest), 8)])
			}
		default:
			t.Fatal(err)
		}
	})
}

// cutReader gives at most n bytes at a time.
type cutReader struct {
	rest []byte
	n    int
}

func (c *cutReader) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.n)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
