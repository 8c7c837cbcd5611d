#!/usr/bin/env bash
# Runs the generators and fails when one of them changes a file: then the file
# was edited by hand, or its source was changed without `make generate`.
# Compares contents, not commits, so that it may run before a commit as well.
# The files keep what the generators wrote.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Every file that says of itself that it is generated, with its checksum.
sums() {
	{ git grep --untracked -liE '^(//|<!--|#) (code )?generated .*do not edit\.' -- ':!scripts' || true; } |
		sort | xargs -r sha256sum
}

before=$(sums)
go generate ./...
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "generated files were not up to date; now they are, commit them:" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^[<>] [0-9a-f]*  /  /p' | sort -u >&2
	exit 1
fi
