package imap

import (
	"bytes"

	"github.com/filbertgrid/filbert/internal/partition"
)

// Replace sets the value of a key that has one and returns the old value, or
// nil if there was none (MapReplace). It parks while another owner holds the key's lock.
func (s *Structure) Replace(tx *partition.Tx, name, key, value []byte, thread int64) (old []byte, err error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return nil, nil
	}
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return nil, err
	}
	e, found := f.live(tx, hash, key)
	if !found {
		f.saw(tx, hash)
		return nil, nil
	}
	return f.write(tx, write{hash: hash, key: key, value: value, ttl: Default, maxIdle: Default, wantOld: true}, e, true)
}

// ReplaceIfSame sets the value of a key whose value is expected (MapReplaceIfSame). It
// parks while another owner holds the key's lock.
func (s *Structure) ReplaceIfSame(tx *partition.Tx, name, key, expected, value []byte, thread int64) (bool, error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return false, nil
	}
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	if !found || !bytes.Equal(e.Value(), expected) {
		f.saw(tx, hash)
		return false, nil
	}
	_, err := f.write(tx, write{hash: hash, key: key, value: value, ttl: Default, maxIdle: Default}, e, true)
	return err == nil, err
}
