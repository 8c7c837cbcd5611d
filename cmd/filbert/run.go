package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/filbertgrid/filbert/internal/config"
)

// Exit statuses.
const (
	statusOK    = 0
	statusError = 1 // the member did not start, or did not end well
	statusUsage = 2 // the command line was wrong
)

// A command is one call of the program, with everything that it takes from
// outside, so that tests can run it.
type command struct {
	args           []string
	stdout, stderr io.Writer
	// signals are the requests to end: the first is asked for kindly.
	signals <-chan os.Signal
	// source returns what configuration is read from, given the flags.
	source func(flags startFlags) config.Source
	start  startFunc
}

// A startFunc starts a member. The context lives as long as the member does;
// when it ends before the member has started, starting is given up.
type startFunc func(ctx context.Context, cfg *config.Config, logger *slog.Logger) (runningMember, error)

// A runningMember is what the command needs of a member.
type runningMember interface {
	// Done is closed when the member has ended, for whatever reason.
	Done() <-chan struct{}
	// Err says why a member ended that nobody asked to; nil otherwise.
	Err() error
	// Shutdown hands the data over and ends the member, bounded by ctx.
	Shutdown(ctx context.Context) error
}

// startFlags are the flags of filbert start.
type startFlags struct {
	config  string   // --config; "" when not given
	defines []string // -D, as name=value
}

// usageError marks an error of the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run executes the command and returns the exit status. An error is one line on
// standard error.
func run(c command) int {
	root := &cobra.Command{
		Use:           "filbert",
		Short:         "An in-memory data grid for Hazelcast clients",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{fmt.Errorf("a command is needed: %s", subcommands(cmd))}
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(c.args)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(c.startCommand(), c.configCommand(), c.benchCommand(), c.versionCommand())
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return statusOK
	}
	_, _ = fmt.Fprintf(c.stderr, "filbert: %s\n", oneLine(err.Error()))
	if usage := (usageError{}); errors.As(err, &usage) {
		return statusUsage
	}
	return statusError
}

// noArgs is cobra.NoArgs as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usageError{fmt.Errorf("unknown command %q: %s", args[0], subcommands(cmd))}
	}
	return usageError{fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), args[0])}
}

// oneArg is cobra.ExactArgs(1) as a usage error.
func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("usage: filbert %s", strings.TrimPrefix(cmd.UseLine(), "filbert "))}
	}
	return nil
}

// subcommands names what cmd can do.
func subcommands(cmd *cobra.Command) string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return strings.Join(names, ", ")
}

// oneLine joins the lines of a message: whoever starts members from scripts
// reads one.
func oneLine(message string) string {
	return strings.Join(strings.FieldsFunc(message, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
