package mutants

const (
	inReplica    = "internal/replica"
	inPartition  = "internal/partition"
	inSim        = "internal/sim"
	inCluster    = "internal/cluster"
	inMigration  = "internal/migration"
	inMembership = "internal/membership"
	inGateway    = "internal/gateway"
	inStore      = "internal/store"
	inMember     = "internal/member"
	inMaps       = "internal/structure/imap"
)

// replication: what a write is worth (package replica's comment).
func replication() []Mutant {
	return []Mutant{
		{
			"one writer: a backup refuses an epoch below the one it has promised", "internal/replica/replica.go",
			"case superseded && r.Role != None:", "case false && superseded && r.Role != None:", inReplica, "TestJudge", nil,
		},
		{
			"one writer asked: a survivor that was asked for its position refuses the old primary from then on", "internal/partition/grid.go",
			"p.rep.Promised = max(p.rep.Promised, epoch)", "_ = epoch", inPartition, "TestFormerPrimaryIsRefused", nil,
		},
		{
			"refused: a primary that is refused stops, and its table is looked after", "internal/partition/stream.go",
			"if p.rep.Role == replica.Primary && promised > p.rep.Epoch {", "if p.rep.Role == replica.Primary && promised > p.rep.Epoch+99 {",
			inPartition, "TestFormerPrimaryIsRefused", nil,
		},
		{
			"stepped down: who was primary answers what waited with the unknown outcome", "internal/partition/install.go",
			"if before == replica.Primary {", "if before == replica.Primary && false {", inPartition, "TestFormerPrimaryIsRefused", nil,
		},
		{
			"prefix: a backup applies no effect after a gap", "internal/replica/replica.go",
			"case seq > r.Last.Seq+1:", "case seq > r.Last.Seq+1000:", inReplica, "TestJudge", nil,
		},
		{
			"prefix asked: a lost effect is noticed although nothing comes after it", "internal/replica/replica.go",
			"return stands && len(r.tail.entries) > 0", "return stands && len(r.tail.entries) > 1<<20", inPartition, "TestLostFrameIsSentAgain", nil,
		},
		{
			"same history: a backup whose effects are another epoch's is not levelled from the tail", "internal/replica/tail.go",
			"return t.entries[seq-t.first].epoch == epoch", "return true",
			inReplica, "TestTailAgainstAll", nil,
		},
		{
			"no false yes: a write is answered when its backups have it", "internal/replica/replica.go",
			"left := n.Backups", "left := n.Backups * 0",
			inPartition, "TestAnswersWaitForTheBackup|TestNoFalseYes", nil,
		},
		{
			"first backups: a write waits for as many as its map asks for", "internal/replica/replica.go",
			"left := n.Backups", "left := min(n.Backups, 1)",
			inPartition, "TestWaitingIsPerStructure", nil,
		},
		{
			"no more: it waits for no others", "internal/replica/replica.go",
			"left := n.Backups", "left := n.Backups * cluster.MaxBackups",
			inPartition, "TestWaitingIsPerStructure", nil,
		},
		{
			"no timer: time alone acknowledges nothing", "internal/partition/hold.go",
			"p.answerError(&item.request, ErrOutcomeUnknown)", "item.request.Answerer.Answer(&item.request, nil)", inPartition, "TestOutcomeUnknownAtLast", nil,
		},
		{
			"unknown outcome: whoever waits for a silent backup is told in the end", "internal/partition/tick.go",
			"p.giveUp(now - p.grid.confirm - 1)", "p.giveUp(now - 1000*p.grid.confirm)",
			inPartition, "TestOutcomeUnknownAtLast", nil,
		},
		{
			"removed backup: without enough members left the outcome of a protected write is unknown", "internal/partition/hold.go",
			"item.void = true", "item.void = false", inPartition, "TestRemovedBackupAndProtection", nil,
		},
		{
			"unreachable backup: writes go on without one that only its primary cannot reach", "internal/migration/advance.go",
			"c.noteStuck(from, r.Member)", "return",
			inMigration, "TestBehind", nil,
		},
		{
			"its word: a primary's word about a backup counts only where the coordinator hears both", "internal/migration/advance.go",
			"if c.Reaches != nil && !c.Reaches(from, r.Member) {", "if false {",
			inMigration, "TestBehind", nil,
		},
		{
			"silent backup: one that nobody hears goes with the list, by which protection counts", "internal/membership/silence.go",
			"id == c.Self.ID || (b != nil && c.now-b.heard <= c.SilenceTimeout/2)", "id == c.Self.ID || b != nil",
			inMembership, "TestHears", nil,
		},
		{
			"dialect: in a cluster of the release before writes wait for all backups", "internal/partition/tx_run.go",
			"return cluster.MaxBackups", "return min(sync, cluster.MaxBackups)",
			inPartition, "TestWaitingInAClusterOfTheFirstVersion", nil,
		},
		{
			"reads: nothing is shown that could still be lost", "internal/partition/tx_run.go",
			"if need := p.rep.SawKey(hash); !p.rep.Confirmed(need) {", "if need := p.rep.SawKey(hash); !p.rep.Confirmed(need) && false {",
			inPartition, "TestAnswersWaitForTheBackup", nil,
		},
		{
			"reads of many: sizes and scans wait for all that is unacknowledged", "internal/partition/tx_run.go",
			"if need := p.rep.SawAll(); !p.rep.Confirmed(need) {", "if need := p.rep.SawAll(); !p.rep.Confirmed(need) && false {",
			inPartition, "TestSizesWaitForEverything", nil,
		},
		{
			"reads after a promotion: what the last primary left may not be on the other backups yet", "internal/replica/replica.go",
			"everything := Need{Seq: r.Last.Seq, Backups: cluster.MaxBackups}", "everything := Need{}",
			inReplica, "TestPromotedReadsWait", nil,
		},
		{
			"caught up: a backup that has caught up is awaited before the table says so", "internal/replica/replica.go",
			"p.Awaited = true", "p.Awaited = p.InSync", inReplica, "TestCaughtUpIsAwaited", nil,
		},
		{
			"late acknowledgement: what a replica said before it was made anew counts for nothing", "internal/partition/stream.go",
			"peer.Transfer != 0 || epoch < peer.Since {", "peer.Transfer != 0 {",
			inPartition, "TestLateAcknowledgementIsVoid", nil,
		},
		{
			"order: whoever stalled first runs first", "internal/partition/partition.go",
			"primary && !resumed && len(p.stalled.items) > 0: // whoever came first runs first", "false: // whoever came first runs first",
			inPartition, "TestStalledRequestsAreNotOvertaken", nil,
		},
		{
			"back-pressure: without room to a slow backup its writers stall", "internal/partition/stream.go",
			"if p.grid.hub.Room(peer.Member, link.Effects) > 0 {", "if p.grid.hub.Room(peer.Member, link.Effects) < 0 {", inPartition, "TestNoRoomStalls", nil,
		},
		{
			"held answers: what waits for acknowledgements is bounded over all partitions", "internal/partition/queue.go",
			"holdTotal = 128 << 20", "holdTotal = 128 << 40", inPartition, "TestHeldAnswersAreBounded", nil,
		},
		{
			"slow clients: sessions that wait are read from slowly", "internal/gateway/pressure.go",
			"backlogMost = 64 << 20", "backlogMost = 64 << 40", inGateway, "TestWhoeverWaitsIsReadFromSlowly", nil,
		},
		{
			"anti-entropy: a backup that differs is found", "internal/partition/compare.go",
			"if ours != theirs {", "if ours != theirs && false {", inPartition, "TestDifferingBackupIsRepaired", nil,
		},
		{
			"doubt: a backup that differs has no position until it has been copied anew", "internal/replica/replica.go",
			"return Position{Seq: nowhere}", "return r.Last", inPartition, "TestDifferingBackupIsRepaired|TestBackupInDoubtIsNotInSync", nil,
		},
		{
			"idle clocks: a promoted replica lets entries live as if they had just been used", "internal/structure/imap/fragment.go",
			"f.idleFloor = now", "f.idleFloor = 0 * now", inMaps, "TestPromotedReplicaExpires", nil,
		},
		{
			"time: the cluster's clock never steps back", "internal/member/time.go",
			"if now <= last {", "if now < 0 {", inMember, "TestClusterTime", nil,
		},
		{
			"unacknowledged at a split: what nobody was told of is not merged back", "internal/structure/imap/news.go",
			"if f.s.options.Refuses(f.shared.name) {\n\t\treturn\n\t}\n\tr :=", "if false {\n\t\treturn\n\t}\n\tr :=",
			inSim, "TestSimScripts/split_unacknowledged", nil,
		},
		{
			"pause: a member that did not run takes nobody for stuck", "internal/partition/tick.go",
			"min(now-g.ticked, tickMost)", "now-g.ticked",
			inPartition, "TestPauseIsNotSilence", nil,
		},
		{
			"news in copies: what was written before a split is no news, whoever got a copy since", "internal/partition/stream.go",
			"begins := at ==", "begins := false && at ==",
			inMaps, "TestCopyKnowsWhatIsNews", nil,
		},
		{
			"levelled with the old: what a backup lacked from before a split is no news", "internal/partition/tx_run.go",
			"if seq <= p.old {", "if seq <= p.old && false {",
			inPartition, "TestLevelledWithTheOld", nil,
		},
		{
			"levelled with the new: what not all backups had acknowledged then is", "internal/partition/detach.go",
			"p.old = p.rep.Settled()", "p.old = p.rep.Last.Seq",
			inPartition, "TestLevelledWithTheOld", nil,
		},
		{
			"news of joiners: what is written with a member that joined a part which is cut off is merged", "internal/member/stash.go",
			"n.eraLast = now.Version\n\t\treturn", "_ = now.Version\n\t\treturn",
			inMember, "TestEraOfAJoiner", nil,
		},
	}
}
