"""Runs the bench and prints its table; `make bench JSON=file` keeps the figures too."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from ops.bench import queries
from ops.bench.client import get, latencies, throughput
from ops.bench.system import ROOT, System, bare_server, running_system

DEFAULT_CORPUS = ROOT.parent / "shared" / "data" / "corpus" / "acl_anthology_2021.jsonl.gz"
WARM_UP, MEASURED = 50, 500
ROUNDS, ROUND_SECONDS = 5, 2.0
GOALS: dict[str, tuple[str, float]] = {
    "import works/s": (">=", 2000),
    "lexical p95 ms": ("<=", 20),
    "strict p95 ms": ("<=", 30),
    "web process USS MB": ("<=", 300),
}

Figures = dict[str, float]


def main() -> int:
    """0 where every goal is met, 1 where one is not, 2 without a corpus."""
    corpus = Path(os.environ.get("CORPUS", DEFAULT_CORPUS))
    if not corpus.is_file():
        print(f"{corpus} is not there: name a gzip JSONL file of the Anthology with CORPUS=", file=sys.stderr)
        return 2
    with running_system({"EMBEDDING_MODEL": "none"}) as system, bare_server() as bare_port:
        figures = _imported(system, corpus)
        figures |= _latencies(system, corpus)
        figures |= _throughput(system, bare_port, corpus)
        figures["web process USS MB"] = max(
            process.memory_full_info().uss / 1e6 for process in system.web_processes()
        )
    is_good = print_figures(figures, GOALS)
    if os.environ.get("JSON"):
        Path(os.environ["JSON"]).write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if is_good else 1


def _imported(system: System, corpus: Path) -> Figures:
    first = system.flask("catalog", "import", str(corpus), "--no-wait")
    begin = time.monotonic()
    while (stats := system.flask("catalog", "stats"))["pending"]:
        time.sleep(1)
    again = system.flask("catalog", "import", str(corpus), "--no-wait")
    return {
        "works": stats["works"],
        "import works/s": first["per_second"],
        "index behind import s": time.monotonic() - begin,
        "same import again works/s": again["per_second"],
        "index MB": stats["index_bytes"] / 1e6,
        "catalog tables MB": stats["catalog_bytes"] / 1e6,
    }


def _latencies(system: System, corpus: Path) -> Figures:
    figures: Figures = {}
    for mode, make in (("lexical", queries.lexical), ("strict", queries.strict)):
        requests = requests_for(system, mode, make(corpus, WARM_UP + MEASURED))
        found = latencies(system.port, requests)[WARM_UP:]
        figures[f"{mode} p50 ms"] = statistics.median(found)
        figures[f"{mode} p95 ms"] = statistics.quantiles(found, n=20)[-1]
    return figures


def _throughput(system: System, bare_port: int, corpus: Path) -> Figures:
    """Rounds alternate, for the machine drifts by a factor of two; the ratio is the median of the rounds' ratios."""
    search = requests_for(system, "lexical", queries.lexical(corpus, MEASURED))
    figures: Figures = {}
    for connections in (1, 16):
        pairs = []
        for _ in range(ROUNDS):
            bare = throughput(
                bare_port, [get(bare_port, "/")], connections=connections, seconds=ROUND_SECONDS
            )
            ours = throughput(system.port, search, connections=connections, seconds=ROUND_SECONDS)
            pairs.append((bare, ours))
        figures[f"bare requests/s at {connections}"] = statistics.median(bare for bare, _ in pairs)
        figures[f"search requests/s at {connections}"] = statistics.median(ours for _, ours in pairs)
        figures[f"search / bare at {connections}"] = statistics.median(ours / bare for bare, ours in pairs)
    return figures


def requests_for(
    system: System, mode: str, texts: list[str], parameters: Mapping[str, str] | None = None
) -> list[bytes]:
    """A search for each text."""
    asked = [urlencode({"mode": mode, "q": text, **(parameters or {})}) for text in texts]
    return [get(system.port, f"/v1/search?{query}", system.key) for query in asked]


def _is_met(goal: tuple[str, float], value: float) -> bool:
    sign, bound = goal
    return value >= bound if sign == ">=" else value <= bound


def print_figures(figures: Figures, goals: Mapping[str, tuple[str, float]]) -> bool:
    """The table is printed; True where every goal is met."""
    table = Table("figure", "value", "goal", "")
    for name, value in figures.items():
        goal = goals.get(name)
        verdict = ("met" if _is_met(goal, value) else "MISSED") if goal else ""
        shown = f"{value:,.3f}" if value < 10 else f"{value:,.1f}"
        table.add_row(name, shown, " ".join(map(str, goal)) if goal else "", verdict)
    Console().print(table)
    return all(_is_met(goal, figures[name]) for name, goal in goals.items())


if __name__ == "__main__":
    sys.exit(main())
