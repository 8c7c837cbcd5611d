package gateway

import (
	"time"

	"github.com/filbertgrid/filbert/internal/wire"
)

// tally counts what a session has answered at once since it was read, by the kind of message: requests that arrive together are
// answered together, so one look at the clock does for all of them. What each took is from the read to the moment at which
// its answer may be written.
type tally []kindTally

type kindTally struct {
	handler         *handler
	answers, errors uint64
}

// add counts an answer.
func (t *tally) add(h *handler, answer wire.Message) {
	i := 0
	for i < len(*t) && (*t)[i].handler != h {
		i++
	}
	if i == len(*t) {
		*t = append(*t, kindTally{handler: h})
	}
	k := &(*t)[i]
	k.answers++
	if isFault(answer) {
		k.errors++
	}
}

// observe passes the counts on, and begins anew.
func (t *tally) observe(took time.Duration) {
	for _, k := range *t {
		k.handler.latency.ObserveAll(took, k.answers)
		if k.errors > 0 {
			k.handler.errors.Add(k.errors)
		}
	}
	*t = (*t)[:0]
}
