package config

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// protectionTable binds the split-brain-protection element. What decides is the
// member list; Hazelcast's other functions are told apart in what they warn of.
func protectionTable(c *Config) element {
	e := named("split-brain-protection", "Operations that are refused in a small cluster, by the name that a map's split-brain-protection-ref has.",
		func(name string) scope {
			p, ok := c.SplitBrainProtections[name]
			if !ok {
				p = SplitBrainProtection{ProtectOn: ProtectBoth}
			}
			p.Name = name
			return scope{
				elements: protectionElements(&p),
				done: func(r *reader, n *node) {
					c.SplitBrainProtections[name] = p
					if p.Enabled && p.MinimumSize == 0 && r.format != formatVariables {
						r.warn(n.place, "split-brain-protection/"+clipped(name), "has no minimum-cluster-size: nothing is refused")
					}
				},
			}
		})
	e.known = func() []string { return slices.Sorted(maps.Keys(c.SplitBrainProtections)) }
	return e
}

func protectionElements(p *SplitBrainProtection) []element {
	return []element{
		leaf("enabled", "Whether anything is refused.", asBool(&p.Enabled)),
		leaf("minimum-cluster-size", "The least number of data members; below it operations fail with a SplitBrainProtectionException.",
			asInt(&p.MinimumSize, 2, math.MaxInt32, "data members")),
		leaf("protect-on", "What is refused.", asEnum(&p.ProtectOn, protectedOperations())),
		java("function-class-name", "the number of data members decides."),
		missing("recently-active-split-brain-protection", "a member counts until it is out of the member list, which hazelcast.max.no.heartbeat.seconds decides."),
		missing("probabilistic-split-brain-protection", "a member counts until it is out of the member list, which hazelcast.max.no.heartbeat.seconds decides."),
		java("listeners", "they cannot be called; changes are logged, and shown by filbert_split_brain_protection_met."),
	}
}

func splitBrainRef(m *MapConfig) element {
	return leaf("split-brain-protection-ref", "The split-brain-protection that refuses operations on the map in a small cluster.",
		asString(&m.SplitBrainProtectionRef))
}

// checkProtections warns of maps whose split-brain protection does nothing.
// Hazelcast says nothing, and refuses nothing either.
func (r *reader) checkProtections(where Place) {
	known := slices.Sorted(maps.Keys(r.config.SplitBrainProtections))
	for _, name := range slices.Sorted(maps.Keys(r.config.Maps)) {
		ref := r.config.Maps[name].SplitBrainProtectionRef
		if p, ok := r.config.SplitBrainProtections[ref]; ref == "" || p.Enabled {
			continue
		} else if ok {
			r.warn(where, "map/"+clipped(name)+"/split-brain-protection-ref", quote(ref)+" is not enabled: no operation is refused")
			continue
		}
		message := "no split-brain-protection " + quote(ref) + ": no operation is refused"
		if len(known) > 0 && len(known) <= maxNames {
			message += "; known: " + strings.Join(known, ", ")
		}
		r.warn(where, "map/"+clipped(name)+"/split-brain-protection-ref", message)
	}
}
