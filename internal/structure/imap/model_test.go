package imap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// modelMap is the same map, dumber.
type modelMap struct {
	entries map[string]modelEntry
	locks   map[string]modelLock
}

type modelEntry struct {
	value    string
	deadline int64 // 0: none
}

type modelLock struct {
	client byte
	count  int
	until  int64
}

// TestAgainstModel does random things to a map on a primary with a backup, with promotions in between, and
// compares every answer with a model's, and the replicas with each other.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}, EntryStatistics: seed%2 == 0})
			m := &modelMap{entries: map[string]modelEntry{}, locks: map[string]modelLock{}}
			for step := range 2000 {
				switch r.IntN(60) {
				case 0:
					p.lead(1 - p.primary)
				case 1, 2:
					p.tick(r.Int64N(400))
				default:
					client := byte(1 + r.IntN(2))
					words := randomVerb(r)
					want := m.do(p.now, client, words)
					got := p.command(append([]string{fmt.Sprintf("c%d", client)}, words...))
					if strings.HasPrefix(got, "error") {
						got = "error"
					}
					if got != want {
						t.Fatalf("step %d: client %d: %q answered %q, want %q", step, client, words, got, want)
					}
				}
				p.log = nil
				if step%10 != 9 {
					continue
				}
				if differ := p.replicasDiffer(); differ != "" {
					t.Fatalf("step %d: the replicas differ: %s", step, differ)
				}
			}
		})
	}
}

func randomVerb(r *rand.Rand) []string {
	key := fmt.Sprint("k", r.IntN(30))
	value := fmt.Sprint("v", r.IntN(4))
	if r.IntN(8) == 0 {
		value = fmt.Sprintf("w*%d", r.IntN(3000))
	}
	// Verbs that would park use keys that nobody locks: when a parked one runs is the scripts' matter.
	free := fmt.Sprint("free", r.IntN(10))
	all := [][]string{
		{"tryput", key, value},
		{"tryput", key, value},
		{"tryput", key, value},
		{"putall", key, value},
		{"tryremove", key},
		{"get", key},
		{"contains", key},
		{"get", free},
		{"trylock", key},
		{"trylock", key, fmt.Sprint("lease=", 1+r.IntN(1000))},
		{"unlock", key},
		{"forceunlock", key},
		{"islocked", key},
		{"entries"},
		{"clear"},
		{"set", free, value, fmt.Sprint("ttl=", 1+r.IntN(1000))},
		{"putifabsent", free, value},
		{"replace", free, value},
		{"replaceifsame", free, value, "v1"},
		{"removeifsame", free, value},
		{"setttl", free, fmt.Sprint("ttl=", r.IntN(500))},
	}
	return all[r.IntN(len(all))]
}

// do answers what the map should.
func (m *modelMap) do(now int64, client byte, words []string) string {
	m.expire(now)
	if len(words) == 1 {
		return m.all(words[0])
	}
	key := words[1]
	l, locked := m.locks[key]
	e, found := m.entries[key]
	mine := !locked || l.client == client
	value := ""
	if len(words) > 2 {
		value = expand(words[2])
	}
	var number int64
	if name, n, ok := strings.Cut(words[len(words)-1], "="); ok && name != "" {
		_, _ = fmt.Sscan(n, &number)
	}
	switch words[0] {
	case "get":
		return nullable(e.value, found)
	case "contains":
		return strconv.FormatBool(found)
	case "islocked":
		return strconv.FormatBool(locked)
	case "putall":
		m.entries[key] = modelEntry{value: value}
		return "ok"
	case "forceunlock":
		delete(m.locks, key)
		return "ok"
	case "unlock":
		return m.unlock(client, key)
	case "trylock":
		if mine {
			l = modelLock{client: client, count: l.count + 1}
			if number > 0 {
				l.until = now + number
			}
			m.locks[key] = l
		}
		return strconv.FormatBool(mine)
	case "tryput":
		if mine {
			m.entries[key] = modelEntry{value: value}
		}
		return strconv.FormatBool(mine)
	case "tryremove":
		if mine {
			delete(m.entries, key)
		}
		return strconv.FormatBool(mine && found)
	}
	return m.unlocked(now, words, key, value, number)
}

// unlocked does the verbs that are used on keys without a lock.
func (m *modelMap) unlocked(now int64, words []string, key, value string, number int64) string {
	e, found := m.entries[key]
	switch words[0] {
	case "set":
		m.entries[key] = modelEntry{value: value, deadline: now + number}
		return "ok"
	case "putifabsent":
		if !found {
			m.entries[key] = modelEntry{value: value}
		}
		return nullable(e.value, found)
	case "replace":
		if found {
			m.entries[key] = modelEntry{value: value}
		}
		return nullable(e.value, found)
	case "replaceifsame":
		same := found && e.value == value
		if same {
			m.entries[key] = modelEntry{value: expand(words[3])}
		}
		return strconv.FormatBool(same)
	case "removeifsame":
		same := found && e.value == value
		if same {
			delete(m.entries, key)
		}
		return strconv.FormatBool(same)
	case "setttl":
		if found {
			e.deadline = 0
			if number > 0 {
				e.deadline = now + number
			}
			m.entries[key] = e
		}
		return strconv.FormatBool(found)
	}
	return "unknown verb"
}

func (m *modelMap) unlock(client byte, key string) string {
	l, locked := m.locks[key]
	if !locked || l.client != client {
		return "error"
	}
	if l.count--; l.count == 0 {
		delete(m.locks, key)
	} else {
		m.locks[key] = l
	}
	return "ok"
}

func (m *modelMap) all(verb string) string {
	var lines []string
	n := 0
	for key, e := range m.entries {
		lines = append(lines, key+"="+e.value)
		if _, locked := m.locks[key]; !locked {
			n++
			if verb == "clear" {
				delete(m.entries, key)
			}
		}
	}
	if verb == "clear" {
		return strconv.Itoa(n)
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}

func (m *modelMap) expire(now int64) {
	for key, l := range m.locks {
		if l.until != 0 && l.until <= now {
			delete(m.locks, key)
		}
	}
	for key, e := range m.entries {
		if _, locked := m.locks[key]; !locked && e.deadline != 0 && e.deadline <= now {
			delete(m.entries, key)
		}
	}
}

func nullable(value string, found bool) string {
	if !found {
		return "nil"
	}
	return show([]byte(value))
}

func expand(word string) string {
	if name, count, ok := strings.Cut(word, "*"); ok {
		n := 0
		_, _ = fmt.Sscan(count, &n)
		return strings.Repeat(name, n)
	}
	return word
}
