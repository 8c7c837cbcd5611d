#!/usr/bin/env bash
# Runs the tests of test/kubernetes on a Kubernetes of their own, with the
# image of this tree. Arguments are those of go test.
#
#   scripts/e2e.sh [-run REGEXP] [-timeout TIME]
#
# ROUNDS says how often the repeated tests repeat (10). Logs of failed tests
# are kept in out/e2e.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ "$(id -u)" -eq 0 ] || {
	echo "e2e: needs root, for network namespaces and containerd" >&2
	exit 2
}
scripts/install-kubernetes.sh >/dev/null
make --no-print-directory image IMAGE=filbert:e2e
export FILBERT_IMAGE=$PWD/bin/image/filbert-linux-$(go env GOARCH).docker.tar
export E2E_ROUNDS=${E2E_ROUNDS:-${ROUNDS:-10}}
export E2E_LOGS=$PWD/out/e2e
cd test/kubernetes
go vet -tags e2e ./...
go test -count=1 ./rig
exec go test -tags e2e -count=1 -v "$@" ./e2e
