#!/bin/sh
# Compiles requirements/*.in to *.lock: exact versions with hashes, for every platform and Python from 3.11 on.
# The versions of the present locks stay where they still fit; UPGRADE=1 takes the newest.
set -eu
cd "$(dirname "$0")/../requirements"

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet --quiet --disable-pip-version-check --root-user-action ignore uv

compile() {
    "$tools/bin/uv" pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} -o "$1.lock" "$1.in"
}

echo "Compiling requirements/runtime.lock"
compile runtime
echo "Compiling requirements/dev.lock"
compile dev
