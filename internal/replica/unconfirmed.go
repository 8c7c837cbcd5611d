package replica

// Settled is the number up to which every awaited backup has acknowledged: of all effects on a replica that has none.
func (r *Replica) Settled() uint64 {
	acked := r.Last.Seq
	for i := range r.Peers {
		if p := &r.Peers[i]; p.Awaited {
			acked = min(acked, p.Acked)
		}
	}
	return acked
}

// Unconfirmed calls do with the effects that an awaited backup has not acknowledged, in their order. It returns false
// when some of them are not in the tail any more.
func (r *Replica) Unconfirmed(do func(effect []byte)) (complete bool) {
	acked := r.Settled()
	if acked < r.Last.Seq && acked+1 < r.tail.first {
		return false
	}
	for seq := acked + 1; seq <= r.Last.Seq; seq++ {
		_, effect := r.tail.at(seq)
		do(effect)
	}
	return true
}
