package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/member"
)

// startMember starts a real member.
func startMember(ctx context.Context, cfg *config.Config, logger *slog.Logger) (runningMember, error) {
	m, err := member.Start(ctx, member.Options{
		Config: *cfg, Logger: logger, Version: buildVersion(), Tune: os.Getenv("GOGC") == "",
	})
	if err != nil {
		return nil, err // not a nil *Member in an interface
	}
	return m, nil
}
