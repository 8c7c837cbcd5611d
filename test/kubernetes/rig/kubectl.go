package rig

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Kubectl runs the real kubectl as the administrator and returns what it
// printed. An error holds what it complained about.
func (r *Rig) Kubectl(ctx context.Context, args ...string) (string, error) {
	return r.kubectl(ctx, "", args)
}

// KubectlInput is Kubectl with a standard input, for `apply -f -`.
func (r *Rig) KubectlInput(ctx context.Context, input string, args ...string) (string, error) {
	return r.kubectl(ctx, input, args)
}

func (r *Rig) kubectl(ctx context.Context, input string, args []string) (string, error) {
	cmd := r.Command(ctx, "kubectl", args...)
	var output, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &output, &complaints
	if err := cmd.Run(); err != nil {
		return output.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	return output.String(), nil
}

// Command prepares a program that runs on the machine's files and in the rig's
// network, where Services, pods and the apiserver have their addresses. The
// tools come first in its PATH, and KUBECONFIG names the rig.
func (r *Rig) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	return r.command(ctx, inNetwork(), program, args...)
}
