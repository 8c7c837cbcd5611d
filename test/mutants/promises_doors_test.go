package mutants

// doors: what clients are told (package gateway).
func doors() []Mutant {
	return []Mutant{
		{
			"once: what may have run is sent again only when running it twice does no harm", "internal/gateway/handler.go",
			"return h.info.Retryable || h.repeatable", "return true", inGateway, "TestOwnerDies", nil,
		},
		{
			"protection: a cluster that is too small refuses", "internal/gateway/handler.go",
			"if err := r.g.protect(tx, h, m); err != nil {", "if err := r.g.protect(tx, h, m); err != nil && false {", inGateway, "TestProtection", nil,
		},
		{
			"waiters: when a partition moves they wait on at the new primary", "internal/partition/parking.go",
			"parks[i].Answerer.Reroute(&parks[i])", "_ = i",
			inGateway, "TestLockWaitsOverAMove", nil,
		},
		{
			"gone clients: their locks are released", "internal/gateway/presence.go",
			"p.g.Grid.ClientGone(id)", "_ = id", inSim, "TestSimScripts/locks", nil,
		},
		{
			"disowned answers: what was kept back for want of a lease is not sent by a cluster that became too small", "internal/gateway/view.go",
			"g.disown(old, now)", "_ = old",
			inGateway, "TestAnswersOfALongerListAreDisowned", nil,
		},
		{
			"clients elsewhere: locks are released by who hears everybody, for the client may be with another member", "internal/gateway/presence.go",
			"|| heardAll-c.since < goneAfter/2:", "|| heardAll < 0:",
			inGateway, "TestClientGone", nil,
		},
		{
			"clients of a silent member: when it is removed, they have time to connect to another before their locks go", "internal/gateway/view.go",
			"g.presence.doubt()", "_ = old",
			inGateway, "TestClientOfASilentMember", nil,
		},
		{
			"late copies: a copy of a lock's call that comes late does nothing", "internal/structure/imap/lockrepeat.go",
			"c.reference == reference && c.client == client", "c.reference == reference && c.client != client",
			inMaps, "TestScripts", nil,
		},
		{
			"calls that have run: the next primary knows which calls of locks have run", "internal/structure/imap/lockrepeat.go",
			"return c.append(effect)", "return effect",
			inMaps, "TestScripts", nil,
		},
		{
			"calls that did nothing: who did not get a lock is told so when the backups know it", "internal/structure/imap/lockrepeat.go",
			"tx.Commit(c.append(append(f.begin(tx, hash), effectCalls, 1)))", "_ = hash",
			inMaps, "TestScripts", nil,
		},
		{
			"calls of a copy: who gets a copy of a partition knows which calls of locks have run", "internal/structure/imap/news.go",
			"emit(f.locks.repeats.appendCalls(nil))", "_ = emit",
			inMaps, "TestCallsOfACopy", nil,
		},
		{
			"calls and the release before: members of the release before are told nothing of such calls", "internal/structure/imap/lockrepeat.go",
			"if c.reference == 0 || !f.s.options.Notes() {", "if c.reference == 0 {",
			inMaps, "TestCallsOfTheVersionBefore", nil,
		},
		{
			"waiters bounded: one client cannot take all places", "internal/partition/parking.go",
			"g.mu.byClient[r.Client] >= g.perClient", "false",
			inPartition, "TestWaitersAreBounded", nil,
		},
		{
			"long answers: what is in memory of one is bounded, as fast as the client may read", "internal/gateway/listing.go",
			"ok = held+p.room <= l.window", "ok = held >= 0",
			inGateway, "TestLongListIsBounded", nil,
		},
		{
			"whole messages: nothing is said in the midst of a long answer", "internal/gateway/output.go",
			"if len(s.mu.plain) > 0 && !s.mu.lists.middle {", "if len(s.mu.plain) > 0 {",
			inGateway, "TestListWithoutLease", nil,
		},
		{
			"once listed: a step that finds no room for an entry begins with it the next time", "internal/gateway/step.go",
			"return int64(p.hash)", "return int64(p.hash) + 1",
			inGateway, "TestStepsAreStrict|TestListsInSteps", nil,
		},
		{
			"steps that fail: a long answer goes on when its partitions have an owner again", "internal/gateway/listing_answer.go",
			"if now-p.failing < l.g.Limits.CallTimeout", "if now-p.failing < 0*l.g.Limits.CallTimeout",
			inGateway, "TestFailedStepsAreMadeAgain", nil,
		},
		{
			"abandoned lists: nothing is kept of them", "internal/gateway/session.go",
			"s.dropLists()", "_ = s.dropLists",
			inGateway, "TestAbandonedList", nil,
		},
		{
			"deaf clients: who takes nothing is disconnected", "internal/gateway/output.go",
			"return waits, now-s.mu.moved > s.g.Limits.HeartbeatTimeout", "return waits, false",
			inGateway, "TestClientThatTakesNothing", nil,
		},
		{
			"large clears: no partition is held for the size of its map", "internal/store/table.go",
			"len(x.leaves)+len(l.chunks) > freedAtOnce", "len(x.leaves)+len(l.chunks) > freedAtOnce<<20",
			inStore, "TestResetTakesNoTime", nil,
		},
	}
}
