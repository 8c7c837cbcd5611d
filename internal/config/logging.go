package config

import (
	"log/slog"
	"math"
)

// LogLevel is the least severe level that is logged, by the names of
// Hazelcast's LOGGING_LEVEL.
type LogLevel string

// The levels of LOGGING_LEVEL.
const (
	LogOff   LogLevel = "OFF"
	LogFatal LogLevel = "FATAL"
	LogError LogLevel = "ERROR"
	LogWarn  LogLevel = "WARN"
	LogInfo  LogLevel = "INFO"
	LogDebug LogLevel = "DEBUG"
	LogTrace LogLevel = "TRACE"
)

// LevelFatal and LevelTrace are the slog levels of FATAL and TRACE, for which
// slog has no name.
const (
	LevelTrace = slog.Level(-8)
	LevelFatal = slog.Level(12)
)

// Slog returns the level as slog knows it. OFF is above every level.
func (l LogLevel) Slog() slog.Level {
	switch l {
	case LogOff:
		return slog.Level(math.MaxInt32)
	case LogFatal:
		return LevelFatal
	case LogError:
		return slog.LevelError
	case LogWarn:
		return slog.LevelWarn
	case LogDebug:
		return slog.LevelDebug
	case LogTrace:
		return LevelTrace
	case LogInfo:
		return slog.LevelInfo
	}
	return slog.LevelInfo
}

// LogFormat is how a log line is written.
type LogFormat string

// The formats of LOGGING_FORMAT.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Logging says what is logged and how: LOGGING_LEVEL and LOGGING_FORMAT, or the
// properties filbert.logging.level and filbert.logging.format. The variables win.
type Logging struct {
	Level  LogLevel
	Format LogFormat
}

func logLevels() []LogLevel {
	return []LogLevel{LogOff, LogFatal, LogError, LogWarn, LogInfo, LogDebug, LogTrace}
}

func logFormats() []LogFormat { return []LogFormat{LogText, LogJSON} }
