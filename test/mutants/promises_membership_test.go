package mutants

// membership: who may answer, who is a member (package membership).
func membership() []Mutant {
	return []Mutant{
		{
			"lease: a member that may have been replaced answers nothing", "internal/membership/core.go",
			"func (c *Core) LeaseValid() bool { return int64(c.Clock()) < c.lease.Load() }", "func (c *Core) LeaseValid() bool { return true || int64(c.Clock()) < c.lease.Load() }",
			"test/conformance", "TestSilentMemberIsReplaced", nil,
		},
		{
			"lease after running: it is looked at when answers are written", "internal/gateway/output.go",
			"if len(s.mu.buf) > 0 && s.g.Cluster.LeaseValid() {", "if len(s.mu.buf) > 0 {", inGateway, "TestLeaseHoldsOutput", nil,
		},
		{
			"lease of owners: it is looked at for other members' callers, too", "internal/gateway/peer.go",
			"if rest = out; p.g.Cluster.LeaseValid() {", "if rest = out; true {", inGateway, "TestOwnerWithoutLeaseHoldsAnswers", nil,
		},
		{
			"majority: the coordinator's own lease needs it", "internal/membership/heartbeat.go",
			"c.extendLease(stamps[(len(stamps)-1)/2]", "c.extendLease(stamps[len(stamps)-1]",
			inMembership, "TestMinorityHoldsNoLease", nil,
		},
		{
			"given leases: those of a coordinator end soon after its own, and without one it gives none", "internal/membership/heartbeat.go",
			"c.extendLease(stamp, longest)", "c.extendLease(stamp, max(longest, c.SilenceTimeout))",
			inMembership, "TestMinorityHoldsNoLease|TestSilentTogether", nil,
		},
		{
			"last echoes: nobody takes over before leases must have ended that rest on them", "internal/membership/heartbeat.go",
			"last = max(last, b.told, b.leased)", "_ = b",
			inMembership, "TestLeaseOfOneWhomOnlyTheCoordinatorReached", nil,
		},
		{
			"heirs: those of a coordinator that has gone are taken for given just now", "internal/membership/heartbeat.go",
			"if c.list.Coordinator().ID == before {", "if false {",
			inMembership, "TestLastEcho", nil,
		},
		{
			"silent together: a take-over waits for no lease that must have ended", "internal/membership/succession.go",
			"(c.seemsUnable(id) && c.leasesEnded(t))", "false",
			inMembership, "TestSilentTogether", nil,
		},
		{
			"joining: it prolongs nobody's lease", "internal/membership/heartbeat.go",
			"echoed: c.leased(), answered", "echoed: c.now, answered",
			inMembership, "TestJoinersDoNotProlongALease", nil,
		},
		{
			"silence: who is silent is replaced no sooner than its lease must have run out", "internal/membership/silence.go",
			"return 3 * c.SilenceTimeout // they need two, and the time until they miss its answers\n\t}\n\treturn c.SilenceTimeout\n", "return 3 * c.SilenceTimeout // they need two, and the time until they miss its answers\n\t}\n\treturn c.SilenceTimeout / 8\n", inMembership, "TestShortPauseChangesNothing", nil,
		},
		{
			"proof: who cannot be reached may live", "internal/membership/silence.go",
			"case reply.Outcome == link.Refused:", "case reply.Outcome != link.Answered:",
			inMembership, "TestUnreachableIsNoProof", nil,
		},
		{
			"another there: another member at its address proves a member's end", "internal/membership/silence.go",
			"case reply.Outcome == link.Answered && reply.Answerer != a.member:", "case false:",
			inMembership, "TestRestartAtOnceIsNoticed", nil,
		},
		{
			"identity: one of another address is not the member that asks again", "internal/membership/joining.go",
			"case known != nil && known.Address != m.Address:", "case false:", inMembership, "TestJoinWithTheIDOfAnother", nil,
		},
		{
			"known joiner: it is told to have joined when a majority knows it", "internal/membership/joining.go",
			"if 2*having <= voters {", "if having == 0 {",
			inMembership, "TestJoinerIsKnownToAMajority", nil,
		},
		{
			"descent: a list is newer only if it descends from mine", "internal/cluster/list.go",
			"if m.Lineage == have.Lineage && m.Version >= have.Version {", "if m.Lineage == have.Lineage || m.Version >= 0 {",
			inCluster, "TestAgainst", nil,
		},
		{
			"removed: who is not in a newer list drops its data and joins again", "internal/membership/heartbeat.go",
			"c.out.Removed(c.list, other)", "c.out.Left()",
			inMembership, "TestLongPauseRemovesOne", nil,
		},
		{
			"take-over: nobody takes over from a coordinator that another still hears", "internal/membership/succession.go",
			"(proof || c.seemsUnable(id))", "(proof || c.seemsUnable(id) || true)",
			inMembership, "TestNobodyTakesOverFromOneWhoIsHeard", nil,
		},
		{
			"newest: an heir goes on from the newest that anybody knows", "internal/membership/succession.go",
			"t.best = newest(t.best, s)", "_ = s",
			inMembership, "TestHeirTakesTheNewest", nil,
		},
		{
			"deaf coordinator: who hears nobody removes nobody before the others went on", "internal/membership/silence.go",
			"return 3 * c.SilenceTimeout // they need two, and the time until they miss its answers", "return c.SilenceTimeout // they need two",
			inSim, "TestSimScripts/deaf_coordinator", nil,
		},
		{
			"strays: whose list nobody else has gives itself up when the others have gone on from the one before", "internal/membership/silence.go",
			"|| c.isStray(l))", ")",
			inMembership, "TestStrayGoesNowhere", nil,
		},
		{
			"strays with news: not where that list has removed somebody", "internal/membership/silence.go",
			"c.list.Ancestor(l) < c.goneAt", "c.list.Ancestor(l) < 0",
			inMembership, "TestStrayWithoutSomebody", nil,
		},
		{
			"deaf members: who has got a list from its coordinator is none", "internal/membership/heartbeat.go",
			"if c.isFirst() && have != b.have && have == c.list.Mark {", "if false {",
			inMembership, "TestWhoHasGotAListIsNotDeaf", nil,
		},
		{
			"mute coordinator: one that few hear decides nothing", "internal/membership/silence.go",
			"return c.muteSince != 0 && ", "return false && ",
			inMembership, "TestMuteCoordinatorDecidesNothing", nil,
		},
		{
			"mute, answering: it answers those who do not hear it, who may hear it again", "internal/membership/heartbeat.go",
			"if c.isDeaf(b) && !c.isMute() {", "if c.isDeaf(b) {",
			inMembership, "TestMuteCoordinatorIsHeardAgain", nil,
		},
		{
			"mute, in the end: it acts when the others have not for two silence timeouts", "internal/membership/silence.go",
			"c.now-c.muteSince <= 2*c.SilenceTimeout", "c.now-c.muteSince <= 200*c.SilenceTimeout",
			inMembership, "TestMuteCoordinatorActsInTheEnd", nil,
		},
		{
			"heard one by one: when it hears more again it waits a moment for the others", "internal/membership/silence.go",
			"c.now-c.fewAt <= c.SilenceTimeout/2", "c.now == c.fewAt",
			inMembership, "TestHeardOneByOne", nil,
		},
		{
			"deaf member: who hears nobody is removed before it goes on alone", "internal/membership/silence.go",
			"case c.isFirst() && c.isDeaf(b) && c.now-b.leased > c.SilenceTimeout && c.now-b.heard < c.SilenceTimeout/2:", "case false:",
			inSim, "TestSimScripts/deaf_member", nil,
		},
		{
			"last word: a coordinator that leaves waits until its heir has what it handed over", "internal/membership/leave.go",
			"&& table >= c.handed.table.Version {", "&& table >= 0 {",
			inMembership, "TestLastWordOfALeaver", nil,
		},
		{
			"one founder: of two candidates the lower address founds", "internal/membership/founding.go",
			"if k.address.Compare(c.Self.Address) < 0 {\n\t\t\tc.found.nextRound", "if k.address.Compare(c.Self.Address) < -1 {\n\t\t\tc.found.nextRound",
			inMembership, "TestFoundingAtOnceIsOneCluster", nil,
		},
		{
			"shown: only whom looks show may found", "internal/membership/founding.go",
			"case c.found.shown:", "case c.found.looked:", inMembership, "TestFoundingOnlyWhenShown|TestNeverShown", nil,
		},
		{
			"failing look: it founds nothing", "internal/membership/founding.go",
			"case c.phase == founding && err != nil:", "case false && err != nil:", inMembership, "TestFailingLooks", nil,
		},
		{
			"refused member: it founds no cluster beside the one that refuses it", "internal/membership/founding.go",
			"if c.found.refused {", "if false {", inMembership, "TestRefusedMemberDoesNotFound", nil,
		},
		{
			"unreachable at first: a network that is just starting is not silence", "internal/membership/founding.go",
			"if waited < c.AskTimeout {", "if waited < 0 {", inMembership, "TestUnreachableAtFirst", nil,
		},
		{
			"raise: a member speaks a new version's dialect when the cluster's version is raised", "internal/membership/upgrade.go",
			"if member.Has(version) {", "if true {",
			inMembership, "TestUpgradeMemberByMember", nil,
		},
		{
			"raise refused: the version is raised only when all members know it", "internal/membership/upgrade.go",
			"if len(cannot) > 0 {", "if len(cannot) > 99 {",
			inMembership, "TestUpgradeMemberByMember", nil,
		},
		{
			"two versions: who founds beside older candidates founds in their version", "internal/membership/upgrade.go",
			"version = k.speaks.Newest", "_ = k.speaks.Newest",
			inMembership, "TestFoundingOfTwoVersions", nil,
		},
		{
			"version kept: a document's version never falls", "internal/cluster/document.go",
			"if d.ClusterVersion.AtLeast(v) {", "if d.ClusterVersion == v {",
			inCluster, "TestVersionOfDocument", nil,
		},
		{
			"old documents: in a cluster of the release before nothing stands behind them", "internal/cluster/encode.go",
			"if d.ClusterVersion.HasVersion() {", "if true {",
			inCluster, "TestVersionOfDocument", nil,
		},
		{
			"heard again: who is heard again has time to answer before anybody takes over from it", "internal/membership/heartbeat.go",
			"&& c.isHeard(b)", "&& true",
			inMembership, "TestHeardAgainHasTimeToAnswer", nil,
		},
		{
			"left behind: a coordinator that was left sheds those who left it", "internal/membership/merge.go",
			"c.shed(other)", "_ = other",
			inMembership, "TestCutOffCoordinatorServesNothingOld", nil,
		},
		{
			"merged first: split-brain protection counts who came back when it has merged what it held", "internal/member/guard.go",
			"!m.Lite && !m.Carrying", "!m.Lite",
			inMember, "TestProtectionCounts", nil,
		},
		{
			"nothing old: a coordinator that was left gives itself up before it serves alone", "internal/membership/merge.go",
			"HasMerge() && left.MergesInto(other)", "HasMerge() && false",
			inMembership, "TestCutOffCoordinatorServesNothingOld", nil,
		},
		{
			"leases of leavers: a lease given by those who have just left is waited for", "internal/membership/heartbeat.go",
			"\t\tb.leased = c.now\n\t\tif coordinator", "\t\t_ = c.now\n\t\tif coordinator",
			inMembership, "TestLeaseGivenByLeavers", nil,
		},
		{
			"proof of hearing: a primary must prove that it hears before its word counts", "internal/membership/silence.go",
			"return b.reached > b.doubted", "return b.reached >= 0",
			inMembership, "TestProvesToHear", nil,
		},
		{
			"known to all: a joiner waits a moment for all who are heard to know it", "internal/membership/joining.go",
			"case c.now-j.since < joinPatience && c.now-b.heard <= joinPatience+c.HeartbeatInterval:", "case false:",
			inMembership, "TestJoinerIsKnownToAll", nil,
		},
	}
}
