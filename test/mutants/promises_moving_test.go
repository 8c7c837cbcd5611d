package mutants

// moving: promotion, transfers, hand-overs, leaving (packages partition and migration).
func moving() []Mutant {
	return []Mutant{
		{
			"promotion: the most advanced replica is promoted", "internal/migration/promote.go",
			"if best < 0 || at.Less(p)", "if best < 0 || p.Less(at)",
			inMigration, "TestMostAdvanced", nil,
		},
		{
			"loss noticed: without a replica in sync something may be gone", "internal/migration/promote.go",
			"inSync = inSync || r.State == cluster.InSync", "inSync = true",
			inMigration, "TestLossIsTold", nil,
		},
		{
			"all survivors: nobody is promoted before all have answered", "internal/migration/promote.go",
			"if len(c.round.waits) > 0 {", "if len(c.round.waits) > 1 {",
			inMigration, "TestPromotionWaitsForAll", nil,
		},
		{
			"own coordinator: a promise is given to nobody else", "internal/migration/promote.go",
			"if from != c.list.Coordinator().ID {", "if false {", inMigration, "TestFenceOfAStranger", nil,
		},
		{
			"loss told: clients hear of a partition whose data is gone", "internal/migration/advance.go",
			"c.out.Lost(ids)", "c.out.Lost(ids[:0])",
			inMigration, "TestLossIsTold", nil,
		},
		{
			"transfer: effects made meanwhile are not lost", "internal/partition/transfer.go",
			"in.pending = packed.AppendBytes(in.pending, effect)", "in.pending = packed.AppendBytes(in.pending, effect[:0])",
			inPartition, "TestTransferUnderWrites", nil,
		},
		{
			"copied: the copy takes the place of what was there", "internal/partition/transfer.go",
			"p.fragments, p.receiving = in.fragments, nil", "p.receiving = nil",
			inPartition, "TestTransferUnderWrites", nil,
		},
		{
			"hand-over: the primary goes when its backup has the last effect", "internal/partition/handover.go",
			"peer.Acked == p.rep.Last.Seq && peer.Streaming", "peer.Streaming",
			inPartition, "TestHandOverWaitsForAsyncWrites", nil,
		},
		{
			"hand-over stops: no operation starts once it has begun", "internal/partition/handover.go",
			"if p.stalls = true; h.since == 0 {", "if h.since == 0 {", inPartition, "TestHandOver$", nil,
		},
		{
			"kept copy: replicas that are not wanted go when all wanted ones are in sync", "internal/migration/level.go",
			"return k < 0 || a.Replicas[k].State != cluster.InSync", "return k < 0",
			inMigration, "TestDroppedWhenLevel|TestArranged", nil,
		},
		{
			"level: a replica in sync goes when the others have what it has confirmed", "internal/migration/advance.go",
			"allInSync(a, want) && c.level(id, a):", "allInSync(a, want):",
			inMigration, "TestDroppedWhenLevel", nil,
		},
		{
			"turns: no hand-over beside copies, which make it slow", "internal/migration/pace.go",
			"c.hurry = now-c.readySince > turnPatience", "c.hurry = true", inMigration, "TestCopiesAndHandOversTakeTurns", nil,
		},
		{
			"turns end: one that does not get on stops nothing for ever", "internal/migration/pace.go",
			"c.hurry = now-c.readySince > turnPatience", "c.hurry = false", inMigration, "TestTurnsEnd", nil,
		},
		{
			"redundancy first: a copy that makes a partition safer waits for no turn", "internal/migration/pace.go",
			"return c.ready == 0 || c.hurry || c.groups(a) < c.spread[id]", "return c.ready == 0 || c.hurry", inMigration, "TestRedundancyWaitsForNoTurn", nil,
		},
		{
			"leaving: who leaves goes when nobody misses its data", "internal/membership/leave.go",
			"(!stays || !c.tables.Holds(c.table, m.ID))", "true",
			inMembership, "TestLeaving$", nil,
		},
		{
			"leavers: they get no new data", "internal/cluster/list.go",
			"return !m.Lite && !m.Leaving", "return !m.Lite", inSim, "TestSimScripts/leave_all_but_one", nil,
		},
		{
			"not ready: a leaver says so before it leaves", "internal/member/member.go",
			"m.state.Store(admin.NodePassive)", "", "test/conformance", "TestLeaverThatCannotLeave", nil,
		},
		{
			"complete: a cluster is safe when newcomers have got their part", "internal/member/figures.go",
			"m.DataMember() && !held[m.ID]", "m.DataMember() && false", inMember, "TestComplete", nil,
		},
		{
			"behind: a backup that has fallen behind is not in sync by the table, whatever else is as planned", "internal/migration/advance.go",
			"|| c.behind(i, a)", "|| false",
			inMigration, "TestBehind", nil,
		},
	}
}
