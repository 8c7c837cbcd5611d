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
			"late copies: a copy of a lock's call that comes late does nothing", "internal/structure/imap/lockrepeat.go",
			"c.reference == reference && c.client == client", "c.reference == reference && c.client != client",
			inMaps, "TestScripts", nil,
		},
		{
			"waiters bounded: one client cannot take all places", "internal/partition/parking.go",
			"g.mu.byClient[r.Client] >= g.perClient", "false",
			inPartition, "TestWaitersAreBounded", nil,
		},
	}
}
