package config

// SplitBrainProtection says which operations are refused in a cluster of fewer
// than MinimumSize data members.
type SplitBrainProtection struct {
	// Name is what the structures' split-brain-protection-ref says.
	Name string
	// Enabled is false for one that is only there to be switched on.
	Enabled bool
	// MinimumSize is at least 2, or 0 when it was not set: then nothing is refused.
	MinimumSize int
	ProtectOn   ProtectOn
}

// ProtectOn is what a split-brain protection refuses.
type ProtectOn string

// What a split-brain protection refuses.
const (
	ProtectReads  ProtectOn = "READ"
	ProtectWrites ProtectOn = "WRITE"
	ProtectBoth   ProtectOn = "READ_WRITE"
)

func protectedOperations() []ProtectOn { return []ProtectOn{ProtectBoth, ProtectReads, ProtectWrites} }

// Protection returns the split-brain protection that a map names. ok is false
// when it names none that is there and enabled, and for one that refuses nothing:
// as in Hazelcast, its operations are not refused then.
func (c *Config) Protection(m *MapConfig) (p SplitBrainProtection, ok bool) {
	p = c.SplitBrainProtections[m.SplitBrainProtectionRef]
	return p, p.Enabled && p.MinimumSize > 0
}
