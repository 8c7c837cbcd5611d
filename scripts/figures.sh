#!/usr/bin/env bash
# Measures what docs/figures.md records and prints rows for it: what, figure,
# command, date, commit. The tests that measure print lines of the form
# "figure: name value unit"; this collects them, so whoever adds a measurement
# prints such a line and changes nothing here.
#
#   scripts/figures.sh [regexp of tests in test/conformance]
#
# It runs for many minutes: the repetitions are the full ones. Nothing else
# should use the machine meanwhile. The whole output is in out/figures.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

filter=${1:-.}
binary=$PWD/bin/filbert
[ -x "$binary" ] || {
	echo "figures: no bin/filbert: run make build" >&2
	exit 2
}
mkdir -p out
log=$PWD/out/figures.log
: >"$log"
stamp="$(date -u +%Y-%m-%d) | $(git describe --always --dirty --abbrev=12)"
status=0

rows() { # the command; its output comes on standard input
	tee -a "$log" | { grep -o 'figure: .*' || true; } | while read -r _ name value unit; do
		# shellcheck disable=SC2016 # backquotes for the page
		printf '| %s | %s %s | `%s` | %s |\n' "$name" "$value" "$unit" "$1" "$stamp"
	done
}

echo "| what | figure | command | date | commit |"
echo "|---|--:|---|---|---|"
go test -count=1 -v -run Alloc ./... 2>&1 | rows "go test -v -run Alloc ./..." || status=1
(cd test/conformance && FILBERT_BIN=$binary go test -count=1 -timeout 90m -v -run "$filter" . -long 2>&1) |
	rows "make figures" || status=1
exit "$status"
