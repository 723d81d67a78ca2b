"""`python -m ops.bench.federation [NAME ...]`: a line for each figure; exits 1 where a bar is missed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from ops.bench.federation.added import measure as measure_added
from ops.bench.federation.bounds import measure_equal, measure_hanging, measure_memory
from ops.bench.federation.ground import Finding, Ground, prepared
from ops.bench.federation.rates import measure_cached, measure_uncached

MEASURES: dict[str, Callable[[Ground], list[Finding]]] = {
    "added": measure_added,
    "uncached": measure_uncached,
    "cached": measure_cached,
    "equal": measure_equal,
    "hanging": measure_hanging,
    "memory": measure_memory,
}


def main(names: list[str]) -> int:
    """0 where every bar is met, 1 where one is missed, 2 for a name that is none."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"{', '.join(unknown)}: not one of {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    findings: list[Finding] = []
    with prepared() as ground:
        for name in names or MEASURES:
            begin = time.monotonic()
            for finding in MEASURES[name](ground):
                print(finding, flush=True)
                findings.append(finding)
            print(f"{name} took {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return 1 if any(finding.is_met is False for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
