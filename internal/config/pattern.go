package config

import (
	"fmt"
	"sort"
	"strings"
)

// bestPattern returns the key of configs that matches name best, and whether
// there is one. A pattern has one '*', which stands for any characters; the
// better of two is the one with more characters beside the '*' (Hazelcast's
// MatchingPointConfigPatternMatcher). Two equally good ones are ErrAmbiguous.
func bestPattern[C any](configs map[string]C, name string) (string, bool, error) {
	best, bestPoint := []string(nil), -1
	for pattern := range configs {
		point := matchingPoint(pattern, name)
		switch {
		case point < 0 || point < bestPoint:
		case point > bestPoint:
			best, bestPoint = []string{pattern}, point
		default:
			best = append(best, pattern)
		}
	}
	switch len(best) {
	case 0:
		return "", false, nil
	case 1:
		return best[0], true, nil
	}
	sort.Strings(best)
	return "", false, fmt.Errorf("%w: %s and %s; give the name a configuration of its own, or make one pattern longer",
		ErrAmbiguous, quote(best[0]), quote(best[1]))
}

// matchingPoint returns the number of characters in which pattern matches name,
// -1 when it does not match or has no '*'. Only the first '*' is a wildcard, and
// the parts around it may overlap in the name, both as in Hazelcast.
func matchingPoint(pattern, name string) int {
	first, second, ok := strings.Cut(pattern, "*")
	if !ok || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, second) {
		return -1
	}
	return len(first) + len(second)
}
