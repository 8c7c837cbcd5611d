package imap

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/packed"
)

// maxNews is how many writes a fragment remembers one by one; 8 KiB at most for each of 271 fragments of a map. After
// more of them, all of its entries count as news.
const maxNews = 2048

// news are the hashes of keys that a fragment got an entry for since the list version since, the last by which members
// went without leaving (Options.Era): if that was the beginning of a split, they are what the other half cannot know. A key
// may stand there twice. latest is the version of the list under which the last of them came: a fragment that got nothing
// since two halves parted has no news for the other, whatever was removed there.
type news struct {
	since, latest int32
	hashes        []uint32
	all           bool
}

func (n *news) add(since, version int32, hash uint32) {
	if n.since < since { // a copy's may be ahead of what this member has seen
		*n = news{since: since, hashes: n.hashes[:0]}
	}
	n.latest = version
	switch {
	case n.all:
	case len(n.hashes) == maxNews:
		n.all, n.hashes = true, nil
	default:
		n.hashes = append(n.hashes, hash)
	}
}

// ApplyOld implements partition.Recalling.
func (f *fragment) ApplyOld(effect []byte) error {
	before := f.news
	err := f.Apply(effect)
	f.news = before
	return err
}

// Recall implements partition.Recalling. Where split-brain protection refuses writes now, nobody is told that the effect
// counts: the caller hears that its outcome is unknown, and nobody reads it. The backup that had it may go on in another
// half, show it and remove it again, so it is no news.
func (f *fragment) Recall(effect []byte) {
	if f.s.options.Refuses(f.shared.name) {
		return
	}
	r := packed.NewReader(effect)
	if kind := r.Byte(); kind != effectPut {
		return
	}
	readState(&r)
	if key := r.Bytes(); r.Err() == nil {
		f.noteNews(Hash(key))
	}
}

// RecallAll implements partition.Recalling.
func (f *fragment) RecallAll() {
	if !f.s.options.Refuses(f.shared.name) {
		era, version := f.s.options.Era()
		f.news = news{since: era, latest: version, all: true}
	}
}

// Recalled implements partition.Recalling.
func (f *fragment) Recalled(emit func(effect []byte)) {
	if f.s.options.Merges() {
		emit(f.appendNews(nil))
	}
	if len(f.locks.repeats.calls) > 0 && f.s.options.Notes() {
		emit(f.locks.repeats.appendCalls(nil))
	}
}

func (f *fragment) appendNews(b []byte) []byte {
	era, _ := f.s.options.Era()
	n := f.news
	if n.since < era {
		n = news{since: era}
	}
	b = packed.AppendUint32(append(b, effectNews), uint32(n.since))
	b = packed.AppendUint32(b, uint32(n.latest))
	b = packed.AppendBool(b, n.all)
	b = packed.AppendUvarint(b, uint64(len(n.hashes)))
	for _, hash := range n.hashes {
		b = packed.AppendUint32(b, hash)
	}
	return b
}

// applyNews puts what the source of a copy remembers in the place of the entries that came with it, which were noted.
func (f *fragment) applyNews(r *packed.Reader) {
	n := news{since: int32(r.Uint32()), latest: int32(r.Uint32()), all: r.Bool()}
	for range r.Count(4) {
		n.hashes = append(n.hashes, r.Uint32())
	}
	if len(n.hashes) > maxNews {
		n.all, n.hashes = true, nil
	}
	if r.Err() == nil {
		era, _ := f.s.options.Era()
		n.since = max(n.since, era)
		f.news = n
	}
}

func (f *fragment) noteNews(hash uint32) {
	era, version := f.s.options.Era()
	f.news.add(era, version, hash)
}

// News returns a test for effects of the fragment's snapshot: whether the key may have got its entry after the list of version
// ancestor, the last that this cluster and another have in common; -1 if there is none. last is the version of the last list by which
// members went. all says that every entry may. What is no news was acknowledged by every backup that is not gone, so the
// other cluster has it, or has lost the partition. The fragment must be detached (partition.Detached).
func (f *fragment) News(ancestor, last int32) (isNew func(effect []byte) bool, all bool) {
	first, _ := f.s.options.Era()
	written := f.news.since >= first
	switch {
	case ancestor < 0:
		return nil, true
	case last <= ancestor, f.news.latest <= ancestor:
		return func([]byte) bool { return false }, false
	case first > ancestor+1, written && f.news.all:
		return nil, true
	case !written:
		return func([]byte) bool { return false }, false
	}
	hashes := slices.Sorted(slices.Values(f.news.hashes))
	return func(effect []byte) bool {
		r := packed.NewReader(effect)
		if kind := r.Byte(); kind != effectPut {
			return false
		}
		readState(&r)
		key := r.Bytes()
		_, found := slices.BinarySearch(hashes, Hash(key))
		return r.Err() == nil && found
	}, false
}
