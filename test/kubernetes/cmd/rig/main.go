// Command rig runs a Kubernetes on this machine for a developer: up starts one
// that stays, down removes it, and in between image loads an image, kubectl is
// the real one, and run runs any program in the rig's network.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
)

const usage = `usage: rig COMMAND

  up                 start a Kubernetes that stays; prints its name and how to use it
  image FILE…        load images from OCI or docker-archive tars
  pack PROGRAM NAME ARG…
                     make an image of one static program and load it
  kubectl ARG…       the real kubectl, as administrator
  run PROGRAM ARG…   any program, in the rig's network
  info               name, folder, kubeconfig, logs
  down               remove it
  sweep              remove what killed tests left

RIG names one of several rigs.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := run(ctx, os.Args[1:])
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "rig:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return nil
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := rig.Options{Log: log, Detached: true}
	switch args[0] {
	case "up":
		started, err := rig.Start(ctx, options)
		if err != nil {
			return err
		}
		return info(started)
	case "sweep":
		return rig.Sweep(ctx, options)
	}
	r, err := rig.Attach(os.Getenv("RIG"), options)
	if err != nil {
		return err
	}
	switch args[0] {
	case "image":
		return load(ctx, r, args[1:])
	case "pack":
		return pack(ctx, r, args[1:])
	case "kubectl":
		return through(r.Command(ctx, "kubectl", args[1:]...))
	case "run":
		if len(args) < 2 {
			return fmt.Errorf("run: %w", exec.ErrNotFound)
		}
		return through(r.Command(ctx, args[1], args[2:]...))
	case "info":
		return info(r)
	case "down":
		return r.Close(ctx)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("%s: %w", args[0], exec.ErrNotFound)
}

func load(ctx context.Context, r *rig.Rig, files []string) error {
	for _, file := range files {
		names, err := r.LoadImage(ctx, file)
		if err != nil {
			return err
		}
		for _, name := range names {
			fmt.Println(name)
		}
	}
	return nil
}

func pack(ctx context.Context, r *rig.Rig, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("pack needs a program and a name: %w", exec.ErrNotFound)
	}
	folder, err := os.MkdirTemp("", "rig-pack")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "image.tar")
	if err := rig.PackProgram(args[0], args[1], file, args[2:]...); err != nil {
		return err
	}
	return load(ctx, r, []string{file})
}

func info(r *rig.Rig) error {
	_, err := fmt.Printf("name        %s\nfolder      %s\nkubeconfig  %s\nlogs        %s/log, pods: %s/pods\ncontainerd  %s\n",
		r.Name(), r.Dir(), r.Kubeconfig(), r.Dir(), r.Dir(), r.Socket())
	return err
}

// through connects a program to our own terminal.
func through(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
