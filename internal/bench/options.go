package bench

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrOptions is returned, wrapped with what is allowed, when options do not make sense.
var ErrOptions = errors.New("bench")

// The protocols.
const (
	Client   = "client" // that of Hazelcast's clients
	RESP     = "resp"   // that of Redis and Valkey
	EchoOnly = "echo"   // messages of the sizes that Client would have, answered by Echo
)

// The workloads.
const (
	Get    = "get"
	Set    = "set"
	Mixed  = "mixed"  // Get and Set by ReadRatio
	PutAll = "putall" // Batch entries of one partition in one message; MSET with RESP
	GetAll = "getall" // the same for reading; MGET with RESP
	Lock   = "lock"   // lock, then unlock, of a key
)

// The distributions of keys.
const (
	Uniform = "uniform"
	Zipf    = "zipf"
)

// openInFlight lets a schedule go on while a server stalls for a while.
const openInFlight = 64

// Limits of the options. They keep a typing error from taking the machine down.
const (
	maxConnections = 10_000   // to one member: more than a process may have open by default
	maxInFlight    = 4_096    // of a connection; beyond it the server measures its queue and not itself
	maxSlotKeys    = 1 << 20  // of a connection: InFlight × Batch, 4 bytes each
	maxKeys        = 1 << 31  // a key's number has 32 bits
	maxKeySize     = 1 << 10  // bytes
	maxValueSize   = 1 << 20  // bytes; one template and one answer of each connection are in memory
	maxBatch       = 10_000   // entries of a message
	maxBatchBytes  = 16 << 20 // of a message: a quarter of what a member takes
	maxRate        = 100e6    // operations a second
	minTimeout     = time.Millisecond
	maxDuration    = 24 * time.Hour
	maxMaps        = 100_000 // each costs a member memory of its own
	maxPIDs        = 64
	maxName        = 256 // bytes of names and passwords
)

// Options say what a run does. They are part of its result, so that two can be compared.
type Options struct {
	// Protocol is one of Client, RESP, EchoOnly; Address where the server is, host:port, "" for the port that is usual for it.
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
	// Smart sends each key to the member that owns it; without it, all go to Address. Client only.
	Smart bool `json:"smart"`
	// Only takes the keys of the member at Address alone, and so leaves all others to their work as backups. Smart only.
	Only bool `json:"only"`
	// ClusterName, Username and Password let a client in. RESP takes Username and Password for AUTH.
	ClusterName string `json:"cluster_name"`
	Username    string `json:"username,omitempty"`
	Password    string `json:"-"`
	// Map is the map's name. Client only. With Maps above 1, so many digits as they need stand behind it, and each key
	// belongs to one of them.
	Map  string `json:"map"`
	Maps int    `json:"maps"`
	// GetCommand and SetCommand are the words before the key, for servers that speak RESP with commands of their own.
	GetCommand string `json:"get_command,omitempty"`
	SetCommand string `json:"set_command,omitempty"`

	Workload string `json:"workload"`
	// ReadRatio is the part of reads in Mixed, 0 to 1; Batch the number of entries of a message in PutAll and GetAll.
	ReadRatio float64 `json:"read_ratio"`
	Batch     int     `json:"batch"`
	// Keys is how many keys there are; KeySize and ValueSize are bytes without any header of the protocol.
	Keys      int64 `json:"keys"`
	KeySize   int   `json:"key_size"`
	ValueSize int   `json:"value_size"`
	// Distribution is Uniform or Zipf; ZipfS the exponent of the latter.
	Distribution string  `json:"distribution"`
	ZipfS        float64 `json:"zipf_s"`
	// Seed of what is drawn.
	Seed uint64 `json:"seed"`

	// Connections to each member, and operations in flight on each of them, at most; 0 in flight stands for 1 in the closed
	// loop and openInFlight in the open one.
	Connections int `json:"connections"`
	InFlight    int `json:"in_flight"`
	// Rate is that of the open loop, in operations a second over all connections; 0 for the closed loop.
	Rate float64 `json:"rate"`
	// Fill writes all keys first.
	Fill bool `json:"fill"`
	// Warmup is not recorded, Duration is; 0 stands for writing all keys and nothing more. Timeout is how long an answer may take when all else is over, and how long
	// connecting may take.
	Warmup   time.Duration `json:"warmup_ns"`
	Duration time.Duration `json:"duration_ns"`
	Timeout  time.Duration `json:"timeout_ns"`
	// PIDs are the server's processes, on this machine.
	PIDs []int `json:"-"`
}

// Defaults are the options of `filbert bench` without flags.
func Defaults() Options {
	return Options{
		Protocol: Client, Smart: true, ClusterName: "dev", Map: "bench", Maps: 1, GetCommand: "GET", SetCommand: "SET",
		Workload: Get, ReadRatio: 0.8, Batch: 100, Keys: 100_000, KeySize: 16, ValueSize: 100, Distribution: Uniform, ZipfS: 0.99, Seed: 1,
		Connections: 50, Fill: true, Warmup: 2 * time.Second, Duration: 10 * time.Second, Timeout: 10 * time.Second,
	}
}

// withDefaults fills in what depends on other options.
func (o Options) withDefaults() Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:" + map[string]string{Client: "5701", RESP: "6379", EchoOnly: "7777"}[o.Protocol]
	}
	if o.InFlight == 0 {
		o.InFlight = 1
		if o.Rate > 0 {
			o.InFlight = openInFlight
		}
	}
	return o
}

// Validate says what is wrong with o and what is allowed: all of it, one line each. The errors wrap ErrOptions.
func (o Options) Validate() error {
	return errors.Join(
		among("--protocol", o.Protocol, Client, RESP, EchoOnly),
		among("--workload", o.Workload, Get, Set, Mixed, PutAll, GetAll, Lock),
		among("--distribution", o.Distribution, Uniform, Zipf),
		address(o.Address),
		between("--read-ratio", o.ReadRatio, 0, 1),
		between("--zipf-s", o.ZipfS, 0.01, 10),
		between("--keys", o.Keys, 1, maxKeys),
		between("--key-size", o.KeySize, 1, maxKeySize),
		between("--value-size", o.ValueSize, 0, maxValueSize),
		between("--maps", o.Maps, 1, maxMaps),
		between("--batch", o.Batch, 1, maxBatch),
		between("--connections", o.Connections, 1, maxConnections),
		between("--in-flight", o.InFlight, 1, maxInFlight),
		between("--rate", o.Rate, 0, maxRate),
		between("--warmup", o.Warmup, 0, maxDuration),
		between("--duration", o.Duration, 0, maxDuration),
		between("--timeout", o.Timeout, minTimeout, maxDuration),
		sized("--cluster-name", o.ClusterName), sized("--username", o.Username), sized("--password", o.Password), sized("--map", o.Map),
		o.validateTogether(),
	)
}

// validateTogether looks at options that restrict one another.
func (o Options) validateTogether() error {
	var problems []error
	problem := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...))
		}
	}
	if digits := len(strconv.FormatInt(o.Keys-1, 10)); o.Keys > 0 {
		problem(o.KeySize < digits, "--key-size %d is too small for --keys %d: at least %d digits", o.KeySize, o.Keys, digits)
	}
	problem(o.Workload == Lock && o.Protocol != Client, "--workload %s needs --protocol %s: the others have no locks", Lock, Client)
	problem(o.Duration == 0 && !o.Fill, "--duration 0s without --fill: there is nothing to do")
	problem(o.Only && !o.Smart, "--only-address needs --smart: who knows no members cannot leave one out")
	problem(o.Maps > 1 && (o.Protocol != Client || o.batched()), "--maps %d needs --protocol %s and a workload of single keys", o.Maps, Client)
	problem(o.Protocol == Client && o.Map == "", "--map is empty: a map needs a name")
	words := slices.Concat(strings.Fields(o.GetCommand), strings.Fields(o.SetCommand))
	problem(o.Protocol == RESP && (strings.TrimSpace(o.GetCommand) == "" || strings.TrimSpace(o.SetCommand) == "" || len(words) > 16),
		"--get-command and --set-command are 1 to 8 words each")
	if o.batched() {
		problem(o.InFlight*o.Batch > maxSlotKeys, "--in-flight %d × --batch %d is over %d entries for a connection", o.InFlight, o.Batch, maxSlotKeys)
		problem(o.Batch*(o.KeySize+o.ValueSize) > maxBatchBytes, "--batch %d of %d bytes is over %d MiB for a message",
			o.Batch, o.KeySize+o.ValueSize, maxBatchBytes>>20)
	}
	problem(o.Rate > 0 && o.Rate < 1, "--rate %g is less than one operation a second: 0 for the closed loop, or 1 and more", o.Rate)
	problem(len(o.PIDs) > maxPIDs, "--pid was given %d times: at most %d", len(o.PIDs), maxPIDs)
	for _, pid := range o.PIDs {
		problem(pid <= 0, "--pid %d: a process id is positive", pid)
	}
	return errors.Join(problems...)
}

// mapDigits is how many digits stand behind the name of each of many maps.
func (o *Options) mapDigits() int {
	if o.Maps <= 1 {
		return 0
	}
	return len(strconv.Itoa(o.Maps - 1))
}

// firstMap is the name of the only map, or of the first one of many.
func (o *Options) firstMap() string { return o.Map + strings.Repeat("0", o.mapDigits()) }

// batched reports whether a message of the workload has many keys.
func (o *Options) batched() bool { return o.Workload == PutAll || o.Workload == GetAll }

// kinds returns the kinds of operations that the workload has.
func (o *Options) kinds() []kind {
	switch o.Workload {
	case Set:
		return []kind{kindSet}
	case Mixed:
		return []kind{kindGet, kindSet}
	case PutAll:
		return []kind{kindPutAll}
	case GetAll:
		return []kind{kindGetAll}
	case Lock:
		return []kind{kindLock, kindUnlock}
	}
	return []kind{kindGet}
}

// batchOf is the number of keys in a message of the workload.
func (o *Options) batchOf(k kind) int {
	if k == kindPutAll || k == kindGetAll {
		return o.Batch
	}
	return 1
}

// shape is what all keys and values look like.
func (o *Options) shape() shape {
	return shape{keySize: o.KeySize, valueSize: o.ValueSize, digits: len(strconv.FormatInt(o.Keys-1, 10))}
}

// reads reports whether the workload wants to find values.
func (o *Options) reads() bool {
	return slices.Contains([]string{Get, Mixed, GetAll}, o.Workload)
}

func among(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%w: %s %q: allowed are %s", ErrOptions, flag, value, strings.Join(allowed, ", "))
}

func between[T int | int64 | float64 | time.Duration](flag string, value, least, most T) error {
	if value >= least && value <= most && !math.IsNaN(float64(value)) {
		return nil
	}
	return fmt.Errorf("%w: %s %v: allowed is %v to %v", ErrOptions, flag, value, least, most)
}

func sized(flag, value string) error {
	if len(value) <= maxName {
		return nil
	}
	return fmt.Errorf("%w: %s has %d bytes: at most %d", ErrOptions, flag, len(value), maxName)
}

func address(value string) error {
	if value == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(value); err == nil {
		if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 1<<16 {
			return nil
		}
	}
	return fmt.Errorf("%w: --address %q: allowed is host:port", ErrOptions, value)
}
