#!/usr/bin/env bash
# Makes sure that what `make bench` compares with is there, as far as a package
# manager can do that: redis-server, which is not started as a service. Does
# nothing where it is there; where it cannot be installed, one line says so, and the
# table does too.
set -euo pipefail

die() {
	echo "install-bench: $*" >&2
	exit 1
}

command -v redis-server >/dev/null && exit
command -v apt-get >/dev/null || die "please install redis-server to compare with it"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo="sudo -n"
	$sudo true 2>/dev/null || die "needs root to install redis-server"
fi
$sudo apt-get update -q >/dev/null
# In run level 1 a package starts no services when it is installed.
$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server >/dev/null ||
	die "apt-get could not install redis-server"
