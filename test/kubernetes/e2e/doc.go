// Package e2e shows the tutorial, word for word, on a real Kubernetes.
//
// Its tests have the build tag e2e and need root, Debian's containerd and the
// image of `make image`; `make e2e` sees to all of that. Without the tag the
// package is empty.
//
// TestMain starts a rig (package rig), loads the image, and runs the test
// binary once more, inside the rig's network: there the tests, and the
// Hazelcast Go clients in them, reach pods and Services by their addresses and
// by the names that CoreDNS knows. The first process only waits, and removes
// the rig however the second one ends: by success, failure, panic or a signal.
//
// Every test works in a Kubernetes namespace of its own, with the files of
// deploy/kubernetes in which nothing but the image line is replaced, and with
// kubectl. What a test times it reads from the containers' logs, which carry
// nanoseconds, and from the kernel's start time of the container's process.
//
// Environment: FILBERT_IMAGE is the image's tar, E2E_ROUNDS how often the
// repeated tests repeat, RIG the name of a running rig to use instead of
// starting one, E2E_LOGS a folder that keeps the logs of failed tests.
package e2e
