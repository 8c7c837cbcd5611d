package member

import (
	"encoding/json"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// newGuards returns the split-brain protections of this member's configuration.
func (n *Node) newGuards() *protection.Set {
	o := protection.Options{
		Logger: n.log("protection"),
		RuleOf: func(name string) *protection.Rule {
			if c := n.mapConfig(name); c.Protection.Name != "" {
				return &c.Protection
			}
			return nil
		},
	}
	c := n.o.Config
	for name := range c.SplitBrainProtections { //nolint:maprange // New keeps them by name
		if r := ruleOf(c, &config.MapConfig{SplitBrainProtectionRef: name}); r.Name != "" {
			o.Rules = append(o.Rules, r)
		}
	}
	return protection.New(o)
}

// ruleOf is the split-brain protection that a map names; without a name if that refuses nothing.
func ruleOf(c *config.Config, m *config.MapConfig) protection.Rule {
	p, ok := c.Protection(m)
	if !ok {
		return protection.Rule{}
	}
	r := protection.Rule{Name: p.Name, Minimum: p.MinimumSize, On: protection.ReadWrite}
	switch p.ProtectOn {
	case config.ProtectReads:
		r.On = protection.Read
	case config.ProtectWrites:
		r.On = protection.Write
	case config.ProtectBoth:
	}
	return r
}

// guard brings a view into effect for split-brain protection: after it is the node's, and before the partitions
// get its table, since they ask whether a backup was removed from a cluster that is still large enough.
func (n *Node) guard(old, now *cluster.View) {
	if now.Document != nil && old.Document != now.Document {
		for i := range now.Document.Objects {
			o := &now.Document.Objects[i]
			var fixed imap.Config
			if o.Service == imap.Service && json.Unmarshal(o.Config, &fixed) == nil && fixed.Protection.Name != "" {
				n.guards.Use(fixed.Protection)
			}
		}
		n.guards.Forget()
	}
	members := 0
	if now.Joined && now.List != nil {
		members = counted(now.List)
	}
	n.guards.Update(members)
}

// counted is how many members of a list split-brain protection counts.
func counted(l *cluster.List) (n int) {
	for i := range l.Members {
		if m := &l.Members[i]; !m.Lite && !m.Carrying {
			n++
		}
	}
	return n
}

// refusesWrites tells whether split-brain protection keeps writes of a map from being acknowledged now. Without a lease
// nobody is told anything: the list may still be as long as that of the cluster that this member was cut off from.
func (n *Node) refusesWrites(name string) bool {
	state := n.guards.Of([]byte(name))
	return state.Covers(protection.Writes) && (!state.Holds() || !n.LeaseValid())
}
