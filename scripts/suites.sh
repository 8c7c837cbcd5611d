#!/usr/bin/env bash
# Runs the integration suites that the official clients bring along, each
# through its runner (<suite>.sh), and prints what passed, failed and was left
# out. The runners and the clients' checkouts are not part of this repository:
#
#   SUITES    folder with the runners go.sh and node.sh
#   REF_DIR   folder with the checkouts of the clients
#   RESULTS_DIR  where results go; default out/suites
#   ONLY      the runners to use; default "go node"
#
#   SUITES=… REF_DIR=… scripts/suites.sh [filter]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for name in SUITES REF_DIR FILBERT_BIN; do
	if [ -z "${!name:-}" ]; then
		echo "suites: $name is not set (see the head of scripts/suites.sh)" >&2
		exit 2
	fi
done
export RESULTS_DIR=${RESULTS_DIR:-$PWD/out/suites}
mkdir -p "$RESULTS_DIR"

# Flags of this project's builds are not those of the controller and the suites.
unset GOFLAGS
status=0
for suite in ${ONLY:-go node}; do
	bash "$SUITES/$suite.sh" "${1:-}" || status=1
	awk -F'\t' -v suite="$suite" '{n[$1]++} END {
		printf "%s: %d passed, %d failed, %d skipped, %d left out\n", suite, n["PASS"], n["FAIL"], n["SKIP"], n["NOTRUN"]
	}' "$RESULTS_DIR/$suite.txt"
	grep '^FAIL' "$RESULTS_DIR/$suite.txt" || true
done
exit "$status"
