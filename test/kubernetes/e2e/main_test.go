//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
)

// Variables by which the first process tells the second one what there is.
const (
	envInside = "E2E_INSIDE_RIG"   // name of the rig
	envImage  = "E2E_LOADED_IMAGE" // name of the image in it
)

// world is what all tests share: the rig and the image's name. It is set before
// the first test runs.
var world struct {
	rig   *rig.Rig
	image string
}

func TestMain(m *testing.M) {
	flag.Parse()
	if dir := os.Getenv(envVictim); dir != "" {
		if err := rigVictim(dir); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	name := os.Getenv(envInside)
	if name == "" {
		os.Exit(supervise())
	}
	attached, err := rig.Attach(name, rig.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	world.rig, world.image = attached, os.Getenv(envImage)
	// Names are the cluster's names, as they are for a client in a pod.
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(rig.NodeIP, "53"))
		},
	}
	os.Exit(m.Run())
}

// supervise starts a rig and runs the tests in it. It returns their exit code.
func supervise() int {
	ctx, stop := signal.NotifyContext(context.Background(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	defer stop()
	code, err := superviseIn(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return code
}

func superviseIn(ctx context.Context) (code int, err error) {
	image, err := imageFile()
	if err != nil {
		return 1, err
	}
	r, done, err := provide(ctx)
	if err != nil {
		return 1, err
	}
	defer func() {
		if closing := done(); err == nil {
			err = closing
		}
	}()
	names, err := r.LoadImage(ctx, image)
	if err != nil {
		return 1, err
	}
	fmt.Fprintf(os.Stderr, "e2e: %s in %s\n", names[0], r.Name())

	cmd := r.Command(ctx, os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), envInside+"="+r.Name(), envImage+"="+names[0])
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The tests get the time to say where they were; then they are killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return 1, err
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	return 1, nil
}

// provide starts a rig that is closed in the end, or takes a running one.
func provide(ctx context.Context) (*rig.Rig, func() error, error) {
	options := rig.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if name := os.Getenv("RIG"); name != "" {
		r, err := rig.Attach(name, options)
		return r, func() error { return nil }, err
	}
	r, err := rig.Start(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	return r, func() error { return r.Close(context.WithoutCancel(ctx)) }, nil
}

// imageFile is the tar that `make image` wrote.
func imageFile() (string, error) {
	file := os.Getenv("FILBERT_IMAGE")
	if file == "" {
		file = filepath.Join("..", "..", "..", "bin", "image", "filbert.oci.tar")
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("%w: run make image, or set FILBERT_IMAGE", err)
	}
	return file, nil
}

// buildProgram compiles a static program of this module for a pod.
func buildProgram(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, "../cmd/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", name, err, output)
	}
	return file
}
