package admin

import (
	"log/slog"
	"net/http"
	"time"
)

// Limits of both listeners. A health probe is one small request; nothing that is
// served here reads more of a body than three words.
const (
	// maxHeaderBytes bounds the request line and the header together. Probes,
	// load balancers and browsers stay far below; net/http adds 4 KiB of slack.
	maxHeaderBytes = 8 << 10
	// maxBodyBytes bounds what a request may send along: a cluster name, a password and a version at most.
	maxBodyBytes = 1 << 10
	// headerTimeout ends connections that say nothing or say it slowly.
	headerTimeout = 5 * time.Second
	// idleTimeout is how long a kept-alive connection waits for its next request;
	// longer than the usual probe and scrape intervals of 10 and 15 s.
	idleTimeout = 60 * time.Second
	// answerTimeout bounds answers on the member port: they are small.
	answerTimeout = 10 * time.Second
	// profileTimeout bounds answers of the management listener, where a CPU
	// profile or a trace takes the seconds that it was asked for.
	profileTimeout = 5 * time.Minute
)

// newServer returns a server with the limits of this package. What net/http has
// to complain about is a matter for those who debug.
func newServer(handler http.Handler, answer time.Duration, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           http.MaxBytesHandler(handler, maxBodyBytes),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      answer,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
