#!/usr/bin/env bash
# Installs the pinned development tools into bin/tools. Does nothing when they
# are there already, so that `make check` may call it every time.
#
# golangci-lint is built from source through the Go module proxy, with the Go
# toolchain that builds the project: a linter built with an older Go refuses
# newer code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

golangci_version=v2.15.0

tools=$PWD/bin/tools
stamp=$tools/golangci-lint.stamp
want="$golangci_version $(go env GOVERSION)"

if [ -x "$tools/golangci-lint" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
mkdir -p "$tools"
echo "installing golangci-lint $golangci_version into bin/tools" >&2
CGO_ENABLED=0 GOFLAGS="" GOBIN=$tools go install \
	"github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_version"
echo "$want" >"$stamp"
