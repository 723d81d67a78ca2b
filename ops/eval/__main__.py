"""Measures the modes of search over judged collections: `make eval COLLECTIONS=DIR`; docs/ranking.md tells more."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dotenv import dotenv_values

from ops.bench.system import ROOT
from ops.eval.asking import ask_all
from ops.eval.collections import Collection, find_collections, read_collection
from ops.eval.errors import BadUsage, EvalFailed
from ops.eval.plot import draw
from ops.eval.report import CollectionFigures, as_json, print_report
from ops.eval.scratch import filled_system
from ops.eval.waiting import WORKS_PER_SECOND, Patience, duration, tell
from research_api.local.supervisor import StopSignals

MET, MISSED, USAGE, FAILED, STOPPED = 0, 1, 2, 5, 130
MIN_HYBRID_MARGIN = -0.005
# a scratch system starts and stops in so long
SYSTEM_SECONDS = 30.0


def main(arguments: Sequence[str]) -> int:
    """0 where the goal is met, 1 where it is missed, 2 for wrong usage, 5 where it could not be measured."""
    signals = StopSignals()
    chosen = _parser().parse_args(arguments)
    try:
        plot, outputs = _outputs(chosen)
        collections = [read_collection(one) for one in find_collections(chosen.collections)]
    except (BadUsage, OSError) as error:
        return _complained(str(error), USAGE)
    except KeyboardInterrupt:
        return STOPPED
    found: list[CollectionFigures] = []
    code = _measured(collections, Patience(chosen.embed_timeout), found)
    signals.disarm()
    if found:
        print_report(found, chosen.min_hybrid_margin)
        figures = as_json(found, chosen.min_hybrid_margin, datetime.now(UTC).isoformat(timespec="seconds"))
        for path in outputs:
            path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draw(found, plot)
        tell(f"Figures in {' and '.join(map(str, outputs))}, plot in {plot}")
    if code != MET:
        return code
    return MET if all(one.meets(chosen.min_hybrid_margin) for one in found) else MISSED


def _measured(collections: Sequence[Collection], patience: Patience, found: list[CollectionFigures]) -> int:
    """What could be measured is in `found`; the exit code so far."""
    works = sum(len(one.works) for one in collections)
    rest = works / WORKS_PER_SECOND + SYSTEM_SECONDS * len(collections)
    tell(
        f"{len(collections)} collections, {works:,} works: at {WORKS_PER_SECOND:.0f} vectors a second about"
        f" {duration(rest)}, and the time of the queries"
    )
    try:
        for collection in collections:
            figures = _figures_of(collection, patience)
            found.append(figures)
    except EvalFailed as error:
        return _complained(str(error), FAILED)
    except KeyboardInterrupt:
        return _complained("stopped; everything that was started is gone", STOPPED)
    return MET


def _figures_of(collection: Collection, patience: Patience) -> CollectionFigures:
    tell(f"{collection.name}: starting a system and importing {len(collection.works):,} works")
    with filled_system(collection, patience) as filled:
        tell(
            f"{collection.name}: vectors after {duration(filled.vectors_seconds)};"
            f" asking {len(collection.queries):,} queries in each mode"
        )
        modes = ask_all(filled, collection)
        return CollectionFigures(
            name=collection.name,
            model=filled.stats["model"],
            works=filled.stats["works"],
            queries=len(collection.queries),
            scored=len(collection.judgements),
            modes=modes,
            import_seconds=round(filled.import_seconds, 1),
            vectors_seconds=round(filled.vectors_seconds, 1),
            remarks=(*collection.remarks, *filled.remarks),
        )


def _parser() -> argparse.ArgumentParser:
    """make passes what stands on its command line in the environment."""
    given = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m ops.eval", description=__doc__)
    folder = given("COLLECTIONS") or None
    parser.add_argument(
        "collections", type=Path, nargs="?" if folder else None, default=folder, help="COLLECTIONS=DIR"
    )
    parser.add_argument("--json", type=Path, default=given("JSON") or None, help="JSON=FILE: figures")
    parser.add_argument("--plot", type=Path, default=given("PLOT") or None, help="PLOT=FILE.png: the plot")
    parser.add_argument(
        "--min-hybrid-margin",
        type=_number,
        default=given("MIN_HYBRID_MARGIN") or str(MIN_HYBRID_MARGIN),
        help="nDCG@10 of hybrid above the better of its lists, at least (default %(default)s)",
    )
    parser.add_argument(
        "--embed-timeout",
        type=_seconds,
        default=given("EMBED_TIMEOUT") or None,
        metavar="SECONDS",
        help="how long the vectors of one collection may take",
    )
    return parser


def _seconds(text: str) -> float:
    seconds = _number(text)
    if seconds <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return seconds


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError("must be a number")
    return number


def _outputs(chosen: argparse.Namespace) -> tuple[Path, list[Path]]:
    """Where the plot goes, and where the figures go: beside it, and where they are wanted. Raises BadUsage, OSError."""
    if (os.environ.get("EMBEDDING_MODEL") or dotenv_values(ROOT / ".env").get("EMBEDDING_MODEL")) == "none":
        raise BadUsage("EMBEDDING_MODEL is none: without vectors there is nothing to compare.")
    made_at = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    plot = chosen.plot or ROOT / "build" / "eval" / f"{made_at}.png"
    outputs = list(dict.fromkeys(one for one in (chosen.json, plot.with_suffix(".json")) if one))
    if plot.suffix != ".png":
        raise BadUsage(f"{plot}: the plot is a PNG, so let its name end in .png.")
    for path in (plot, *outputs):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise BadUsage(f"{path} cannot be written.")
    return plot, outputs


def _complained(text: str, code: int) -> int:
    print(f"Error: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
