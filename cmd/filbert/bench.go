package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/filbertgrid/filbert/internal/bench"
)

// errFailures is returned by bench when operations failed.
var errFailures = errors.New("operations failed")

// benchFiles are the files that bench reads and writes.
type benchFiles struct{ json, plot, compare string }

func (c command) benchCommand() *cobra.Command {
	options, files := bench.Defaults(), benchFiles{}
	cmd := &cobra.Command{
		Use:   "bench [flags] | bench --compare A.json B.json",
		Short: "Put load on a server and measure it",
		Long: "Put load on a server and measure it: Filbert or Hazelcast by the client protocol, Redis or Valkey by RESP,\n" +
			"or the bare echo of `filbert bench echo-server` as the limit. docs/bench.md tells how to read what it prints.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if files.compare != "" {
				return c.compare(files.compare, args)
			}
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			return c.bench(cmd.Context(), options, files)
		},
	}
	benchFlags(cmd.Flags(), &options)
	cmd.Flags().StringVar(&files.json, "json", "", "also write the result to a `file`, for --compare and other programs")
	cmd.Flags().StringVar(&files.plot, "plot", "", "also draw latency by percentile and throughput over time: a `file` .svg or .png")
	cmd.Flags().StringVar(&files.compare, "compare", "", "run nothing, and compare this `file` of --json with the one given behind it")
	cmd.AddCommand(c.echoCommand())
	return cmd
}

func benchFlags(flags *pflag.FlagSet, o *bench.Options) {
	flags.SortFlags = false
	flags.StringVar(&o.Protocol, "protocol", o.Protocol, "client, resp or echo")
	flags.StringVar(&o.Address, "address", o.Address, "host:port of the server, or of any member (default 127.0.0.1 and the protocol's usual port)")
	flags.StringVar(&o.Workload, "workload", o.Workload, "get, set, mixed, putall, getall or lock")
	flags.Float64Var(&o.ReadRatio, "read-ratio", o.ReadRatio, "part of gets in mixed, 0 to 1")
	flags.IntVar(&o.Batch, "batch", o.Batch, "entries of a message in putall and getall")
	flags.Int64Var(&o.Keys, "keys", o.Keys, "number of keys")
	flags.IntVar(&o.KeySize, "key-size", o.KeySize, "bytes of a key, without headers of the protocol")
	flags.IntVar(&o.ValueSize, "value-size", o.ValueSize, "bytes of a value, without headers of the protocol")
	flags.StringVar(&o.Distribution, "distribution", o.Distribution, "of the keys: uniform or zipf")
	flags.Float64Var(&o.ZipfS, "zipf-s", o.ZipfS, "exponent of zipf")
	flags.IntVar(&o.Connections, "connections", o.Connections, "connections to each member")
	flags.IntVar(&o.InFlight, "in-flight", o.InFlight, "operations in flight on each connection (default 1, and 64 with --rate)")
	flags.Float64Var(&o.Rate, "rate", o.Rate, "open loop: operations a second over all connections; 0 for the closed loop")
	flags.BoolVar(&o.Fill, "fill", o.Fill, "write all keys first")
	flags.DurationVar(&o.Warmup, "warmup", o.Warmup, "time that is not measured")
	flags.DurationVar(&o.Duration, "duration", o.Duration, "time that is measured; 0s writes all keys and does nothing more")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "how long to wait for connections, and for answers at the end")
	flags.IntSliceVar(&o.PIDs, "pid", nil, "process id of the server, for its CPU for an operation; several are added up")
	flags.BoolVar(&o.Smart, "smart", o.Smart, "client: connect to all members and send keys to their owners")
	flags.BoolVar(&o.Only, "only-address", o.Only, "client: load the partitions of the member at --address, and of no other")
	flags.IntVar(&o.Maps, "maps", o.Maps, "client: spread the keys over so many maps")
	flags.StringVar(&o.Map, "map", o.Map, "client: name of the map")
	flags.StringVar(&o.ClusterName, "cluster-name", o.ClusterName, "client: name of the cluster")
	flags.StringVar(&o.Username, "username", o.Username, "client, resp: who to log in as")
	flags.StringVar(&o.Password, "password", o.Password, "client, resp: password to log in with")
	flags.StringVar(&o.GetCommand, "get-command", o.GetCommand, "resp: words in front of a key that is read")
	flags.StringVar(&o.SetCommand, "set-command", o.SetCommand, "resp: words in front of a key that is written")
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "of what is drawn")
}

// bench runs and reports.
func (c command) bench(ctx context.Context, o bench.Options, files benchFiles) error {
	format := ""
	if files.plot != "" {
		var err error
		if format, err = bench.PlotFormat(files.plot); err != nil {
			return usageError{err}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.onSignal(ctx, cancel)()
	result, err := bench.Run(ctx, o, c.terminal())
	if err != nil {
		if errors.Is(err, bench.ErrOptions) {
			return usageError{err}
		}
		return err
	}
	if err := result.WriteText(c.stdout); err != nil {
		return err
	}
	if files.json != "" {
		if err := toFile(files.json, result.WriteJSON); err != nil {
			return err
		}
	}
	if files.plot != "" {
		if err := toFile(files.plot, func(w io.Writer) error { return result.WritePlot(w, format) }); err != nil {
			return err
		}
	}
	if result.Failed > 0 {
		return fmt.Errorf("%d %w", result.Failed, errFailures)
	}
	return nil
}

// onSignal ends a run at the first signal; the run then reports what it has. The function that it returns stops that.
func (c command) onSignal(ctx context.Context, end context.CancelFunc) (stop func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-c.signals:
			end()
		case <-over:
		case <-ctx.Done():
		}
	}()
	return func() { close(over) }
}

// terminal returns standard error if somebody looks at it.
func (c command) terminal() io.Writer {
	file, ok := c.stderr.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return file
}

// toFile writes a file whole.
func toFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return fmt.Errorf("bench: %s: %w", name, err)
	}
	return nil
}

// compare prints two results side by side.
func (c command) compare(fileA string, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("usage: filbert bench --compare A.json B.json")}
	}
	a, err := bench.ReadFile(fileA)
	if err != nil {
		return err
	}
	b, err := bench.ReadFile(args[0])
	if err != nil {
		return err
	}
	return bench.Compare(c.stdout, fileA, a, args[0], b)
}

func (c command) echoCommand() *cobra.Command {
	listen := "127.0.0.1:7777"
	cmd := &cobra.Command{
		Use:   "echo-server [--listen host:port]",
		Short: "Answer --protocol echo, as the limit of what a server can do",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.echo(cmd.Context(), listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", listen, "host:port to listen on")
	return cmd
}

// echo answers until a signal comes.
func (c command) echo(ctx context.Context, listen string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.onSignal(ctx, cancel)()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("bench echo-server: %w", err)
	}
	if _, err := fmt.Fprintf(c.stdout, "listening on %s\n", listener.Addr()); err != nil {
		return fmt.Errorf("bench echo-server: %w", err)
	}
	return bench.Echo(ctx, listener, func(err error) { _, _ = fmt.Fprintf(c.stderr, "filbert: %v\n", err) })
}
