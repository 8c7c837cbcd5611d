package cluster

// What each version has that the one before has not. Whoever is about to send a frame, a field or a
// question that not every version knows asks here, with the version of the cluster: View.Version, or that of
// the document. A member that speaks a version takes everything of it at any time: those who have the new document
// already may send it to those who are about to get it.
//
// 0.1 knows no cluster version. What it makes of things it does not know is fixed, since it is released:
//   - fields behind the last one that it knows are ignored, in all frames, questions and answers;
//   - frames of an unknown kind are ignored on the control lane, and end the connection on the others;
//   - questions of an unknown kind are answered with "later", unknown operations of the forward lane's frameAsk with an error;
//   - a document, a list or a member that it publishes again has lost what it did not know.
//
// 0.2 has the cluster version: in the document; and in heartbeats, questions and answers what the sender speaks. Those
// fields are trailing ones, and are sent in clusters of 0.1 as well, since they are how members know that 0.2 may be spoken. So are the longest
// lease in echoes, and in the head of a stream what of it is old.

// HasVersion tells whether a member of that version knows that there are versions. Unlike the others it is asked of a build.
func (v Version) HasVersion() bool { return v.AtLeast(Version{0, 2}) }

// HasMerge tells whether the sides of a split merge when they meet again.
func (v Version) HasMerge() bool { return v.AtLeast(Version{0, 2}) }

// HasFirstBackups tells whether a write waits for as many backups as its structure asks for, the first by index. Coordinators of 0.1
// drop and rearrange those in sync as if every write had waited for all of them, and primaries of 0.1 cannot tell when they
// are level; so until then all are waited for.
func (v Version) HasFirstBackups() bool { return v.AtLeast(Version{0, 2}) }

// HasBoundLeases tells whether the leases that a coordinator gives end with its own, and members tell when they last prolonged that: a
// take-over need not wait for those of silent members then.
func (v Version) HasBoundLeases() bool { return v.AtLeast(Version{0, 2}) }

// HasUnheardReport tells whether primaries report a backup that they do not hear.
func (v Version) HasUnheardReport() bool { return v.AtLeast(Version{0, 2}) }

// HasSharedCalls tells whether effects on locks say which call they are of, and those of calls that changed nothing have one, so that
// whoever is the next primary knows a call that is sent again.
func (v Version) HasSharedCalls() bool { return v.AtLeast(Version{0, 2}) }
