package imap_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

var rewrite = flag.Bool("rewrite", false, "write the outputs of scripts anew")

// TestScripts runs testdata/*.txt. A line that begins with "> " is a command, what follows it its
// output: the answer, then events, then answers of operations that had waited.
// After each command primary and backup must be the same.
//
//	config ttl=1000 …      the map's configuration; first in a script
//	listen entries|near    events appear in the output
//	after 500              the clock moves, in ticks of 100 ms
//	promote                the backup becomes the primary, the primary the backup
//	hold, release          nothing is acknowledged; everything is
//	gone c1                the client is gone
//	c1:2 verb args         client 1, thread 2 does something with the map
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := strings.Split(string(text), "\n")
			for i, line := range strings.Split(got, "\n") {
				if i >= len(want) || line != want[i] {
					t.Fatalf("%s:%d: got %q, want %q", file, i+1, line, want[min(i, len(want)-1)])
				}
			}
		})
	}
}

func runScript(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		command, is := strings.CutPrefix(line, "> ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
		case is:
			out.WriteString(line + "\n")
			if answer := p.command(strings.Fields(command)); answer != "" {
				out.WriteString(answer + "\n")
			}
			for _, l := range p.log {
				out.WriteString(l + "\n")
			}
			p.log = nil
			if differ := p.replicasDiffer(); differ != "" && !p.held {
				t.Fatalf("after %q the replicas differ: %s", line, differ)
			}
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// arguments are the words after a verb: values by place, numbers by name.
type arguments struct {
	t       testing.TB
	words   []string
	numbers map[string]int64
}

func (a arguments) bytes(i int) []byte {
	if i >= len(a.words) {
		a.t.Fatalf("argument %d is missing in %q", i, a.words)
	}
	word := a.words[i]
	if name, count, ok := strings.Cut(word, "*"); ok {
		n, _ := strconv.Atoi(count)
		return []byte(strings.Repeat(name, n))
	}
	return []byte(word)
}

func (a arguments) number(name string, otherwise int64) int64 {
	if n, ok := a.numbers[name]; ok {
		return n
	}
	return otherwise
}

func parse(t testing.TB, words []string) arguments {
	t.Helper()
	a := arguments{t: t, numbers: map[string]int64{}}
	for _, w := range words {
		if name, value, ok := strings.Cut(w, "="); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			a.numbers[name] = n
			continue
		}
		a.words = append(a.words, w)
	}
	return a
}

func (p *pair) command(words []string) string {
	args := parse(p.t, words[1:])
	switch words[0] {
	case "config":
		p.config.TTL, p.config.MaxIdle = args.number("ttl", 0), args.number("idle", 0)
		p.config.Eviction.Policy = imap.EvictionPolicy(args.number("policy", 0))
		p.config.Eviction.MaxSize = imap.MaxSizePolicy(args.number("max", 0))
		p.config.Eviction.Size = args.number("size", 0)
		p.config.EntryStatistics = args.number("stats", 0) == 1
		p.config.Statistics = true
	case "listen":
		p.listen(map[string]event.Type{
			"entries": event.Added | event.Removed | event.Updated | event.Evicted | event.Expired,
			"near":    event.Invalidation,
		}[words[1]])
	case "after":
		ms, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		p.tick(ms)
	case "jump": // without ticks
		ms, _ := strconv.ParseInt(words[1], 10, 64)
		p.now += ms
	case "promote":
		p.lead(1 - p.primary)
	case "hold":
		p.held = true
	case "release":
		p.held = false
		p.pump()
	case "gone":
		n, _ := strconv.Atoi(words[1][1:])
		p.members[p.primary].grid.ClientGone(cluster.UUID{15: byte(n)})
		p.pump()
	default:
		return p.verb(words)
	}
	return ""
}

func (p *pair) verb(words []string) string {
	who, thread := words[0], int64(1)
	if c, th, ok := strings.Cut(who, ":"); ok {
		who = c
		thread, _ = strconv.ParseInt(th, 10, 64)
	}
	client, err := strconv.Atoi(strings.TrimPrefix(who, "c"))
	if err != nil || len(words) < 2 {
		p.t.Fatalf("unknown command %q", words)
	}
	args := parse(p.t, words[2:])
	run, found := verbs()[words[1]]
	if !found {
		p.t.Fatalf("unknown verb %q", words[1])
	}
	if len(words) > 2 { // of a key or not: what is prefetched changes nothing
		hash := imap.Hash([]byte(words[2]))
		look := p.members[p.primary].grid.Look(0, partition.KindMap, mapName, hash)
		look.Arrive(hash)
	}
	return p.do(byte(client), strings.Join(words, " "), func(tx *partition.Tx) error {
		return run(p.maps(), tx, thread, args)
	})
}

type verb func(m *imap.Structure, tx *partition.Tx, thread int64, a arguments) error

var mapName = []byte("m")

func answer(tx *partition.Tx, v any, err error) error {
	if b, ok := v.([]byte); ok {
		v = show(b)
	}
	tx.Reply = fmt.Append(tx.Reply, v)
	return err
}

func putAll(blind bool) verb {
	return func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
		for i := 0; i < len(a.words); i += 2 {
			if err := m.PutAll(tx, mapName, a.bytes(i), a.bytes(i+1), blind); err != nil {
				return err
			}
		}
		return answer(tx, "ok", nil)
	}
}

func verbs() map[string]verb {
	all := map[string]verb{
		"put": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.Put(tx, mapName, a.bytes(0), a.bytes(1), th, a.number("ttl", -1), a.number("idle", -1))
			return answer(tx, v, err)
		},
		"set": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			err := m.Set(tx, mapName, a.bytes(0), a.bytes(1), th, a.number("ttl", -1), a.number("idle", -1))
			return answer(tx, "ok", err)
		},
		"putall": putAll(false),
		"setall": putAll(true),
		"tryput": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.TryPut(tx, mapName, a.bytes(0), a.bytes(1), th, a.number("timeout", 0))
			return answer(tx, v, err)
		},
		"putifabsent": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.PutIfAbsent(tx, mapName, a.bytes(0), a.bytes(1), th, a.number("ttl", -1), a.number("idle", -1))
			return answer(tx, v, err)
		},
		"replace": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.Replace(tx, mapName, a.bytes(0), a.bytes(1), th)
			return answer(tx, v, err)
		},
		"replaceifsame": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.ReplaceIfSame(tx, mapName, a.bytes(0), a.bytes(1), a.bytes(2), th)
			return answer(tx, v, err)
		},
		"remove": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.Remove(tx, mapName, a.bytes(0), th)
			return answer(tx, v, err)
		},
		"removeifsame": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.RemoveIfSame(tx, mapName, a.bytes(0), a.bytes(1), th)
			return answer(tx, v, err)
		},
		"tryremove": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.TryRemove(tx, mapName, a.bytes(0), th, a.number("timeout", 0))
			return answer(tx, v, err)
		},
		"evict": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.Evict(tx, mapName, a.bytes(0), th)
			return answer(tx, v, err)
		},
		"clear": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			v, err := m.Clear(tx, mapName, a.number("announce", 1) == 1)
			return answer(tx, v, err)
		},
		"destroy": func(m *imap.Structure, tx *partition.Tx, _ int64, _ arguments) error {
			m.Destroy(tx, mapName, true)
			return answer(tx, "ok", nil)
		},
		"setttl": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.SetTTL(tx, mapName, a.bytes(0), th, a.number("ttl", -1))
			return answer(tx, v, err)
		},
		"putview": putView,
	}
	maps.Copy(all, readVerbs())
	return all
}

func readVerbs() map[string]verb {
	return map[string]verb{
		"get": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			return answer(tx, m.Get(tx, mapName, a.bytes(0)), nil)
		},
		"contains": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			return answer(tx, m.ContainsKey(tx, mapName, a.bytes(0)), nil)
		},
		"containsvalue": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			found, _, _ := m.ContainsValue(tx, mapName, a.bytes(0), 0)
			return answer(tx, found, nil)
		},
		"size": func(m *imap.Structure, tx *partition.Tx, _ int64, _ arguments) error {
			return answer(tx, m.Size(tx, mapName), nil)
		},
		"entries": func(m *imap.Structure, tx *partition.Tx, _ int64, _ arguments) error {
			var all []string
			pointer := imap.Pointer{Index: math.MaxInt32, Size: -1}
			for pointer.Index >= 0 {
				next, done := m.Scan(tx, mapName, pointer.Cursor(), 2, func(_ uint32, k, v []byte) bool {
					all = append(all, string(k)+"="+string(v))
					return true
				})
				pointer = imap.PointerOf(next, done)
			}
			slices.Sort(all)
			return answer(tx, all, nil)
		},
		"view": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			v, found := m.EntryView(tx, mapName, a.bytes(0))
			if !found {
				return answer(tx, "nil", nil)
			}
			return answer(tx, fmt.Sprintf(
				"%s=%s cost>0:%v created=%d expires=%d hits=%d accessed=%d stored=%d updated=%d version=%d ttl=%d idle=%d",
				v.Key, v.Value, v.Cost > 0, v.CreationTime, v.ExpirationTime, v.Hits, v.LastAccessTime, v.LastStoredTime,
				v.LastUpdateTime, v.Version, v.TTL, v.MaxIdle), nil)
		},
		"lock": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			return answer(tx, "ok", m.Lock(tx, mapName, a.bytes(0), th, a.number("ref", 0), a.number("lease", -1)))
		},
		"trylock": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			v, err := m.TryLock(tx, mapName, a.bytes(0), th, a.number("ref", 0), a.number("lease", -1), a.number("timeout", 0))
			return answer(tx, v, err)
		},
		"unlock": func(m *imap.Structure, tx *partition.Tx, th int64, a arguments) error {
			return answer(tx, "ok", m.Unlock(tx, mapName, a.bytes(0), th, a.number("ref", 0)))
		},
		"forceunlock": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			m.ForceUnlock(tx, mapName, a.bytes(0), a.number("ref", 0))
			return answer(tx, "ok", nil)
		},
		"islocked": func(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
			return answer(tx, m.IsLocked(tx, mapName, a.bytes(0)), nil)
		},
		"sequence": func(m *imap.Structure, tx *partition.Tx, _ int64, _ arguments) error {
			return answer(tx, m.Sequence(tx, mapName), nil)
		},
	}
}

func putView(m *imap.Structure, tx *partition.Tx, _ int64, a arguments) error {
	err := m.PutView(tx, mapName, &imap.View{
		Key: a.bytes(0), Value: a.bytes(1), CreationTime: a.number("created", -1), LastUpdateTime: a.number("updated", -1),
		LastAccessTime: a.number("accessed", -1), Hits: a.number("hits", -1), Version: a.number("version", 0),
		ExpirationTime: a.number("expires", math.MaxInt64), TTL: a.number("ttl", math.MaxInt64),
		MaxIdle: a.number("idle", math.MaxInt64),
	})
	return answer(tx, "ok", err)
}
