// Command image packs Filbert into container images, without Docker and
// without a base image.
//
// The steps:
//
//  1. Build the static binary for linux/amd64 and linux/arm64 from the module
//     in -source, with the flags of the Makefile's target build.
//  2. Collect the licence texts of everything that is linked into it.
//  3. Lay out the root file system (rootfs.go): the binary, a user, the licences,
//     an empty folder for the configuration. Nothing else: see below.
//  4. Make an image of it for each platform, and an index over both.
//  5. Write archives into -out: filbert.oci.tar, an OCI layout with both
//     platforms, which `ctr -n k8s.io images import` and skopeo take; and
//     filbert-linux-ARCH.docker.tar, one per platform, which `docker load` and
//     `podman load` take in every version.
//  6. Refuse an image that is larger than the limit.
//
// Invariants: the same commit and the same Go give the same bytes, wherever and
// whenever they are built: times are the commit's, entries are sorted, owners are
// fixed, and paths are trimmed from the binary. Nothing is fetched once the
// modules are in Go's cache. An image is never called latest: a controller could
// not tell two builds apart, and Kubernetes would pull it at every start.
//
// What a static binary does not need, and the image does not have: a shell;
// a package of CA certificates (all TLS is verified against a CA that is mounted
// or configured); /etc/nsswitch.conf (Go's resolver asks /etc/hosts and then DNS
// without it, and the kubelet writes both); /tmp (nothing is ever written, so
// that the root file system may be read-only); /usr/share/zoneinfo (the zones are
// linked into the image's binary by the build tag timetzdata, so that TZ works).
package main
