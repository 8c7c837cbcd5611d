#!/usr/bin/env bash
# Provides what test/kubernetes needs to run a Kubernetes on this machine, and
# prints the folders that hold the programs, separated by colons:
#
#   scripts/install-kubernetes.sh [helm]
#
# Kubernetes, etcd, CoreDNS and Helm are built from the Go modules below
# test/kubernetes/tools, which pin their versions; containerd, runc, the CNI
# plugins, iptables and conntrack are Debian packages. What is built is kept in
# ${FILBERT_RIG_CACHE:-${XDG_CACHE_HOME:-~/.cache}/filbert-rig}, one folder for
# each version, and never built again: the first run takes minutes, the next
# ones a moment. Helm is built only when it is asked for: no test needs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../test/kubernetes"

cache=${FILBERT_RIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/filbert-rig}

die() {
	echo "install-kubernetes: $*" >&2
	exit 1
}

packages=()
command -v containerd >/dev/null || packages+=(containerd)
command -v runc >/dev/null || [ -x /usr/sbin/runc ] || packages+=(runc)
[ -x /usr/lib/cni/bridge ] || packages+=(containernetworking-plugins)
command -v iptables >/dev/null || [ -x /usr/sbin/iptables ] || packages+=(iptables)
command -v conntrack >/dev/null || [ -x /usr/sbin/conntrack ] || packages+=(conntrack)
command -v ip >/dev/null || [ -x /usr/sbin/ip ] || packages+=(iproute2)
command -v sysctl >/dev/null || [ -x /usr/sbin/sysctl ] || packages+=(procps)
if [ ${#packages[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || die "please install: ${packages[*]}"
	[ "$(id -u)" -eq 0 ] || die "needs root to install: ${packages[*]}"
	echo "installing ${packages[*]}" >&2
	{
		apt-get update -q
		# No service may start: the rig starts its own containerd.
		DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
			apt-get install -y -q --no-install-recommends "${packages[@]}"
	} >/dev/null || die "apt-get could not install: ${packages[*]}"
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two runs at once build once

folders=()

# version MODULE FOLDER prints the version that a tool's go.mod asks for.
version() {
	awk -v module="$1" '{for (i = 1; i < NF; i++) if ($i == module) {print $(i + 1); exit}}' \
		<(grep -v '^tool' "tools/$2/go.mod")
}

# build NAME KEY FOLDER LDFLAGS PACKAGE… builds programs into a folder of the
# cache, under their own names, unless it is there. A folder is complete or absent.
build() {
	local name=$1 key=$2 module=$3 ldflags=$4 target package base
	shift 4
	target=$cache/$name-$key
	folders+=("$target")
	[ ! -d "$target" ] || return 0
	echo "building $name $key, once" >&2
	rm -rf "$target.new"
	mkdir -p "$target.new"
	for package in "$@"; do
		base=$(basename "${package%/v[0-9]}")
		[ "$base" != server ] || base=etcd # etcd's root is its main package
		(cd "$module" && CGO_ENABLED=0 GOFLAGS='' nice go build -trimpath -ldflags "-s -w $ldflags" \
			-o "$target.new/$base" "$package") || die "$package does not build"
	done
	mv "$target.new" "$target"
}

kubernetes=$(version k8s.io/kubernetes kubernetes)
minor=${kubernetes#v1.}
# Without its version the apiserver refuses its own feature gates.
stamp=k8s.io/component-base/version
build kubernetes "$kubernetes" tools/kubernetes \
	"-X $stamp.gitVersion=$kubernetes -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}" \
	k8s.io/kubernetes/cmd/{kubectl,kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kube-proxy}
build etcd "$(version go.etcd.io/etcd/server/v3 etcd)" tools/etcd "" go.etcd.io/etcd/server/v3
build coredns "$(version github.com/coredns/coredns coredns)" tools/coredns "" github.com/coredns/coredns
[ "${1:-}" != helm ] || build helm "$(version helm.sh/helm/v3 helm)" tools/helm "" helm.sh/helm/v3/cmd/helm
build pause "$(sha256sum cmd/pause/main.go | cut -c1-12)" . "" ./cmd/pause

(
	IFS=:
	echo "${folders[*]}"
)
