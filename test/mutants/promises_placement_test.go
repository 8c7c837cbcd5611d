package mutants

// placement: partition groups (package migration).
func placement() []Mutant {
	return []Mutant{
		{
			"zones: a backup never stands in its primary's group when there is another", "internal/migration/plan_group.go",
			"ok = p.holds(want)", "ok = true", inMigration, "TestPlanKeepsZonesApart", nil,
		},
		{
			"zones chosen: the plan is arranged by groups", "internal/migration/plan.go",
			"range p.arrange(want)", "range want", inMigration, "TestPlanKeepsZonesApart", nil,
		},
		{
			"endangered: what a group's loss would take away is copied first", "internal/migration/watch.go",
			"< c.spread[i]", "< 0", inMigration, "TestEndangeredFirst", nil,
		},
		{
			"zone attribute: ZONE_AWARE means the member's zone", "internal/migration/group.go",
			"return firstAttribute(m, ZoneAttribute, RackAttribute, HostAttribute, NodeAttribute)", "return firstAttribute(m, NodeAttribute, HostAttribute)", inSim, "TestSimScripts/zone_dies", nil,
		},
	}
}
