package discovery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// maxTold bounds how many causes are told apart; the text of one comes from
// outside.
const maxTold = 64

// A Report writes what looks could not find out into a log: each cause once,
// however often one looks, and a line when all is well again. It is safe for
// concurrent use.
type Report struct {
	logger *slog.Logger

	mu   sync.Mutex
	told map[string]bool
}

// NewReport returns a report into a log.
func NewReport(logger *slog.Logger) *Report {
	return &Report{logger: logger, told: map[string]bool{}}
}

// Look takes what a look has returned. A cause is told again only after a look
// that had none.
func (r *Report) Look(ctx context.Context, found Found, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && len(found.Problems) == 0 {
		if len(r.told) > 0 {
			clear(r.told)
			r.logger.InfoContext(ctx, "looking for members goes well again")
		}
		return
	}
	if err != nil && r.isNew(err) {
		r.logger.WarnContext(ctx, "looking for members failed, trying again", slog.String("error", err.Error()))
	}
	for _, problem := range found.Problems {
		if !r.isNew(problem) {
			continue
		}
		if _, limited := errors.AsType[Limit](problem); limited {
			r.logger.WarnContext(ctx, "looking for members is limited", slog.String("reason", problem.Error()))
			continue
		}
		r.logger.WarnContext(ctx, "a part of looking for members failed", slog.String("error", problem.Error()))
	}
}

func (r *Report) isNew(cause error) bool {
	text := cause.Error()
	if r.told[text] || len(r.told) >= maxTold {
		return false
	}
	r.told[text] = true
	return true
}
