package gateway

import "slices"

// Streams. While a listing gives its answer piece by piece, the connection is in the middle of a message: whatever else there is to say
// waits behind it. Only one listing of a session can be at that.

// behindMost is how many bytes may wait behind a long answer, and waitingMost how many listings for others, before the client's further
// requests do.
const (
	behindMost  = 256 << 10
	waitingMost = 64
)

// sessionLists are a session's listings.
type sessionLists struct {
	// lists are under way, waiting come after them.
	lists, waiting []*listing
	// open is the one that has begun its answer; line those that want to begin theirs.
	open *listing
	line []*listing
	// behind are whole messages that wait for its end. middle: what was taken ends inside a message.
	behind []byte
	middle bool
	// gathered is how much of the answer is in the output, taken how much was taken and may not have been written yet.
	gathered, taken int
}

// admitList tells whether a listing may begin now. If not, it is begun when another one has ended.
func (s *Session) admitList(l *listing) bool {
	s.mu.Lock()
	closed, now := s.mu.closed, len(s.mu.lists.lists) < maxLists
	s.listing.Add(1)
	switch st := &s.mu.lists; {
	case closed:
	case now:
		st.lists = append(st.lists, l)
	default:
		st.waiting = append(st.waiting, l)
	}
	s.mu.Unlock()
	if closed {
		l.abandon()
	}
	return now && !closed
}

// forceList is admitList for a listing that is under way already.
func (s *Session) forceList(l *listing) {
	s.listing.Add(1)
	s.mu.Lock()
	closed := s.mu.closed
	if !closed {
		s.mu.lists.lists = append(s.mu.lists.lists, l)
	}
	s.mu.Unlock()
	if closed {
		l.abandon()
	}
}

// endList takes a listing off, and begins the next one.
func (s *Session) endList(l *listing) {
	is := func(o *listing) bool { return o == l }
	s.listing.Add(-1)
	s.mu.Lock()
	st := &s.mu.lists
	st.lists, st.waiting = slices.DeleteFunc(st.lists, is), slices.DeleteFunc(st.waiting, is)
	var next *listing
	if len(st.waiting) > 0 && len(st.lists) < maxLists {
		next = st.waiting[0]
		st.waiting = slices.Delete(st.waiting, 0, 1)
		st.lists = append(st.lists, next)
	}
	s.mu.Unlock()
	if next != nil {
		s.g.Run(next.begin)
	}
}

// beginStream begins the answer of a listing, if no other is being given. If one is, the listing is called when that has ended.
func (s *Session) beginStream(l *listing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mu.lists
	if st.open != nil {
		st.line = append(st.line, l)
		return false
	}
	at := len(s.mu.buf)
	s.mu.buf = appendListHead(s.mu.buf, l.reply.h, l.reply.correlation)
	st.open, st.gathered, st.taken = l, len(s.mu.buf)-at, 0
	s.streaming.Store(true)
	return true
}

// stream appends items to the answer that is being given; false when nobody is there to read them.
func (s *Session) stream(items []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return false
	}
	s.mu.buf = append(s.mu.buf, items...)
	s.mu.lists.gathered += len(items)
	s.wake()
	return true
}

// endStream ends the answer that is being given.
func (s *Session) endStream() {
	s.mu.Lock()
	st := &s.mu.lists
	if !s.mu.closed {
		s.mu.buf = append(appendListEnd(s.mu.buf), st.behind...)
		s.wake()
	}
	st.open, st.behind, st.gathered, st.taken = nil, nil, 0, 0
	s.mu.Unlock()
	s.nextStream()
}

// nextStream calls the listing that waits to begin its answer.
func (s *Session) nextStream() {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mu.lists
	if st.open == nil && len(st.line) > 0 {
		l := st.line[0]
		st.line = slices.Delete(st.line, 0, 1)
		s.g.Run(l.lineUp)
	}
}

// unwritten is how much of a listing's answer is in the output, or was taken and may not be written.
func (s *Session) unwritten(l *listing) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := &s.mu.lists; st.open == l {
		return st.gathered + st.taken
	}
	return 0
}

// tail is where whole messages are appended. s.mu is held.
func (s *Session) tail() *[]byte {
	if s.mu.lists.open != nil {
		return &s.mu.lists.behind
	}
	return &s.mu.buf
}

// tookBuf notes that all of the output was taken. s.mu is held.
func (s *Session) tookBuf() {
	st := &s.mu.lists
	if st.open == nil && !st.middle {
		return
	}
	st.middle = st.open != nil
	st.taken, st.gathered = st.gathered, 0
	s.streaming.Store(st.middle)
}

// wroteBuf notes that n bytes of what was taken are written, and returns the listing that may go on for that, or nil. s.mu is held.
func (st *sessionLists) wroteBuf(n int) *listing {
	if st.taken == 0 {
		return nil
	}
	st.taken = max(st.taken-n, 0)
	return st.open
}

// dropLists ends all listings of a session that has ended.
func (s *Session) dropLists() {
	s.mu.Lock()
	st := s.mu.lists
	s.mu.lists = sessionLists{}
	s.streaming.Store(false)
	s.mu.Unlock()
	for _, l := range slices.Concat(st.lists, st.waiting) {
		l.abandon()
	}
}

// streams tells whether a long answer is being given, its end included.
func (s *Session) streams() bool { return s.streaming.Load() }

// crowded tells whether so much waits behind an answer that is being given, or so many that are to be given, that no more
// should be asked for.
func (s *Session) crowded() bool {
	if s.listing.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mu.lists
	return !s.mu.closed && (len(st.behind) > behindMost || len(st.waiting) > waitingMost)
}

// listsAgain lets the listings go on that wait for time to pass.
func (s *Session) listsAgain() {
	s.mu.Lock()
	open := s.mu.lists.open
	s.mu.Unlock()
	if open != nil {
		s.g.Run(open.again)
	}
}
