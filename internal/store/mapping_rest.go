//go:build !linux

package store

// huge does nothing: only Linux is asked for large pages.
func (mapping) huge(int, int, bool) {}
