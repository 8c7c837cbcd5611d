package membership

import (
	"errors"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// Limits of the document, so that it stays a thing every member can hold and send at once.
const (
	// maxObjects bounds distributed objects.
	maxObjects = 20_000
	// maxSchemas bounds compact schemas.
	maxSchemas = 20_000
	// maxSchemaBytes bounds one schema.
	maxSchemaBytes = 64 << 10
	// maxPending bounds changes that a member has under way.
	maxPending = 10_000
)

// Errors of document changes.
var (
	// ErrDocumentFull is returned when a limit of the cluster document is reached.
	ErrDocumentFull = errors.New("membership: the cluster document is full")
	// ErrTooManyChanges is returned when a member has too many changes under way.
	ErrTooManyChanges = errors.New("membership: too many changes of the cluster document are under way")
	errBadChange      = errors.New("membership: malformed change of the cluster document")
)

// ChangeKind is a kind of document change. Numbers are part of the member protocol.
type ChangeKind uint8

// The kinds of document changes.
const (
	AddObject    ChangeKind = 1
	RemoveObject ChangeKind = 2
	AddSchema    ChangeKind = 3
	// RaiseVersion: 0.2 has it.
	RaiseVersion ChangeKind = 4
)

// Change is a change of the document. Doing it twice does no harm, so it is
// asked for again when a coordinator ends.
type Change struct {
	Kind   ChangeKind
	Object cluster.ObjectEntry
	Schema cluster.Schema
	// Version is the cluster's from then on.
	Version cluster.Version
}

// changeAgain is the pause between two requests for the changes that this member waits for: a request
// or its answer may get lost with a connection, or reach a coordinator that does not decide yet.
const changeAgain = time.Second

// changes are those this member asked for, and those a coordinator waits to be installed.
type changes struct {
	mine   []myChange
	others []otherChange
	// next is when those of mine are asked for again.
	next time.Duration
}

type myChange struct {
	token  uint64
	change Change
}

type otherChange struct {
	member  cluster.MemberID
	token   uint64
	version int32
}

// Change asks for a change; Outside.Changed is called with the token once every member has it.
func (c *Core) Change(token uint64, change Change) {
	c.step()
	if len(c.changes.mine) >= maxPending {
		c.out.Changed(token, ErrTooManyChanges)
		return
	}
	if len(c.changes.mine) == 0 {
		c.changes.next = c.now + changeAgain
	}
	if change.Kind == RaiseVersion { // a coordinator of 0.1 could not tell why it refuses
		if err := c.mayRaise(change.Version); err != nil {
			c.out.Changed(token, err)
			return
		}
	}
	c.changes.mine = append(c.changes.mine, myChange{token, change})
	if c.phase == member {
		c.sendChange(token, &change)
	}
}

func (c *Core) sendChange(token uint64, change *Change) {
	if c.Coordinating() {
		c.applyChange(c.Self.ID, token, change)
		return
	}
	b := packed.AppendUint64([]byte{kindChange}, token)
	b = append(b, byte(change.Kind))
	b = packed.AppendString(packed.AppendString(b, change.Object.Service), change.Object.Name)
	b = packed.AppendBytes(b, change.Object.Config)
	b = packed.AppendInt64(b, change.Schema.ID)
	b = packed.AppendBytes(b, change.Schema.Body)
	if change.Kind == RaiseVersion {
		b = cluster.AppendVersion(b, change.Version)
	}
	c.out.Send(c.list.Coordinator().ID, b)
}

// resumeChanges asks again for what this member waits for.
func (c *Core) resumeChanges() {
	c.changes.next = c.now + changeAgain
	for _, m := range slices.Clone(c.changes.mine) {
		c.sendChange(m.token, &m.change)
	}
}

func (c *Core) onChange(from cluster.MemberID, r *packed.Reader) {
	token := r.Uint64()
	change := Change{Kind: ChangeKind(r.Byte())}
	change.Object = cluster.ObjectEntry{Object: cluster.Object{Service: r.String(), Name: r.String()}, Config: slices.Clone(r.Bytes())}
	change.Schema = cluster.Schema{ID: r.Int64(), Body: slices.Clone(r.Bytes())}
	change.Version = cluster.ReadVersion(r)
	if r.Err() == nil && c.Coordinating() {
		c.applyChange(from, token, &change)
	}
}

func (c *Core) applyChange(from cluster.MemberID, token uint64, change *Change) {
	if slices.ContainsFunc(c.changes.others, func(o otherChange) bool { return o.member == from && o.token == token }) {
		return // asked for again while the members install it
	}
	next, err := c.changedDocument(change)
	if err != nil {
		c.endChange(from, token, err)
		return
	}
	c.changes.others = append(c.changes.others, otherChange{from, token, next.Version})
	if next != c.document {
		c.publishDocument(next)
		return
	}
	c.checkChanges()
}

func (c *Core) changedDocument(change *Change) (*cluster.Document, error) {
	d := c.document
	switch change.Kind {
	case AddObject:
		if _, known := d.Find(change.Object.Object); !known && len(d.Objects) >= maxObjects {
			return nil, ErrDocumentFull
		}
		return d.WithObject(change.Object), nil
	case RemoveObject:
		return d.WithoutObject(change.Object.Object), nil
	case AddSchema:
		full := len(d.Schemas) >= maxSchemas || len(change.Schema.Body) > maxSchemaBytes
		if full && d.Schema(change.Schema.ID) == nil {
			return nil, ErrDocumentFull
		}
		return d.WithSchema(change.Schema), nil
	case RaiseVersion:
		if err := c.mayRaise(change.Version); err != nil {
			return nil, err
		}
		return d.WithVersion(change.Version), nil
	}
	return nil, errBadChange
}

func (c *Core) onInstalled(from cluster.MemberID, r *packed.Reader) {
	have := cluster.ReadMark(r)
	r.Uint32()
	version := int32(r.Uint32())
	if r.Err() != nil || !c.Coordinating() {
		return
	}
	if b := c.beats[from]; b != nil {
		c.installed(b, have, version)
		c.answerJoins()
		c.checkChanges()
	}
}

// checkChanges ends the changes that every member of the list has.
func (c *Core) checkChanges() {
	if len(c.changes.others) == 0 || !c.Coordinating() {
		return
	}
	everywhere := c.document.Version
	for _, id := range c.order {
		everywhere = min(everywhere, c.beats[id].document)
	}
	var done []otherChange
	c.changes.others = slices.DeleteFunc(c.changes.others, func(o otherChange) bool {
		if o.version <= everywhere {
			done = append(done, o)
			return true
		}
		return false
	})
	for _, o := range done {
		c.endChange(o.member, o.token, nil)
	}
}

func (c *Core) endChange(to cluster.MemberID, token uint64, err error) {
	if to == c.Self.ID {
		c.changeEnded(token, err)
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	c.out.Send(to, packed.AppendString(packed.AppendUint64([]byte{kindChanged}, token), text))
}

func (c *Core) onChanged(r *packed.Reader) {
	token, text := r.Uint64(), r.String()
	var err error
	switch {
	case r.Err() != nil:
		return
	case text == ErrDocumentFull.Error():
		err = ErrDocumentFull
	case text != "":
		err = errors.New(text) //nolint:err113 // the coordinator's own words
	}
	c.changeEnded(token, err)
}

func (c *Core) changeEnded(token uint64, err error) {
	i := slices.IndexFunc(c.changes.mine, func(m myChange) bool { return m.token == token })
	if i >= 0 {
		c.changes.mine = slices.Delete(c.changes.mine, i, i+1)
		c.out.Changed(token, err)
	}
}
