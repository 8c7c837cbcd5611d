// Package rig runs a Kubernetes.
package rig
