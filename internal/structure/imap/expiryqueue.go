package imap

import "math"

// expiryQueue is the primary's plan of when to look at which entries: a heap, earliest first.
//
// It is a hint, and the entry is the truth. An entry notes for when it is planned (store.Meta.Due);
// one that is written again with a later end keeps its plan and is planned
// anew when that comes. What is planned for an entry that is gone is skipped. So writes
// seldom touch the queue, and it has about one item for each entry that can expire.
type expiryQueue struct {
	heap []planned
	// cursor is how far the table has been planned, planScanned when all of it has.
	cursor uint64
}

const planScanned = math.MaxUint64

func (q *expiryQueue) scanned() bool { return q.cursor == planScanned }

type planned struct {
	at   int64
	hash uint32
}

func (q *expiryQueue) reset() { *q = expiryQueue{cursor: planScanned} }

// rescan lets the whole table be planned, step by step.
func (q *expiryQueue) rescan() { q.cursor = 0 }

func (q *expiryQueue) push(at int64, hash uint32) {
	q.heap = append(q.heap, planned{at, hash})
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if q.heap[up].at <= q.heap[i].at {
			return
		}
		q.heap[up], q.heap[i] = q.heap[i], q.heap[up]
		i = up
	}
}

// pop takes the earliest item if its time has come.
func (q *expiryQueue) pop(now int64) (hash uint32, due bool) {
	if len(q.heap) == 0 || q.heap[0].at > now {
		return 0, false
	}
	hash = q.heap[0].hash
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && q.heap[down].at < q.heap[least].at {
				least = down
			}
		}
		if least == i {
			break
		}
		q.heap[least], q.heap[i] = q.heap[i], q.heap[least]
		i = least
	}
	if last == 0 {
		q.heap = nil
	}
	return hash, true
}
