package bench

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A timerFile is a ticker that the poller waits for like for a socket. Go's own timers are up to a millisecond late on an
// idle machine, since that is what it counts the poller's waiting in; that would be measured as the server's latency.
type timerFile struct{ file *os.File }

// newTicker returns a ticker with the first tick and those after it in ns.
func newTicker(first, period int64) (ticker, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("creating a timer: %w", err)
	}
	t := timerFile{os.NewFile(uintptr(fd), "timer")}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(first, 1)), Interval: unix.NsecToTimespec(period)}
	if err := unix.TimerfdSettime(fd, 0, &spec, nil); err != nil {
		t.stop()
		return nil, fmt.Errorf("setting a timer: %w", err)
	}
	return t, nil
}

func (t timerFile) wait() error {
	var expirations [8]byte
	if _, err := t.file.Read(expirations[:]); err != nil {
		return errStopped
	}
	return nil
}

func (t timerFile) stop() { _ = t.file.Close() }
