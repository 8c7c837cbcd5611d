#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME (default 10s), one after the
# other: go test fuzzes only one target at a time. What it finds lies in the
# package's testdata/fuzz and is from then on a case of the ordinary tests.
#
#   FUZZTIME=1m scripts/fuzz.sh [package…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -eq 0 ]; then set -- ./...; fi
failed=0 ran=0
while read -r package; do
	while read -r target; do
		echo "== $package $target"
		ran=$((ran + 1))
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package" || failed=$((failed + 1))
	done < <(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true)
done < <(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' "$@")
echo "$ran fuzz targets, $failed failed"
[ "$failed" -eq 0 ]
