package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/filbertgrid/filbert/internal/config"
)

// errInterrupted is returned by start when a second signal ended a member that
// was leaving, or the first one a member that had not started.
var errInterrupted = errors.New("ended by a signal")

func (c command) startCommand() *cobra.Command {
	var flags startFlags
	cmd := &cobra.Command{
		Use:   "start [--config FILE] [-Dname=value]…",
		Short: "Run a member until SIGTERM",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runMember(cmd.Context(), flags)
		},
	}
	cmd.Flags().StringVarP(&flags.config, "config", "c", "", "hazelcast.yaml or hazelcast.xml to read")
	cmd.Flags().StringArrayVarP(&flags.defines, "define", "D", nil, "system property `name=value`; wins over JAVA_OPTS")
	return cmd
}

// runMember runs a member from its configuration to its end.
func (c command) runMember(ctx context.Context, flags startFlags) error {
	cfg, warnings, err := config.Load(c.source(flags))
	if err != nil {
		return err
	}
	logger := newLogger(c.stdout, cfg.Logging, cfg.Logging.Level.Slog())
	logConfig(ctx, logger, cfg, warnings)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running, leaving, err := c.await(ctx, cancel, cfg, logger)
	if err != nil {
		return err
	}
	if !leaving {
		select {
		case <-running.Done():
			return running.Err()
		case sig := <-c.signals:
			logger.LogAttrs(ctx, slog.LevelInfo, "leaving the cluster", component(), slog.String("signal", sig.String()))
		}
	}
	if err := c.leave(context.WithoutCancel(ctx), cfg, running); err != nil {
		return err
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "left the cluster", component())
	return nil
}

// await starts the member. A signal meanwhile gives starting up; a member that
// was faster than that is to leave again. A second signal waits for nothing.
func (c command) await(ctx context.Context, cancel context.CancelFunc, cfg *config.Config, logger *slog.Logger) (running runningMember, leaving bool, err error) {
	type outcome struct {
		running runningMember
		err     error
	}
	started := make(chan outcome, 1)
	go func() {
		m, err := c.start(ctx, cfg, logger)
		started <- outcome{m, err}
	}()
	select {
	case o := <-started:
		return o.running, false, o.err
	case <-c.signals:
		cancel()
	}
	select {
	case o := <-started:
		if o.err != nil {
			return nil, true, errInterrupted
		}
		return o.running, true, nil
	case <-c.signals:
		return nil, true, errInterrupted
	}
}

// leave shuts the member down, within the time that the configuration gives it.
// A second signal ends it at once.
func (c command) leave(ctx context.Context, cfg *config.Config, running runningMember) error {
	ctx, cancel := context.WithTimeout(ctx, cfg.GracefulShutdownMaxWait)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- running.Shutdown(ctx) }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("leaving: %w", err)
		}
		return nil
	case <-c.signals:
		return errInterrupted
	}
}

// component marks the lines of the command itself.
func component() slog.Attr { return slog.String(componentKey, "start") }

// logConfig says what the member was told.
func logConfig(ctx context.Context, logger *slog.Logger, cfg *config.Config, warnings []config.Warning) {
	file := cfg.File
	if file == "" {
		file = "none"
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "starting", component(),
		slog.String("version", buildVersion()), slog.String("cluster_name", cfg.ClusterName),
		slog.String("config", file), slog.Int("pid", os.Getpid()))
	for _, warning := range warnings {
		logger.LogAttrs(ctx, slog.LevelWarn, "configuration", component(), slog.String("warning", warning.String()))
	}
}
