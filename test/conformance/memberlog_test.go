package conformance

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// memberLog collects what a process prints. It is written by the process's
// copying goroutine and read by the test.
type memberLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends to the log.
func (l *memberLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *memberLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns the lines that hold something.
func (l *memberLog) lines() []string {
	var out []string
	for line := range strings.Lines(l.text()) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (l *memberLog) tail(n int) string {
	lines := l.lines()
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// memberList is one member list as the log shows it.
type memberList struct {
	version int
	members []listedMember
}

// listedMember is one line of a member list.
type listedMember struct {
	address, uuid string
	this          bool
}

// self returns the line of the member that wrote the log.
func (l memberList) self() listedMember {
	for _, m := range l.members {
		if m.this {
			return m
		}
	}
	return listedMember{}
}

var (
	listHead = regexp.MustCompile(`Members \{size:(\d+), ver:(\d+)\} \[`)
	listLine = regexp.MustCompile(`^\s*Member \[([^\]]+)\]:(\d+) - ([0-9a-f-]{36})( this)?( lite)?\s*$`)
)

// members returns the newest complete list in the log: the form that
// Hazelcast prints after every change.
func (l *memberLog) members() memberList {
	text := l.text()
	heads := listHead.FindAllStringSubmatchIndex(text, -1)
	for _, h := range slices.Backward(heads) {
		size, _ := strconv.Atoi(text[h[2]:h[3]])
		version, _ := strconv.Atoi(text[h[4]:h[5]])
		body, _, complete := strings.Cut(text[h[1]:], "\n]")
		if !complete {
			continue
		}
		list := memberList{version: version}
		for line := range strings.Lines(body) {
			if m := listLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				list.members = append(list.members, listedMember{address: m[1] + ":" + m[2], uuid: m[3], this: m[4] != ""})
			}
		}
		if len(list.members) == size {
			return list
		}
	}
	return memberList{}
}

const (
	firstPort = 20000 // far from 5701 and under the ephemeral ranges
	portSpan  = 10000
	portTries = 1000
)

// portCursor starts anywhere, so that two runs on one machine seldom meet.
var portCursor = func() *atomic.Uint32 {
	var c atomic.Uint32
	c.Store(rand.Uint32N(portSpan))
	return &c
}()

func nextPort() int { return firstPort + int(portCursor.Add(1)%portSpan) }

func TestMemberListIsReadFromTheLog(t *testing.T) {
	t.Parallel()
	l := &memberLog{}
	_, _ = l.Write([]byte("INFO x\nMembers {size:1, ver:1} [\n\tMember [127.0.0.1]:20001 - 92160028-6863-485d-b28e-39671947d931 this\n]\n" +
		"\nMembers {size:2, ver:2} [\n\tMember [127.0.0.1]:20001 - 92160028-6863-485d-b28e-39671947d931 this\n" +
		"\tMember [127.0.0.1]:20002 - 12160028-6863-485d-b28e-39671947d931\n]\nMembers {size:3, ver:3} [\n\tMember [127"))
	list := l.members()
	if list.version != 2 || len(list.members) != 2 {
		t.Fatalf("got version %d with %d members, want the newest complete list", list.version, len(list.members))
	}
	if self := list.self(); self.address != "127.0.0.1:20001" || self.uuid != "92160028-6863-485d-b28e-39671947d931" {
		t.Errorf("self is %+v", self)
	}
}
