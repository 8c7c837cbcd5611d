#!/usr/bin/env bash
# Makes sure that the machine has what a build needs from its system: git, make,
# a C compiler (the race detector links with one) and Go. What is missing is
# installed with apt-get where that is possible; otherwise one line says what to
# install. Does nothing on a machine that has it all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
	echo "install-system: $*" >&2
	exit 1
}

packages=()
command -v git >/dev/null || packages+=(git)
command -v make >/dev/null || packages+=(make)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v curl >/dev/null || packages+=(curl)
command -v go >/dev/null || packages+=(golang-go)

if [ ${#packages[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || die "please install: ${packages[*]}"
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "needs root to install: ${packages[*]}"
		sudo="sudo -n"
	fi
	$sudo apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null ||
		die "apt-get could not install: ${packages[*]}"
fi

# Any Go since 1.21 can fetch the one that go.mod asks for, through the module
# proxy, unless it was told not to.
want=$(awk '$1 == "go" {print $2}' go.mod)
have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
oldest=$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)
if [ "$oldest" != "$want" ] && ! GOTOOLCHAIN="go$want+auto" go version >/dev/null 2>&1; then
	die "go.mod asks for Go $want, this is Go $have, and the newer one cannot be fetched"
fi
