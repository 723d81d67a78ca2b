#!/bin/sh
# Installs what the tests need and only apt has. Elsewhere it says what is missing: those tests are skipped then.
# With REQUIRE_TOOLS=1 a missing tool is an error.
set -eu

# program, package, what it is for
wanted='chromium chromium a browser that opens /docs'

missing() {
    echo "$wanted" | while read -r program package purpose; do
        command -v "$program" >/dev/null || echo "$package $purpose"
    done
}

lacking=$(missing)
if [ -z "$lacking" ]; then
    exit 0
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    packages=$(echo "$lacking" | cut -d ' ' -f 1 | tr '\n' ' ')
    echo "Installing by apt: $packages"
    log=$(mktemp)
    # shellcheck disable=SC2086  # one word for each package
    if apt-get update -qq >"$log" 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >>"$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 15 "$log" >&2
        rm -f "$log"
    fi
fi

lacking=$(missing)
if [ -z "$lacking" ]; then
    exit 0
fi
echo "Missing tools; root with apt-get could install them:" >&2
echo "$lacking" | while read -r package purpose; do echo "  $package: $purpose" >&2; done
[ "${REQUIRE_TOOLS:-0}" != 1 ]
