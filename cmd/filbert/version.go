package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker (Makefile, target build).
var (
	version string
	commit  string //nolint:gochecknoglobals // -ldflags -X needs a variable
)

// buildVersion returns the version of this build: the one the linker was told,
// or else the module's, which is "(devel)" under go run.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

func (c command) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which build this is",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			at := ""
			if commit != "" {
				at = " commit " + commit
			}
			_, err := fmt.Fprintf(c.stdout, "filbert %s%s %s %s/%s\n", buildVersion(), at, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
