package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// frameLimit is more than the largest frame, which is not cut into packets
	// yet and has a virtio header.
	frameLimit = 80 << 10
	// relayQueue bounds the frames that are under way in one direction; more
	// are dropped, as a switch does.
	relayQueue = 4096
)

// relay stands in a member's wire, in place of the bridge's port, and passes on
// every frame later. Connections that are open stay open.
type relay struct {
	near, far *os.File // towards the member, towards the bridge
	done      sync.WaitGroup
}

// delay makes a member far away for a while.
func (s *storm) delay() {
	v, d := s.victim(), s.between(silence, 2*silence)
	base, jitter := s.between(time.Millisecond, 100*time.Millisecond), s.between(0, 50*time.Millisecond)
	percent, frames := s.plan.random.IntN(3), s.plan.random.Uint64()
	s.say("%s, %v to %v later and %d%% lost, for %v", v.ip, base, base+jitter, percent, d)
	wire, port, plug := memberWire(v.index), "relay"+strconv.Itoa(v.index), "plug"+strconv.Itoa(v.index)
	s.hub("ip link add "+port+" type veth peer name "+plug, "ip link set "+port+" up", "ip link set "+plug+" up")
	r, err := newRelay(wire, port)
	if err != nil {
		s.t.Fatal(err)
	}
	s.hub("ip link set "+wire+" nomaster", "ip link set "+plug+" master br0")
	r.pass(r.near, r.far, rand.New(rand.NewPCG(frames, 0)), base, jitter, percent)
	r.pass(r.far, r.near, rand.New(rand.NewPCG(frames, 1)), base, jitter, percent)
	s.wait(d)
	r.close()
	s.hub("ip link del "+port, "ip link set "+wire+" master br0")
}

// newRelay opens both ends in the hub.
func newRelay(near, far string) (*relay, error) {
	r := &relay{}
	// The goroutine's thread changes its namespace; one that cannot change back
	// ends with the goroutine, as it stays locked.
	opened := make(chan error)
	go func() {
		runtime.LockOSThread()
		back, err := enterNamespace(fmt.Sprintf("/proc/%d/ns/net", world.net.Hub))
		if err == nil {
			r.near, err = openPacket(near)
		}
		if err == nil {
			r.far, err = openPacket(far)
		}
		if back != nil && back() == nil {
			runtime.UnlockOSThread()
		}
		opened <- err
	}()
	if err := <-opened; err != nil {
		r.close()
		return nil, fmt.Errorf("relay of %s: %w", near, err)
	}
	return r, nil
}

// enterNamespace moves this thread, and returns the way back.
func enterNamespace(path string) (back func() error, err error) {
	here, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		return nil, err
	}
	there, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, here.Close())
	}
	err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET)
	return func() error {
		return errors.Join(unix.Setns(int(here.Fd()), unix.CLONE_NEWNET), here.Close(), there.Close())
	}, err
}

// openPacket opens a link for whole frames. The virtio header that comes with
// each says what the hardware would have to do: cut it, or add its checksum.
func openPacket(link string) (*os.File, error) {
	device, err := net.InterfaceByName(link)
	if err != nil {
		return nil, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	for _, option := range []int{unix.PACKET_VNET_HDR, unix.PACKET_IGNORE_OUTGOING} {
		if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, option, 1); err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
	}
	if err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: device.Index}); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), link), nil
}

// frame is one under way.
type frame struct {
	bytes []byte
	due   time.Time
}

// pass carries frames in one direction until the relay is closed. A frame never
// overtakes another one: that would be taken for loss.
func (r *relay) pass(from, to *os.File, random *rand.Rand, base, jitter time.Duration, percent int) {
	queue := make(chan frame, relayQueue)
	r.done.Go(func() {
		defer close(queue)
		buffer := make([]byte, frameLimit)
		for {
			n, err := from.Read(buffer)
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil || random.IntN(100) < percent {
				continue
			}
			due := time.Now().Add(base + time.Duration(random.Int64N(int64(jitter)+1)))
			select {
			case queue <- frame{append([]byte(nil), buffer[:n]...), due}:
			default:
			}
		}
	})
	r.done.Go(func() {
		for f := range queue {
			<-time.After(time.Until(f.due))
			_, _ = to.Write(f.bytes) // one that cannot be sent is lost
		}
	})
}

func (r *relay) close() {
	for _, end := range []*os.File{r.near, r.far} {
		if end != nil {
			_ = end.Close()
		}
	}
	r.done.Wait()
}
