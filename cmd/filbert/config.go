package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/filbertgrid/filbert/internal/config"
)

// environment is where a member's configuration comes from: the flags and the
// process's environment.
func environment(flags startFlags) config.Source {
	properties := make(map[string]string, len(flags.defines))
	for _, define := range flags.defines {
		name, value, _ := strings.Cut(define, "=") // -Dname alone is an empty value, as in Java
		properties[name] = value
	}
	return config.Source{File: flags.config, Env: os.Environ(), SystemProperties: properties}
}

func (c command) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with configuration files",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{fmt.Errorf("a command is needed: %s", subcommands(cmd))}
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "Say what a member would say of a file, without starting one",
		Args:  oneArg,
		// It has none, and usage errors quote this line.
		DisableFlagsInUseLine: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return c.check(args[0])
		},
	})
	return cmd
}

// check prints what CheckFile finds: warnings and problems on standard output,
// and as an error how many problems keep a member from starting.
func (c command) check(file string) error {
	report := config.CheckFile(file)
	var lines strings.Builder
	for _, warning := range report.Warnings {
		lines.WriteString("warning: " + warning.String() + "\n")
	}
	for _, problem := range report.Problems {
		lines.WriteString("error: " + problem.Error() + "\n")
	}
	if report.OK() {
		_, _ = fmt.Fprintf(&lines, "%s: ok, cluster %q, %d warnings\n", file, report.Config.ClusterName, len(report.Warnings))
	}
	if _, err := c.stdout.Write([]byte(lines.String())); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	if n := len(report.Problems); n > 0 {
		return fmt.Errorf("%s: a member would not start (%d errors)", file, n)
	}
	return nil
}
