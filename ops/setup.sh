#!/bin/sh
# Makes .venv and installs the locked packages into it: `ops/setup.sh runtime` or `ops/setup.sh dev`.
# Does nothing while the lock and the project's metadata are those of the last time.
set -eu
cd "$(dirname "$0")/.."

wanted=$1
python=${PYTHON:-python3}
lock=requirements/$wanted.lock
models=requirements/models.lock

fail() {
    echo "Error: $*" >&2
    exit 1
}

fingerprint() {
    cat "requirements/$1.lock" "$models" setup.cfg pyproject.toml | cksum
}

is_done() {
    [ -f ".venv/.$1" ] && [ "$(cat ".venv/.$1")" = "$(fingerprint "$1")" ]
}

# The programs in .venv name its place: in a folder that was moved or copied they would run the old one.
if [ -f .venv/.place ] && [ "$(cat .venv/.place)" != "$PWD" ]; then
    echo "This folder was moved: making .venv anew"
    rm -rf .venv
fi

# The development packages include those of the service.
if .venv/bin/python -c '' 2>/dev/null && { is_done "$wanted" || is_done dev; }; then
    exit 0
fi

if ! .venv/bin/python -c '' 2>/dev/null; then
    command -v "$python" >/dev/null || fail "no $python here. Install Python 3.11 or newer, or run: make PYTHON=/path/to/python"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version 2>&1) is too old. Install Python 3.11 or newer, or run: make PYTHON=/path/to/python"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python comes without venv. Install it (Debian, Ubuntu: apt-get install python3-venv) and run again."
    echo "Making .venv ($("$python" --version 2>&1))"
    rm -rf .venv
    "$python" -m venv .venv || fail "$python could not make .venv; see above."
    pwd >.venv/.place
fi

count=$(cat "$lock" "$models" | grep -c '^[a-z].*==')
echo "Installing $count locked packages from $lock and $models; the first time takes a minute or two"
rm -f ".venv/.$wanted"
set -- --quiet --quiet --disable-pip-version-check --no-input --progress-bar off --root-user-action ignore --no-deps
.venv/bin/python -m pip install "$@" --require-hashes -r "$lock" -r "$models" || fail "the packages of $lock and $models could not be installed; see above."
.venv/bin/python -m pip install "$@" --no-build-isolation -e . || fail "this project could not be installed into .venv; see above."
fingerprint "$wanted" >".venv/.$wanted"
