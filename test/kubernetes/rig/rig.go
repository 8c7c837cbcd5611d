package rig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rig is one running Kubernetes. Its methods may be called at the same time,
// Close apart.
type Rig struct {
	state *state
	log   *slog.Logger
}

// Start sweeps what killed rigs left, and brings a new one up. When it fails or
// ctx ends it removes what it made. It needs root.
func Start(ctx context.Context, options Options) (*Rig, error) {
	options = options.withDefaults()
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	if options.Tools == "" {
		tools, err := Install(ctx)
		if err != nil {
			return nil, err
		}
		options.Tools = tools
	}
	if err := Sweep(ctx, options); err != nil {
		return nil, err
	}
	owner, err := processOf("owner", os.Getpid())
	if err != nil {
		return nil, err
	}
	name := "rig-" + strings.ToLower(rand.Text()[:6])
	r := &Rig{log: options.Log.With(slog.String("rig", name)), state: &state{
		Name: name, Dir: filepath.Join(options.Dir, name), Tools: options.Tools,
		Detached: options.Detached, Owner: owner,
	}}
	began := time.Now()
	if err := r.bringUp(ctx); err != nil {
		r.log.Error("start failed", slog.Any("error", err))
		return nil, errors.Join(err, r.Close(context.WithoutCancel(ctx)))
	}
	r.log.Info("started", slog.Duration("took", time.Since(began).Round(time.Millisecond)))
	return r, nil
}

// step is one step of starting a rig.
type step func(ctx context.Context) error

// bringUp starts the parts in the order in which they need one another.
func (r *Rig) bringUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := os.MkdirAll(filepath.Join(r.state.Dir, "log"), 0o755); err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	if err := r.state.save(); err != nil { // first of all, for Sweep
		return err
	}
	const defaults = apiServerURL + "/api/v1/namespaces/default/"
	for _, next := range []step{
		r.startKeeper, r.prepareNamespace, r.writeCredentials, r.makeControlGroups,
		r.startEtcd, r.startContainerd,
		r.await("etcd", "health", r.page(etcdURL+"/health")),
		r.startAPIServer,
		r.await("containerd", "pause image", r.loadPauseImage),
		r.await("kube-apiserver", "readyz", r.page(apiServerURL+"/readyz")),
		r.startControllers, r.startScheduler, r.startKubelet, r.startProxy, r.startDNS,
		r.await("kubelet", "node", r.nodeReady),
		r.await("kube-proxy", "healthz", r.page("http://"+NodeIP+":10256/healthz")),
		r.await("coredns", "ready", r.page("http://"+NodeIP+":8181/ready")),
		// What every pod mounts; the controllers make it.
		r.await("kube-controller-manager", "service account", r.page(defaults+"serviceaccounts/default")),
		r.await("kube-controller-manager", "root certificate", r.page(defaults+"configmaps/kube-root-ca.crt")),
	} {
		if err := next(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Attach finds a running rig by its name, to use or close it from another
// process. Without a name it takes the only one that was started to be kept.
func Attach(name string, options Options) (*Rig, error) {
	options = options.withDefaults()
	all, err := states(options.Dir)
	if err != nil {
		return nil, err
	}
	var found *state
	for _, s := range all {
		if s.Name != name && (name != "" || !s.Detached) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("attach: %w: %s, %s", ErrSeveralRigs, found.Name, s.Name)
		}
		found = s
	}
	if found == nil {
		return nil, fmt.Errorf("attach %q: %w in %s", name, ErrNoRig, options.Dir)
	}
	return &Rig{state: found, log: options.Log.With(slog.String("rig", found.Name))}, nil
}

// Name is unique among the rigs of the machine.
func (r *Rig) Name() string { return r.state.Name }

// Dir is the folder of the rig, with the logs of its parts below log/.
func (r *Rig) Dir() string { return r.state.Dir }

// Tools is the list of folders with the programs, for another rig's Options.
func (r *Rig) Tools() string { return r.state.Tools }

// Processes lists all that runs in the rig: its parts, and the processes of its
// containers with their shims.
func (r *Rig) Processes() []Process {
	all := r.leftovers()
	for _, part := range r.state.Processes {
		if part.alive() && !slices.ContainsFunc(all, func(p Process) bool { return p.PID == part.PID }) {
			all = append(all, part)
		}
	}
	return all
}

// tail returns the last lines of a file.
func tail(file string) string {
	const lines, most = 15, 1 << 14
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text[max(0, len(text)-most):])
	parts := bytes.Split(text, []byte{'\n'})
	return string(bytes.Join(parts[max(0, len(parts)-lines):], []byte{'\n'}))
}
