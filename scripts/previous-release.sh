#!/usr/bin/env bash
# Builds the release before this version, as it was, and prints the path of its binary.
#
#   scripts/previous-release.sh
#
# The source comes out of the repository itself (git archive), by the commit that scripts/previous-release names; a tag is not
# needed, and neither is a work tree of its own. The binary stays in .cache/previous, by its commit, so only the first
# call builds. A clone that lacks the commit, since it is shallow, is told how to get it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

read -r tag commit < <(grep -v '^#' scripts/previous-release)
binary=$PWD/.cache/previous/$commit/filbert

if [ -x "$binary" ]; then
	echo "$binary"
	exit 0
fi
if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "previous-release: this is no git repository, so release $tag cannot be taken from it; clone the repository to build that" >&2
	exit 2
fi
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
	echo "previous-release: this clone has no commit $commit (release $tag)." >&2
	if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
		echo "previous-release: it is shallow; get the commit with: git fetch --unshallow" >&2
	else
		echo "previous-release: get it with: git fetch origin $commit" >&2
	fi
	exit 2
fi
if tagged=$(git rev-parse -q --verify "refs/tags/$tag^{commit}") && [ "$tagged" != "$commit" ]; then
	echo "previous-release: tag $tag is commit $tagged, scripts/previous-release says $commit" >&2
	exit 2
fi

source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive "$commit" | tar -x -C "$source"
mkdir -p "$(dirname "$binary")"
# Built beside its place and moved there, so that a call that is interrupted leaves no half binary behind.
(cd "$source" && CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -trimpath -ldflags "-s -w -X main.version=$tag -X main.commit=${commit:0:12}" \
	-o "$binary.new" ./cmd/filbert) >&2
mv "$binary.new" "$binary"
echo "$binary"
