package bench

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreValid(t *testing.T) {
	for _, protocol := range []string{Client, RESP, EchoOnly} {
		o := Defaults()
		o.Protocol = protocol
		o = o.withDefaults()
		if err := o.Validate(); err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
		if o.Address == "" || o.InFlight != 1 {
			t.Errorf("%s: address %q, %d in flight", protocol, o.Address, o.InFlight)
		}
	}
	o := Defaults()
	o.Rate = 1000
	if got := o.withDefaults().InFlight; got != openInFlight {
		t.Errorf("open loop: %d in flight, want %d", got, openInFlight)
	}
}

func TestBadOptions(t *testing.T) {
	tests := []struct {
		name string
		set  func(o *Options)
		want string
	}{
		{"protocol", func(o *Options) { o.Protocol = "http" }, `--protocol "http": allowed are client, resp, echo`},
		{"workload", func(o *Options) { o.Workload = "scan" }, `--workload "scan": allowed are get, set, mixed, putall, getall, lock`},
		{"distribution", func(o *Options) { o.Distribution = "normal" }, "allowed are uniform, zipf"},
		{"address", func(o *Options) { o.Address = "localhost" }, "allowed is host:port"},
		{"port", func(o *Options) { o.Address = "localhost:70000" }, "allowed is host:port"},
		{"ratio", func(o *Options) { o.ReadRatio = 1.5 }, "--read-ratio 1.5: allowed is 0 to 1"},
		{"zipf", func(o *Options) { o.ZipfS = 0 }, "--zipf-s 0: allowed is 0.01 to 10"},
		{"no keys", func(o *Options) { o.Keys = 0 }, "--keys 0: allowed is 1 to"},
		{"too many keys", func(o *Options) { o.Keys = 1 << 32 }, "--keys 4294967296"},
		{"key size", func(o *Options) { o.KeySize = 4 }, "--key-size 4 is too small for --keys 100000: at least 5 digits"},
		{"value size", func(o *Options) { o.ValueSize = 2 << 20 }, "--value-size 2097152: allowed is 0 to 1048576"},
		{"batch", func(o *Options) { o.Batch = 0 }, "--batch 0: allowed is 1 to 10000"},
		{"batch bytes", func(o *Options) { o.Workload, o.Batch, o.ValueSize = PutAll, 1000, 1<<20 }, "is over 16 MiB for a message"},
		{"batch × in flight", func(o *Options) { o.Workload, o.Batch, o.InFlight = GetAll, 10_000, 4_000 }, "entries for a connection"},
		{"connections", func(o *Options) { o.Connections = 0 }, "--connections 0: allowed is 1 to 10000"},
		{"in flight", func(o *Options) { o.InFlight = 5000 }, "--in-flight 5000: allowed is 1 to 4096"},
		{"negative rate", func(o *Options) { o.Rate = -1 }, "--rate -1: allowed is 0 to"},
		{"tiny rate", func(o *Options) { o.Rate = 0.5 }, "--rate 0.5 is less than one operation a second"},
		{"warm-up", func(o *Options) { o.Warmup = -time.Second }, "--warmup -1s: allowed is 0s to 24h"},
		{"duration", func(o *Options) { o.Duration = -1 }, "--duration -1ns: allowed is 0s to 24h"},
		{"nothing to do", func(o *Options) { o.Duration, o.Fill = 0, false }, "--duration 0s without --fill: there is nothing to do"},
		{"timeout", func(o *Options) { o.Timeout = 0 }, "--timeout 0s"},
		{"long name", func(o *Options) { o.ClusterName = strings.Repeat("x", 300) }, "--cluster-name has 300 bytes: at most 256"},
		{"maps of Redis", func(o *Options) { o.Protocol, o.Maps = RESP, 2 }, "--maps 2 needs --protocol client and a workload of single keys"},
		{"maps of batches", func(o *Options) { o.Workload, o.Maps = PutAll, 2 }, "--maps 2 needs"},
		{"only without smart", func(o *Options) { o.Only, o.Smart = true, false }, "--only-address needs --smart"},
		{"no map", func(o *Options) { o.Map = "" }, "--map is empty"},
		{"lock of Redis", func(o *Options) { o.Protocol, o.Workload = RESP, Lock }, "--workload lock needs --protocol client"},
		{"no command", func(o *Options) { o.Protocol, o.GetCommand = RESP, " " }, "1 to 8 words each"},
		{"pid", func(o *Options) { o.PIDs = []int{-3} }, "--pid -3: a process id is positive"},
		{"pids", func(o *Options) { o.PIDs = make([]int, 100) }, "--pid was given 100 times: at most 64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Defaults().withDefaults()
			tt.set(&o)
			_, err := Run(t.Context(), o, nil)
			if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	o := Defaults().withDefaults()
	o.Protocol, o.Keys, o.Duration = "x", -1, -1
	if err := o.Validate(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three problems at once: %v", err)
	}
}
