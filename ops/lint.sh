#!/bin/sh
# Runs every linter, also after one has failed, so that one run shows all there is to mend.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PWD/.venv/bin:$PATH
status=0

check() {
    "$@" || {
        echo "Failed: $*" >&2
        status=1
    }
}

check ruff check --quiet .
check ruff format --quiet --check .
check mypy src tasks
check lint-imports
check shellcheck ops/*.sh .ci/run
exit "$status"
